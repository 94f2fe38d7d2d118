"""The store's own endpoint: products with their pictures in the look of ``?style=``."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from django_filters.rest_framework import DjangoFilterBackend, FilterSet, filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import ReadOnlyModelViewSet

from shop.models import Product, ProductImage
from styletransfer.api.choosing import STYLE_PARAMETER, StyledPictures, checked_chooser
from styletransfer.api.fields import PictureField
from styletransfer.api.limits import AnonThrottle, NumberedPages, UserThrottle
from styletransfer.delivery.prefetch import with_styled


class ProductPhotoSerializer(serializers.ModelSerializer):
    """One photo of a product."""

    picture = PictureField()

    class Meta:
        model = ProductImage
        fields = ["position", "picture"]


class ProductSerializer(serializers.ModelSerializer):
    """A product in a list."""

    category = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    in_stock = serializers.SerializerMethodField()
    picture = PictureField(through="main_photo")

    class Meta:
        model = Product
        fields = ["slug", "name", "category", "price", "currency", "in_stock", "picture"]

    def get_in_stock(self, product: Product) -> bool:
        """Whether it can be bought now."""
        return product.stock > 0


class ProductDetailSerializer(ProductSerializer):
    """A product with all there is to read and see."""

    photos = ProductPhotoSerializer(many=True, read_only=True)

    class Meta(ProductSerializer.Meta):
        fields = [*ProductSerializer.Meta.fields, "description", "photos"]


class ProductFilter(FilterSet):
    """``?category=kitchen``; a category that does not exist holds no products."""

    category = filters.CharFilter(field_name="category__slug", label="Slug of a category.")

    class Meta:
        model = Product
        fields = ["category"]


@extend_schema_view(
    list=extend_schema(summary="Products for sale, pictured in a style."),
    retrieve=extend_schema(summary="One product with all its photos.", parameters=[STYLE_PARAMETER]),
)
class ProductViewSet(ReadOnlyModelViewSet):
    """Products for sale, by slug."""

    queryset = Product.objects.for_sale().order_by("pk")
    permission_classes = [AllowAny]
    pagination_class = NumberedPages
    throttle_classes = [AnonThrottle, UserThrottle]
    filter_backends = [DjangoFilterBackend, StyledPictures]
    filterset_class = ProductFilter
    styled_through = "main_photo"
    lookup_field = "slug"

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        """A list shows one picture a product, a product all of them."""
        return ProductDetailSerializer if self.action == "retrieve" else ProductSerializer

    def get_queryset(self) -> QuerySet[Product]:
        """One product comes with its photos and their variants, in two more queries."""
        products = super().get_queryset()
        if self.action != "retrieve":
            return products
        photos = with_styled(ProductImage.objects.all(), checked_chooser(self.request))
        return products.prefetch_related(Prefetch("photos", queryset=photos))


router = SimpleRouter()
router.register("products", ProductViewSet, basename="product")
urlpatterns = router.urls
