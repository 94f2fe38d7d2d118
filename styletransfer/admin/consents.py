"""The consent ledger, to be read: which opaque key allowed or refused what, when, and from where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from styletransfer.models import ConsentRecord

# At run time Django's admin classes take no type parameters.
if TYPE_CHECKING:
    _ConsentAdmin = admin.ModelAdmin[ConsentRecord]
else:
    _ConsentAdmin = admin.ModelAdmin

_COLUMNS = ("key", "purpose", "granted", "decided_at", "source", "text")


class ConsentRecordAdmin(_ConsentAdmin):
    """Nothing to edit: a ledger is only added to, by shoppers.

    There is no search, for it would put a shopper's key into an address.
    """

    list_display = _COLUMNS
    list_display_links = None
    list_filter = ("purpose", "granted", "source")
    list_select_related = ("shopper",)
    fields = _COLUMNS
    ordering = ("-pk",)
    show_full_result_count = False

    @admin.display(description=_("shopper's key"))
    def key(self, record: ConsentRecord) -> str:
        """The random key, as in the shopper's own export, its beginning to read and the whole to hover over.

        It leads to no account on this page.
        """
        key = str(record.shopper.key)
        return format_html('<code title="{}">{}</code>', key, key[:8])

    @admin.display(description=_("text"), ordering="version")
    def text(self, record: ConsentRecord) -> str:
        """The version of the text that was read, under a short heading."""
        return record.version

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The list, under a title that asks nobody to select anything."""
        return super().changelist_view(
            request, {"title": _("What shoppers decided"), **(extra_context or {})}
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only a shopper decides."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was decided is never changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never on these pages; along with an account that is deleted on its own page, always."""
        if obj is None or request.resolver_match is None:
            return False
        return not (request.resolver_match.url_name or "").startswith("styletransfer_consentrecord_")
