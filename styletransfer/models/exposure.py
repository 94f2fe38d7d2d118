"""Who has been shown which arm of an experiment, once and for all."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from styletransfer.models.experiment import Arm, Experiment
from styletransfer.models.shopper import Shopper


class Exposure(models.Model):
    """That a shopper has been shown an arm, once: the first time counts and decides for good.

    ``propensity`` is the probability with which this arm was drawn at that moment. What the shopper does
    until ``counted_until`` counts. ``conflicted_at`` marks a shopper who turned out, at login, to have been
    shown two arms under two names: such rows stay (the look does not change again) but are not analysed.
    """

    # The unique constraint's index begins with the experiment.
    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="exposures", db_index=False
    )
    shopper = models.ForeignKey(Shopper, on_delete=models.CASCADE, related_name="+")
    arm = models.ForeignKey(Arm, on_delete=models.CASCADE, related_name="exposures", db_index=False)
    propensity = models.FloatField(_("probability"))
    seen_at = models.DateTimeField(_("first seen"))
    counted_until = models.DateTimeField(_("counted until"))
    conflicted_at = models.DateTimeField(_("conflict found"), null=True)

    class Meta:
        verbose_name = _("exposure")
        verbose_name_plural = _("exposures")
        constraints = [
            models.UniqueConstraint(fields=["experiment", "shopper"], name="styletransfer_exposure_once"),
            models.CheckConstraint(
                condition=models.Q(propensity__gt=0, propensity__lte=1),
                name="styletransfer_exposure_propensity",
            ),
            models.CheckConstraint(
                condition=models.Q(counted_until__gt=models.F("seen_at")),
                name="styletransfer_exposure_window",
            ),
        ]
        indexes = [models.Index(fields=["arm", "seen_at"], name="styletransfer_exposure_of_arm")]

    def __str__(self) -> str:
        return f"#{self.pk}"
