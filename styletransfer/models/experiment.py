"""Looks against each other: the experiment and its arms."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from styletransfer.models.preset import StylePreset

ORIGINAL_STYLE = "original"
MOST_ARMS = 8


class ExperimentState(models.TextChoices):
    """Where an experiment stands; ``experiments/life.py`` moves it."""

    DRAFT = "draft", _("Draft")
    RUNNING = "running", _("Running")
    STOPPED = "stopped", _("Stopped")
    APPLIED = "applied", _("Winner applied")


class Goal(models.TextChoices):
    """What a look is meant to bring."""

    BUYERS = "buyers", _("More visitors who buy")
    CARTS = "carts", _("More visitors who put something into the cart")
    CLICKS = "clicks", _("More visitors who click on a picture")
    REVENUE = "revenue", _("More revenue per visitor")


class Allocation(models.TextChoices):
    """How visitors are shared out."""

    FIXED = "fixed", _("As set by the weights, to the end")
    TOP_TWO = "top_two", _("More and more to the looks that do well")


class StopReason(models.TextChoices):
    """Why an experiment ended."""

    DECIDED = "decided", _("The answer was found.")
    DEADLINE = "deadline", _("Its longest duration was over.")
    STAFF = "staff", _("Stopped by staff.")


def new_salt() -> str:
    """256 random bits, so that nobody can foresee an arm and no two experiments agree."""
    return secrets.token_hex(32)


class Experiment(models.Model):
    """Two or more looks for the same products, each shown to some of the visitors by chance.

    ``categories`` and ``products`` (keys as text) say which products take part; both empty means all. What
    the statistics need is fixed at the start: goal, ``alpha``, ``lift``, ``planned_visitors``, the window.
    ``allocations`` is the history of weights: ``[{"at": ISO time, "weights": {arm key: share}}]``.
    ``frozen`` holds the results as they were at the stop, as sums without anybody in them, so that they
    outlive the events they came from.
    """

    key = models.UUIDField(_("key"), default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    hypothesis = models.TextField(
        _("what you expect"), blank=True, help_text=_("Written down before, so that nobody bends it after.")
    )
    state = models.CharField(
        _("state"), max_length=8, choices=ExperimentState.choices, default=ExperimentState.DRAFT
    )
    salt = models.CharField(max_length=64, default=new_salt, editable=False)

    categories = models.JSONField(_("categories"), default=list, blank=True)
    products = models.JSONField(_("products"), default=list, blank=True)
    share = models.FloatField(
        _("share of visitors"),
        default=1.0,
        validators=[MinValueValidator(0.01), MaxValueValidator(1.0)],
        help_text=_("From 0.01 to 1. The others see the shop as it is and are not counted."),
    )

    goal = models.CharField(_("goal"), max_length=8, choices=Goal.choices, default=Goal.BUYERS)
    counts_everything = models.BooleanField(
        _("count all products"),
        default=False,
        help_text=_("Count what visitors do with any product, not only with those that take part."),
    )
    window_hours = models.PositiveIntegerField(
        _("hours to wait for each visitor"),
        default=72,
        validators=[MinValueValidator(1), MaxValueValidator(30 * 24)],
        help_text=_("What a visitor does within this time after first seeing a look counts for it."),
    )
    alpha = models.FloatField(
        _("risk of a false alarm"),
        default=0.05,
        validators=[MinValueValidator(0.001), MaxValueValidator(0.2)],
        help_text=_("0.05: if all looks are the same, at most one experiment in twenty says otherwise."),
    )
    lift = models.FloatField(
        _("smallest difference worth finding"),
        default=0.2,
        validators=[MinValueValidator(0.01), MaxValueValidator(5.0)],
        help_text=_("0.2 means 20 % more than now. The smaller, the longer it takes."),
    )
    planned_visitors = models.PositiveIntegerField(
        _("planned visitors"),
        null=True,
        blank=True,
        help_text=_("Of all looks together; left empty, computed."),
    )
    longest_days = models.PositiveSmallIntegerField(
        _("longest duration in days"), default=60, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    stops_itself = models.BooleanField(
        _("stop when the answer is found"),
        default=True,
        help_text=_("The statistics allow it: looking every day does not raise the risk of a false alarm."),
    )
    allocation = models.CharField(
        _("visitors go"), max_length=8, choices=Allocation.choices, default=Allocation.FIXED
    )
    floor = models.FloatField(
        _("least share of a look"),
        default=0.05,
        validators=[MinValueValidator(0.01), MaxValueValidator(0.125)],
        help_text=_("Where visitors go to the looks that do well: what every look gets in any case."),
    )
    uses_history = models.BooleanField(
        _("use what visitors spent before"),
        default=True,
        help_text=_("For revenue: makes the answer come sooner where visitors are known from before."),
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True)

    allocations = models.JSONField(default=list, editable=False)
    winner = models.ForeignKey(
        "Arm",
        verbose_name=_("winner"),
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    stop_reason = models.CharField(max_length=8, choices=StopReason.choices, blank=True, editable=False)
    frozen = models.JSONField(null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True, editable=False)
    stopped_at = models.DateTimeField(_("stopped"), null=True, editable=False)
    applied_at = models.DateTimeField(_("applied"), null=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("experiment")
        verbose_name_plural = _("experiments")
        permissions = [
            ("run_experiment", _("Can start and stop experiments")),
            ("apply_experiment", _("Can apply the winner of an experiment and take it back")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=[choice.value for choice in ExperimentState]),
                name="styletransfer_experiment_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(share__gt=0, share__lte=1),
                name="styletransfer_experiment_share",
            ),
            models.CheckConstraint(
                condition=models.Q(alpha__gt=0, alpha__lt=1, lift__gt=0, floor__gte=0),
                name="styletransfer_experiment_numbers",
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft", started_at__isnull=True)
                | models.Q(~models.Q(state="draft"), started_at__isnull=False),
                name="styletransfer_experiment_started",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "running"], stopped_at__isnull=True)
                | models.Q(state__in=["stopped", "applied"], stopped_at__isnull=False),
                name="styletransfer_experiment_stopped",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="applied")
                | models.Q(applied_at__isnull=False, winner__isnull=False),
                name="styletransfer_experiment_applied",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state"],
                condition=models.Q(state__in=["running", "applied"]),
                name="styletransfer_exp_in_force",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_draft(self) -> bool:
        """Whether it may still be changed."""
        return self.state == ExperimentState.DRAFT


class Arm(models.Model):
    """One of the looks of an experiment; without a preset it is the photo as it was taken."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="arms")
    key = models.UUIDField(_("key"), default=uuid.uuid4, unique=True, editable=False)
    preset = models.ForeignKey(
        StylePreset,
        verbose_name=_("look"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Leave it empty for the photo as it was taken."),
    )
    weight = models.FloatField(
        _("weight"), default=1.0, validators=[MinValueValidator(0.0), MaxValueValidator(1000.0)]
    )
    is_control = models.BooleanField(
        _("compare with this one"), default=False, help_text=_("What the shop shows now.")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("look of an experiment")
        verbose_name_plural = _("looks of an experiment")
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "preset"],
                condition=models.Q(preset__isnull=False),
                name="styletransfer_arm_preset_once",
            ),
            models.UniqueConstraint(
                fields=["experiment"],
                condition=models.Q(preset__isnull=True),
                name="styletransfer_arm_original_once",
            ),
            models.UniqueConstraint(
                fields=["experiment"],
                condition=models.Q(is_control=True),
                name="styletransfer_arm_one_control",
            ),
            models.CheckConstraint(condition=models.Q(weight__gte=0), name="styletransfer_arm_weight"),
        ]

    def __str__(self) -> str:
        return str(self.name)

    @property
    def name(self) -> Any:
        """The look's name as staff read it."""
        return self.preset.name if self.preset is not None else _("Original photo")

    @property
    def style(self) -> str:
        """The preset's slug, or "original"."""
        return self.preset.slug if self.preset is not None else ORIGINAL_STYLE
