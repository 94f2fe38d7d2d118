"""Staff's rules for recommendations, and what the fits found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from styletransfer.models import RecommendationRule, RecommendationSnapshot
from styletransfer.products import NotAProductError, ProductModel, all_products, get_product

# At run time neither Django's forms nor its admin classes take type parameters.
if TYPE_CHECKING:
    _RuleForm = forms.ModelForm[RecommendationRule]
    _RuleAdmin = admin.ModelAdmin[RecommendationRule]
    _SnapshotAdmin = admin.ModelAdmin[RecommendationSnapshot]
else:
    _RuleForm, _RuleAdmin, _SnapshotAdmin = forms.ModelForm, admin.ModelAdmin, admin.ModelAdmin


class ProductKeyWidget(forms.TextInput):
    """A key, and the magnifying glass of Django's raw id fields beside it, which fills it in."""

    def __init__(self) -> None:
        super().__init__(attrs={"class": "vForeignKeyRawIdAdminField"})

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        """The input and a link to the list of products, where the host's admin has one."""
        field = super().render(name, value, attrs, renderer)
        product = _only_product()
        if product is None:
            return field
        meta = product.model._meta
        try:
            address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
        except NoReverseMatch:
            return field
        return format_html(
            '{} <a href="{}?_to_field={}" class="related-lookup" id="lookup_id_{}" title="{}"></a>',
            field,
            address,
            meta.pk.name if meta.pk is not None else "id",
            name,
            _("Choose from the list"),
        )


class RuleForm(_RuleForm):
    """Refuses keys of products that do not exist."""

    class Meta:
        model = RecommendationRule
        fields = [
            "content_type",
            "object_id",
            "kind",
            "beside",
            "position",
            "starts_at",
            "ends_at",
            "note",
        ]
        widgets = {"object_id": ProductKeyWidget(), "beside": ProductKeyWidget()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types = ContentType.objects.get_for_models(*(product.model for product in all_products()))
        field: Any = self.fields["content_type"]
        field.queryset = ContentType.objects.filter(pk__in=[one.pk for one in types.values()])
        field.label = _("Kind of product")
        if len(types) == 1:
            field.initial = next(iter(types.values())).pk
            field.widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        """Both keys must be those of products."""
        values: dict[str, Any] = super().clean() or {}
        product = _product_of(values.get("content_type"))
        for name in ("object_id", "beside"):
            key = values.get(name)
            if product is not None and key and not product.listed([key]).exists():
                self.add_error(name, _("There is no product with this key."))
        if values.get("beside") and values.get("beside") == values.get("object_id"):
            self.add_error("beside", _("A product cannot stand beside itself."))
        return values


class RecommendationRuleAdmin(_RuleAdmin):
    """What is shown first and what is never recommended."""

    form = RuleForm
    list_display = ["product_name", "kind", "beside_name", "position", "starts_at", "ends_at", "note"]
    list_filter = ["kind"]
    search_fields = ["object_id", "note"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the content type that names need."""
        return super().get_queryset(request).select_related("content_type")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Find the names of all products on the page, with one query for each kind."""
        page = super().get_changelist_instance(request)
        keys: dict[ContentType, set[str]] = {}
        for rule in page.result_list:
            keys.setdefault(rule.content_type, set()).update({rule.object_id, rule.beside} - {""})
        names = {
            (content_type.pk, str(row.pk)): str(row)
            for content_type, wanted in keys.items()
            if (product := _product_of(content_type)) is not None
            for row in product.listed(wanted)
        }
        for rule in page.result_list:
            rule.names = names
        return page

    @admin.display(description=_("product"))
    def product_name(self, rule: RecommendationRule) -> str:
        """The product as people know it."""
        return _name_of(rule, rule.object_id)

    @admin.display(description=_("only beside"))
    def beside_name(self, rule: RecommendationRule) -> str:
        """The product on whose page the rule holds."""
        return _name_of(rule, rule.beside) if rule.beside else "-"


class RecommendationSnapshotAdmin(_SnapshotAdmin):
    """When recommendations were fitted last, and on how much; nothing to edit."""

    list_display = ["created_at", "is_current", "recommender", "events", "shoppers", "products", "seconds"]
    readonly_fields = ["created_at", "is_current", "recommender", "events", "shoppers", "products", "seconds"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only a fit makes one."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It is never changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The next fit drops it."""
        return False


def _name_of(rule: RecommendationRule, key: str) -> str:
    names: dict[tuple[int, str], str] = getattr(rule, "names", {})
    return names.get((rule.content_type_id, key)) or _("%(key)s (gone)") % {"key": key}


def _product_of(content_type: ContentType | None) -> ProductModel | None:
    model = content_type.model_class() if content_type is not None else None
    try:
        return get_product(model) if model is not None else None
    except NotAProductError:
        return None


def _only_product() -> ProductModel | None:
    products = list(all_products())
    return products[0] if len(products) == 1 else None
