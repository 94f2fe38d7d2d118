"""A look: its reference pictures or mix, how strongly it is applied, and what it puts out."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from styletransfer.conf import get_settings
from styletransfer.engine.abilities import Abilities, abilities
from styletransfer.engine.base import CODE_SIZE, NormStatistics, PaintOptions, StyleCode
from styletransfer.imaging.finishing import MAX_FEATHER, Finish
from styletransfer.imaging.masking import LETTERING_VERSION, method_key
from styletransfer.models.mask import mask_digest_of
from styletransfer.models.preset_rules import refuse_what_engine_cannot

AMOUNTS = ("strength", "keep_colours", "calm", "detail")
PROTECTIONS = ("protect_text", "protect_drawn", "lightness_guard")
DRAWN_AREAS_AMOUNT = 1.0
MIN_WIDTH, MAX_WIDTH = 16, 4096
RESERVED_SLUG = "original"


def default_widths() -> list[int]:
    """Rendition widths in pixels that suit a phone grid, a desktop grid and a product page."""
    return [320, 640, 960]


def validate_widths(widths: Any) -> None:
    """Refuse anything but a list of distinct whole numbers of pixels within the limits."""
    if (
        not isinstance(widths, list)
        or not widths
        or len(set(map(str, widths))) != len(widths)
        or not all(type(width) is int and MIN_WIDTH <= width <= MAX_WIDTH for width in widths)
    ):
        raise ValidationError(
            _("Give different widths in pixels, from %(least)d to %(most)d each, such as [320, 640]."),
            params={"least": MIN_WIDTH, "most": MAX_WIDTH},
        )


class Scope(models.TextChoices):
    """Which part of the photo is painted."""

    WHOLE = "whole", _("Whole picture")
    SUBJECT = "subject", _("The product alone")
    BACKGROUND = "background", _("The background alone")


class Statistics(models.TextChoices):
    """Whose statistics a picture is normalised with; see ``docs/guides/one-look.md``."""

    PICTURE = "picture", _("Each picture\u2019s own")
    SUBJECT = "subject", _("Those of its product: the most even palettes")
    COLLECTION = "collection", _("Those of the whole collection: like colours painted alike")


def _amount(label: Any, default: float, help_text: Any) -> models.FloatField[float, float]:
    return models.FloatField(
        label,
        default=default,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text=help_text,
    )


class PresetQuerySet(models.QuerySet["StylePreset"]):
    """Presets, and who may see them."""

    def looks(self) -> PresetQuerySet:
        """Presets staff manage, without the drafts that live previews make."""
        return self.filter(draft_of__isnull=True)

    def offered(self) -> PresetQuerySet:
        """Presets shoppers may pick from."""
        return self.looks().filter(is_active=True, is_public=True)


class StylePreset(models.Model):
    """A look that staff define once and apply to any number of photos.

    ``digest`` covers everything that changes pixels except the engine's own weights, which the
    variant's recipe adds. ``style_code`` is a cache: the code of the references under the engine
    digest named in ``style_code_engine``; a worker fills it when it is missing or out of date.
    """

    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(_("slug"), max_length=80, unique=True)
    description = models.TextField(_("description"), blank=True)
    engine = models.CharField(_("engine"), max_length=64, default="painter")
    strength = _amount(_("strength"), 1.0, _("0 is the photo, 1 the full style."))
    keep_colours = _amount(_("keep colours"), 0.0, _("How much of the photo's own colours is kept."))
    calm = _amount(_("calm"), 0.5, _("How flat the painting stays where the photo is flat."))
    detail = _amount(_("detail"), 0.0, _("How much of the photo's fine detail is returned."))
    scope = models.CharField(_("scope"), max_length=16, choices=Scope.choices, default=Scope.WHOLE)
    feather = models.FloatField(
        _("soft edge"),
        default=0.002,
        validators=[MinValueValidator(0.0), MaxValueValidator(MAX_FEATHER)],
        help_text=_("Between painting and photo, as a share of the picture\u2019s longer side: 0 to 0.05."),
    )
    protect_text = _amount(
        _("protect lettering"), 0.0, _("How much of the photo is returned where text and logos are found.")
    )
    protect_drawn = _amount(
        _("protect drawn areas"),
        DRAWN_AREAS_AMOUNT,
        _("How much of the photo is returned where staff marked an area."),
    )
    lightness_guard = _amount(
        _("keep light and dark"), 0.0, _("Puts light and dark back in order where the painting swapped them.")
    )
    statistics = models.CharField(
        _("statistics"), max_length=16, choices=Statistics.choices, default=Statistics.PICTURE
    )
    norm_statistics = models.BinaryField(null=True, editable=False)
    norm_statistics_key = models.CharField(max_length=64, blank=True, editable=False)
    norm_statistics_of = models.CharField(_("collected from"), max_length=255, blank=True, editable=False)
    engine_settings = models.JSONField(_("engine settings"), default=dict, blank=True)
    widths = models.JSONField(
        _("widths"),
        default=default_widths,
        validators=[validate_widths],
        help_text=_("Widths of the finished pictures in pixels; a photo is never enlarged."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_public = models.BooleanField(
        _("offered to shoppers"), default=True, help_text=_("Shown in the storefront's style switcher.")
    )
    position = models.PositiveIntegerField(_("position"), default=0)
    draft_of = models.ForeignKey(
        "self",
        verbose_name=_("draft of"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name="drafts",
    )
    style_code = models.BinaryField(_("style code"), null=True, editable=False, max_length=CODE_SIZE * 4)
    style_code_engine = models.CharField(max_length=64, blank=True, editable=False)
    digest = models.CharField(_("digest"), max_length=64, editable=False, db_index=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    objects = PresetQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        verbose_name = _("style preset")
        verbose_name_plural = _("style presets")
        constraints = [
            *(
                models.CheckConstraint(
                    condition=models.Q(**{f"{name}__gte": 0.0, f"{name}__lte": 1.0}),
                    name=f"styletransfer_preset_{name}_in_unit_range",
                )
                for name in (*AMOUNTS, *PROTECTIONS)
            ),
            models.CheckConstraint(
                condition=models.Q(feather__gte=0.0, feather__lte=MAX_FEATHER),
                name="styletransfer_preset_feather_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(statistics__in=[choice.value for choice in Statistics]),
                name="styletransfer_preset_statistics_known",
            ),
            models.CheckConstraint(
                condition=models.Q(scope__in=[choice.value for choice in Scope]),
                name="styletransfer_preset_scope_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep ``digest`` true to what is saved."""
        self.digest = self.compute_digest()
        update_fields = kwargs.get("update_fields")
        if update_fields is not None:
            kwargs["update_fields"] = {*update_fields, "digest", "updated_at"}
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Refuse an engine that nobody registered, what it cannot do, and the slug that means no style."""
        if self.slug == RESERVED_SLUG:
            raise ValidationError({"slug": _("“original” stands for the photo itself; choose another slug.")})
        known = get_settings().engine_paths()
        if self.engine not in known:
            raise ValidationError(
                {
                    "engine": ValidationError(
                        _("There is no engine %(engine)s; known engines are %(known)s."),
                        params={"engine": self.engine, "known": ", ".join(sorted(known))},
                    )
                }
            )
        refuse_what_engine_cannot(self, known[self.engine])

    @property
    def abilities(self) -> Abilities:
        """What the engine can do; the usual where it is not installed."""
        path = get_settings().engine_paths().get(self.engine)
        return abilities(path) if path else Abilities()

    @property
    def uses_mask(self) -> bool:
        """Whether painting in this preset needs to know where the product is."""
        return (
            self.scope != Scope.WHOLE
            or self.statistics != Statistics.PICTURE
            or self.protect_text > 0
            or self.abilities.uses_mask
        )

    @property
    def paint_widths(self) -> list[int]:
        """Widths that decide the size a photo is read at: an engine that reframes needs all of its pixels."""
        return list(self.widths) if self.abilities.keeps_size else [get_settings().max_paint_side]

    @property
    def paint_options(self) -> PaintOptions:
        """The amounts an engine is given."""
        amounts = {name: getattr(self, name) for name in AMOUNTS}
        return PaintOptions(
            **amounts, statistics="picture" if self.statistics == Statistics.PICTURE else "subject"
        )

    @property
    def finish(self) -> Finish:
        """What is done to every painting afterwards."""
        detail = 0.0 if self.abilities.returns_detail else self.detail
        return Finish(str(self.scope), self.feather, self.lightness_guard, detail)

    def mask_digest(self, drawn_name: str, areas_name: str) -> str:
        """What a recipe in this preset holds of a photo's drawn masks."""
        return mask_digest_of(
            drawn_name, areas_name, uses_subject=self.uses_mask, uses_areas=self.protect_drawn > 0
        )

    @property
    def shared_statistics(self) -> NormStatistics | None:
        """The collection's norm statistics, where the preset paints with them and they are collected."""
        owner = self.draft_of or self
        if self.statistics != Statistics.COLLECTION or owner.norm_statistics is None:
            return None
        return np.frombuffer(bytes(owner.norm_statistics), dtype="<f4").astype(np.float32)

    @property
    def look_digest(self) -> str:
        """Digest of the references or the mix: what the style code is made from."""
        owner = self.draft_of or self
        if owner._state.adding:
            return hashlib.sha256(json.dumps([[], []]).encode()).hexdigest()
        references = list(
            owner.references.order_by("position", "pk").values_list("content_digest", flat=True)
        )
        parts = [
            (part.weight, part.component.look_digest)
            for part in owner.parts.select_related("component").order_by("component_id")
        ]
        return hashlib.sha256(json.dumps([references, parts]).encode()).hexdigest()

    def compute_digest(self) -> str:
        """sha256 over everything of this preset that changes the pixels of a variant."""
        described: dict[str, Any] = {
            "engine": self.engine,
            "look": self.look_digest,
            "options": {name: round(getattr(self, name), 6) for name in AMOUNTS},
            "scope": str(self.scope),
            "widths": sorted(self.widths),
            "formats": list(get_settings().formats),
            "qualities": {name: get_settings().qualities[name] for name in get_settings().formats},
        }
        described |= self._masked()
        return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()

    def _masked(self) -> dict[str, Any]:
        """Of the digest, what masks, statistics and engine settings add; nothing where none is used."""
        described: dict[str, Any] = {}
        if self.engine_settings:
            described["settings"] = self.engine_settings
        for name in PROTECTIONS:
            usual = DRAWN_AREAS_AMOUNT if name == "protect_drawn" else 0.0
            if getattr(self, name) != usual:
                described[name] = round(getattr(self, name), 6)
        if self.scope != Scope.WHOLE:
            described["feather"] = round(self.feather, 6)
        if self.uses_mask:
            described["masks"] = method_key(get_settings().masker, get_settings().masker_options)
        if self.protect_text > 0:
            described["lettering"] = LETTERING_VERSION
        if self.statistics != Statistics.PICTURE:
            described["statistics"] = str(self.statistics)
        if (norms := self.shared_statistics) is not None:
            described["norms"] = hashlib.sha256(norms.tobytes()).hexdigest()
        return described

    def refresh_digest(self) -> None:
        """Recompute ``digest`` after references or parts changed, here and in presets that mix this one."""
        self.save(update_fields=["digest"])
        for part in self.used_in.select_related("preset"):
            part.preset.refresh_digest()

    def style_code_for(self, engine_digest: str) -> StyleCode | None:
        """The cached style code (128,) float32 if it was made by that engine from these references."""
        if self.style_code is None or self.style_code_engine != self._code_key(engine_digest):
            return None
        return np.frombuffer(bytes(self.style_code), dtype="<f4").astype(np.float32)

    def store_style_code(self, code: StyleCode, engine_digest: str) -> None:
        """Cache a computed code in the row."""
        if code.shape != (CODE_SIZE,):
            raise ValueError(f"A style code has shape ({CODE_SIZE},), not {code.shape}.")
        self.style_code = np.ascontiguousarray(code, dtype="<f4").tobytes()
        self.style_code_engine = self._code_key(engine_digest)
        # Not save(): a worker's copy of the row may be older than what staff have just edited.
        type(self).objects.filter(pk=self.pk).update(
            style_code=self.style_code, style_code_engine=self.style_code_engine
        )

    def statistics_key(self, engine_digest: str) -> str:
        """What shared statistics depend on beside the photos; others have to be collected anew."""
        return hashlib.sha256(f"{self._code_key(engine_digest)}:{self.strength:.6f}".encode()).hexdigest()

    def store_statistics(self, norms: NormStatistics, engine_digest: str, words: str) -> None:
        """Keep a collection's statistics; the digest follows, so that painted photos are outdated."""
        self.norm_statistics = np.ascontiguousarray(norms, dtype="<f4").tobytes()
        self.norm_statistics_key = self.statistics_key(engine_digest)
        self.norm_statistics_of = words[:255]
        self.save(update_fields=["norm_statistics", "norm_statistics_key", "norm_statistics_of"])

    def _code_key(self, engine_digest: str) -> str:
        return hashlib.sha256(f"{engine_digest}:{self.look_digest}".encode()).hexdigest()
