"""One request of one person for many variants, and the snapshot of what was selected."""

from __future__ import annotations

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _

from styletransfer.models.preset import StylePreset
from styletransfer.models.variant import LaneChoice, StyledVariant, VariantState

OPEN_STATES = (VariantState.QUEUED, VariantState.PAINTING, VariantState.ENCODING)


class RestyleJob(models.Model):
    """Many photos of one source in one or more presets; counts follow from the variants' states.

    ``options`` may hold ``{"force": true}`` to paint failed variants again. ``summary`` keeps the counts of
    a job that has ended, so that a list of jobs need not count them again; an act on the job empties it.
    """

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    presets = models.ManyToManyField(StylePreset, related_name="jobs", verbose_name=_("presets"))
    variants = models.ManyToManyField(StyledVariant, related_name="jobs", verbose_name=_("variants"))
    lane = models.CharField(_("lane"), max_length=16, choices=LaneChoice.choices, default=LaneChoice.BULK)
    selection = models.CharField(_("selection"), max_length=255, blank=True)
    options = models.JSONField(_("options"), default=dict, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    summary = models.JSONField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    planned_at = models.DateTimeField(_("planned"), null=True, blank=True)
    planning_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("restyle job")
        verbose_name_plural = _("restyle jobs")

    def __str__(self) -> str:
        return self.selection or f"#{self.pk}"

    def counts(self) -> dict[str, int]:
        """Number of variants by state, every state named; one query."""
        found = dict(
            self.variants.order_by().values_list("state").annotate(number=models.Count("pk", distinct=True))
        )
        return {state.value: found.get(state.value, 0) for state in VariantState}

    def selected_count(self) -> int:
        """Number of photos that were selected; two queries."""
        folded = self.folded.aggregate(models.Sum("number"))["number__sum"] or 0
        return self.items.count() + folded

    @property
    def is_planned(self) -> bool:
        """Whether every selected photo has its variants."""
        return self.planned_at is not None


class RestyleJobItem(models.Model):
    """One selected photo of a job, kept on the server from the moment of the request."""

    # The unique constraint's index begins with the job.
    job = models.ForeignKey(RestyleJob, on_delete=models.CASCADE, related_name="items", db_index=False)
    object_id = models.CharField(max_length=64)
    is_planned = models.BooleanField(default=False)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("selected photo")
        verbose_name_plural = _("selected photos")
        constraints = [
            models.UniqueConstraint(fields=["job", "object_id"], name="styletransfer_item_once"),
        ]
        indexes = [
            models.Index(
                fields=["job", "id"],
                condition=models.Q(is_planned=False),
                name="styletransfer_unplanned",
            )
        ]

    def __str__(self) -> str:
        return self.object_id


class FoldedSelection(models.Model):
    """Up to a thousand keys of a large selection, until planning gives each an item of its own."""

    job = models.ForeignKey(RestyleJob, on_delete=models.CASCADE, related_name="folded")
    object_ids = models.JSONField()
    number = models.PositiveIntegerField()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("folded selection")
        verbose_name_plural = _("folded selections")

    def __str__(self) -> str:
        return f"{self.number}"
