"""The forms of experiments: what is compared, where, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from styletransfer.experiments.statistics.planning import plan_mean, plan_rate
from styletransfer.experiments.targets import known_categories
from styletransfer.models import Arm, Experiment, Goal, StylePreset
from styletransfer.models.experiment import MOST_ARMS
from styletransfer.products import NotAProductError, all_products, get_product

if TYPE_CHECKING:
    ExperimentFormBase = forms.ModelForm[Experiment]
    ArmFormBase = forms.ModelForm[Arm]
    ArmFormSetBase = BaseInlineFormSet[Arm, Experiment, forms.ModelForm[Arm]]
else:
    ExperimentFormBase = ArmFormBase = forms.ModelForm
    ArmFormSetBase = BaseInlineFormSet


class ExperimentForm(ExperimentFormBase):
    """An experiment with its categories to tick and its products by key."""

    categories = forms.MultipleChoiceField(
        label=gettext_lazy("Categories"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Products of these take part. Tick none, and name no products, for all."),
    )
    products = forms.CharField(
        label=gettext_lazy("Products"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Keys of single products, separated by commas or spaces."),
    )

    class Meta:
        model = Experiment
        exclude: tuple[str, ...] = ("state",)
        widgets = {"hypothesis": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "categories" in self.fields:
            names = {*known_categories(), *(self.instance.categories or [])}
            self.fields["categories"].choices = [(one, one) for one in sorted(names)]  # type: ignore[attr-defined]
            if not names:
                self.fields["categories"].help_text = _(
                    'This shop\'s products have no known categories; see STYLETRANSFER["PRODUCTS"].'
                )
        if "products" in self.fields and self.instance.products:
            self.initial["products"] = ", ".join(self.instance.products)

    def clean_products(self) -> list[str]:
        """Keys as ``app_label.model_name:pk``, each of a product that exists."""
        given = self.cleaned_data["products"].replace(",", " ").split()
        models = list(all_products())
        found, strange = [], []
        for word in given:
            label, colon, key = word.rpartition(":")
            try:
                product = get_product(label) if colon else models[0] if len(models) == 1 else None
            except NotAProductError:
                product = None
            if product is not None and product.categories([key]):
                found.append(f"{product.label}:{key}")
            else:
                strange.append(word)
        if strange:
            known = ", ".join(f"{product.label}:…" for product in models)
            text = _("There is no product %(strange)s. Write keys such as %(known)s.")
            raise ValidationError(text % {"strange": ", ".join(strange[:5]), "known": known})
        return sorted(set(found))


class ArmForm(ArmFormBase):
    """One look of an experiment."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "preset" in self.fields:
            field: Any = self.fields["preset"]
            field.queryset = StylePreset.objects.looks()
            field.empty_label = _("Photo as it was taken")
            # Looks are made on their own page; icons for it would only crowd the row.
            for act in ("add", "change", "delete", "view"):
                setattr(field.widget, f"can_{act}_related", False)

    def has_changed(self) -> bool:
        """The first row, the photo itself, counts although nothing in it was touched."""
        return super().has_changed() or (self.prefix or "").endswith("-0")


class ArmFormSet(ArmFormSetBase):
    """All looks of an experiment: two at least, each once, one to compare with."""

    def clean(self) -> None:
        """Say in one sentence what is missing."""
        super().clean()
        if any(self.errors):
            return
        kept = [
            form.cleaned_data
            for form in self.forms
            if form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]
        if not 2 <= len(kept) <= MOST_ARMS:
            raise ValidationError(
                _("Choose from two to %(most)d looks; the photo as it was taken is one.")
                % {"most": MOST_ARMS}
            )
        looks = [one.get("preset") for one in kept]
        if len(set(looks)) < len(looks):
            raise ValidationError(_("Each look can take part once."))
        if sum(bool(one.get("is_control")) for one in kept) != 1:
            raise ValidationError(_("Mark exactly one look as the one to compare with."))


class PlanForm(forms.Form):
    """What the planning page asks for."""

    goal = forms.ChoiceField(label=gettext_lazy("Goal"), choices=Goal.choices)
    rate = forms.FloatField(
        label=gettext_lazy("Visitors in a hundred who do it now"),
        required=False,
        min_value=0.01,
        max_value=90,
        help_text=gettext_lazy("Buyers, carts or clicks per hundred visitors."),
    )
    mean = forms.FloatField(label=gettext_lazy("Revenue per visitor now"), required=False, min_value=0.0001)
    spread = forms.FloatField(
        label=gettext_lazy("Standard deviation of it"), required=False, min_value=0.0001
    )
    lift = forms.FloatField(
        label=gettext_lazy("Smallest difference worth finding, in %"), min_value=1, max_value=500
    )
    looks = forms.IntegerField(
        label=gettext_lazy("Looks, the present one included"), min_value=2, max_value=MOST_ARMS
    )
    visitors = forms.FloatField(
        label=gettext_lazy("Visitors a day"),
        min_value=0.01,
        help_text=gettext_lazy("Who see these products and have allowed measuring."),
    )
    alpha = forms.FloatField(
        label=gettext_lazy("Risk of a false alarm, in %"), min_value=0.1, max_value=20, initial=5
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the figures that the goal needs, and refuse a rate that cannot grow so much."""
        values = super().clean() or {}
        if values.get("goal") == Goal.REVENUE:
            for name in ("mean", "spread"):
                if not values.get(name) and name not in self.errors:
                    self.add_error(name, _("Revenue is planned from this figure."))
        elif not values.get("rate") and "rate" not in self.errors:
            self.add_error("rate", _("Conversion is planned from this figure."))
        elif values.get("rate") and values.get("lift") and values["rate"] * (1 + values["lift"] / 100) >= 95:
            self.add_error("lift", _("So high a rate cannot grow by so much."))
        return values

    def days(self, lift: float) -> tuple[float, float]:
        """(typical, likely) days for a relative difference, from valid figures."""
        values = self.cleaned_data
        weights, alpha = (1.0,) * values["looks"], values["alpha"] / 100
        if values["goal"] == Goal.REVENUE:
            plan = plan_mean(values["mean"], values["spread"], lift, weights=weights, alpha=alpha)
        else:
            plan = plan_rate(values["rate"] / 100, lift, weights=weights, alpha=alpha)
        return plan.days(values["visitors"])
