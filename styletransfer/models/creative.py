"""One request for ad pictures of an experiment's arms, and the archive that came of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from styletransfer.models.experiment import Experiment


class CreativeExport(models.Model):
    """Ad pictures of an experiment's arms in one archive, made by a worker where there are many.

    ``options`` holds what was asked for: slots, photos, landing address, campaign, background.
    """

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", _("Waiting")
        WORKING = "working", _("Being made")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="exports")
    options = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    archive = models.CharField(max_length=255, blank=True, editable=False)
    summary = models.JSONField(default=dict, editable=False)
    error = models.TextField(blank=True, editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("ad picture export")
        verbose_name_plural = _("ad picture exports")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "working", "ready", "failed"]),
                name="styletransfer_export_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="ready") | ~models.Q(archive=""),
                name="styletransfer_export_ready_has_file",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.experiment} #{self.pk}"
