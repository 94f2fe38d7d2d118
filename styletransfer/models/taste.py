"""What the shop has learned about taste: immutable snapshots of the model, and each shopper's history."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from styletransfer.models.preset import StylePreset
from styletransfer.models.shopper import Shopper


class SnapshotState(models.TextChoices):
    """Whether a snapshot chooses."""

    CANDIDATE = "candidate", _("candidate")
    LIVE = "live", _("live")
    RETIRED = "retired", _("retired")


class TasteSnapshot(models.Model):
    """One fit of the taste model: what pages read. Parameters never change; only the state does.

    It holds what is true of all shoppers together and nothing of any single one. ``evaluation`` is what the
    log says it would earn (``offpolicy.gate.Evaluation``), ``refusals`` why it may not go live.
    """

    fitted_at = models.DateTimeField(_("fitted"), default=timezone.now, editable=False)
    state = models.CharField(
        _("state"), max_length=9, choices=SnapshotState.choices, default=SnapshotState.CANDIDATE
    )
    parameters = models.BinaryField(_("parameters"), editable=False)
    digest = models.CharField(_("digest"), max_length=64, editable=False)
    policy_digest = models.CharField(_("digest of the policy's settings"), max_length=64, editable=False)
    summary = models.JSONField(_("training"), default=dict, editable=False)
    evaluation = models.JSONField(_("evaluation"), null=True, blank=True, editable=False)
    refusals = models.JSONField(_("reasons against it"), default=list, editable=False)
    promoted_at = models.DateTimeField(_("went live"), null=True, blank=True, editable=False)
    promoted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("put live by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("taste policy")
        verbose_name_plural = _("taste policies")
        constraints = [
            models.UniqueConstraint(
                fields=["state"],
                condition=models.Q(state=SnapshotState.LIVE),
                name="styletransfer_one_live_taste",
            ),
        ]

    def __str__(self) -> str:
        return f"taste:{self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add a snapshot.

        Raises:
            TypeError: it exists; fit a new one instead. States change in ``taste.promotion``.
        """
        if not self._state.adding:
            raise TypeError("A snapshot cannot be changed; fit another one.")
        super().save(*args, **kwargs)


class StyleTaste(models.Model):
    """What one shopper has done in each style and category, decayed: what the model knows about them.

    ``history`` is a ``taste.history.History`` as plain JSON, as of ``as_of``; older events weigh half as much
    for every half-life. A worker brings it up to date; pages only read it.
    """

    shopper = models.OneToOneField(Shopper, on_delete=models.CASCADE, related_name="taste")
    history = models.JSONField(_("history"), default=dict)
    as_of = models.DateTimeField(_("as of"))

    class Meta:
        verbose_name = _("shopper's taste")
        verbose_name_plural = _("shoppers' tastes")

    def __str__(self) -> str:
        return str(self.shopper_id)


class PersonalStyle(models.Model):
    """A preset mixed for one shopper from other presets; never listed, and gone with the shopper.

    The slug of such a preset begins with ``PREFIX``. Nothing in the rest leads to the shopper, and nobody can
    guess it.
    """

    PREFIX = "my-"

    shopper = models.ForeignKey(Shopper, on_delete=models.CASCADE, related_name="personal_styles")
    preset = models.OneToOneField(StylePreset, on_delete=models.CASCADE, related_name="personal")
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("personal style")
        verbose_name_plural = _("personal styles")

    def __str__(self) -> str:
        return f"{self.preset_id}"
