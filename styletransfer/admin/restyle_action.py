"""The action “Restyle selected …” for any model admin of a photo source or of a product model.

One line in the host's admin is enough::

    class ProductAdmin(RestyleAdminMixin, admin.ModelAdmin): ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy

from styletransfer.admin.access import RESTYLE, may, require
from styletransfer.admin.selection import remember, selection_from
from styletransfer.sources import Source

if TYPE_CHECKING:
    HostAdminBase = admin.ModelAdmin[Any]
else:
    HostAdminBase = object


class RestyleAdminMixin(HostAdminBase):
    """Adds the action for users with ``styletransfer.restyle``."""

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The host's actions and, for those who may, this one."""
        actions: dict[str, Any] = dict(super().get_actions(request))
        if may(request, RESTYLE):
            actions["restyle_selected"] = (
                restyle_selected,
                "restyle_selected",
                gettext_lazy("Restyle selected %(verbose_name_plural)s…"),
            )
        return actions

    def get_restylable_photos(
        self, request: HttpRequest, source: Source, photos: QuerySet[Any]
    ) -> QuerySet[Any]:
        """Which of the selected photos this user may restyle; override it for rules of your own.

        The confirm page tells how many are left out and names some of them.
        """
        return photos


def restyle_selected(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Any]
) -> HttpResponse:
    """Keep the selection on the server and lead to the confirm page, which makes the job."""
    require(may(request, RESTYLE))
    token = remember(request, selection_from(request, model_admin))
    name = f"{model_admin.admin_site.name}:styletransfer_restyle_confirm"
    return HttpResponseRedirect(reverse(name, args=[token]))
