"""A reason in words, for the shopper to read."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from styletransfer.personalization.recommendations.ranking import ReasonCode

# With the product of the history that speaks for it, and without where that is no longer there.
_NAMED = {
    ReasonCode.VIEWED: _("Because you looked at %(product)s"),
    ReasonCode.LIKED: _("Because you like %(product)s"),
    ReasonCode.CARTED: _("Because you put %(product)s in your cart"),
    ReasonCode.BOUGHT: _("Because you bought %(product)s"),
    ReasonCode.BOUGHT_TOGETHER: _("Often bought together with %(product)s"),
    ReasonCode.POPULAR_IN_CATEGORY: _("Popular in %(category)s"),
}
_PLAIN = {
    ReasonCode.VIEWED: _("Because of what you looked at"),
    ReasonCode.LIKED: _("Because of what you like"),
    ReasonCode.CARTED: _("Because of what is in your cart"),
    ReasonCode.BOUGHT: _("Because of what you bought"),
    ReasonCode.BOUGHT_TOGETHER: _("Often bought together"),
    ReasonCode.POPULAR_IN_CATEGORY: _("Popular right now"),
    ReasonCode.POPULAR: _("Popular right now"),
    ReasonCode.NEW: _("New here"),
    ReasonCode.PINNED: _("Our choice"),
}
# On a product's own page, which is the same for everybody.
_BESIDE = {ReasonCode.VIEWED: _("Often looked at together"), ReasonCode.PINNED: _("Our choice to go with it")}


def reason_text(code: ReasonCode, *, product: str = "", category: str = "", is_beside: bool = False) -> str:
    """The reason as a sentence.

    Args:
        code: why.
        product: name of the product of the history, if it may be told.
        category: name of the recommended product's category.
        is_beside: whether it stands on the page of the product it goes with, which then needs no name.
    """
    if is_beside and code in _BESIDE:
        return str(_BESIDE[code])
    needs = category if code is ReasonCode.POPULAR_IN_CATEGORY else product
    if code in _NAMED and needs and not (is_beside and code is ReasonCode.BOUGHT_TOGETHER):
        return str(_NAMED[code]) % {"product": product, "category": category}
    return str(_PLAIN[code])
