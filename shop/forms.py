"""What shoppers fill in."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from shop.models import Order
from shop.models.cart import MAX_QUANTITY


class QuantityForm(forms.Form):
    """How many of a product; 0 takes it out of the cart."""

    quantity = forms.IntegerField(label=_("Quantity"), min_value=0, max_value=MAX_QUANTITY, initial=1)


class CheckoutForm(forms.ModelForm):
    """Where an order goes; the browser can fill it in by itself."""

    class Meta:
        model = Order
        fields = ["name", "email", "street", "postcode", "city", "country"]
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "street": forms.TextInput(attrs={"autocomplete": "street-address"}),
            "postcode": forms.TextInput(attrs={"autocomplete": "postal-code"}),
            "city": forms.TextInput(attrs={"autocomplete": "address-level2"}),
            "country": forms.TextInput(attrs={"autocomplete": "country-name"}),
        }
        help_texts = {"email": _("Only for the confirmation; this demo sends nothing.")}
