"""The store's side of Django admin."""

from __future__ import annotations

from django.contrib import admin

from shop.models import Category, Order, OrderItem, Product, ProductImage
from styletransfer.admin import RestyleAdminMixin


class ProductImageInline(admin.TabularInline):
    """A product's photos."""

    model = ProductImage
    extra = 1
    fields = ["image", "alt", "position"]


@admin.register(Product)
class ProductAdmin(RestyleAdminMixin, admin.ModelAdmin):
    """Products with their photos."""

    list_display = ["name", "category", "price", "currency", "stock", "is_active"]
    list_filter = ["category", "is_active"]
    list_select_related = ["category"]
    search_fields = ["name", "slug", "description"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [ProductImageInline]


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    """Departments and their order in the navigation."""

    list_display = ["name", "slug", "position"]
    list_editable = ["position"]
    prepopulated_fields = {"slug": ["name"]}


class OrderItemInline(admin.TabularInline):
    """What was ordered; history, so it is read only."""

    model = OrderItem
    extra = 0
    can_delete = False
    fields = readonly_fields = ["product", "name", "unit_price", "quantity"]

    def has_add_permission(self, *_: object) -> bool:
        """Orders are placed in the store."""
        return False


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    """Orders as they were placed."""

    list_display = ["number", "name", "total", "currency", "created_at"]
    date_hierarchy = "created_at"
    search_fields = ["name", "email"]
    readonly_fields = ["currency", "total", "created_at"]
    inlines = [OrderItemInline]

    def has_add_permission(self, *_: object) -> bool:
        """Orders are placed in the store."""
        return False
