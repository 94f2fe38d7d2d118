"""What the store sells, what is in a cart, and what was ordered."""

from shop.models.cart import Cart, CartItem
from shop.models.catalogue import Category, Product, ProductImage
from shop.models.order import Order, OrderItem

__all__ = ["Cart", "CartItem", "Category", "Order", "OrderItem", "Product", "ProductImage"]
