"""What a shop chooses for its one look: checked on entry, and plain JSON so that a preset can store it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

BACKGROUNDS = ("keep", "white", "colour", "gradient")
SHADOWS = ("auto", "keep", "contact", "none")

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")

# Field: (lowest, highest) value that makes sense.
_RANGES: Mapping[str, tuple[float, float]] = {
    "strictness": (0.0, 1.0),
    "match_tones": (0.0, 1.0),
    "shadow_strength": (0.0, 1.0),
    "margin": (0.0, 0.45),
    "aspect": (0.2, 5.0),
    "size": (16, 8192),
    "max_tilt": (0.0, 10.0),
}


class UnifyOptionsError(ValueError):
    """An option is unknown or out of range; the text names the option and what it may be."""


@dataclass(frozen=True)
class LightTarget:
    """The light that every picture is brought towards.

    Attributes:
        white: (red, green, blue) in linear sRGB of what a neutral grey should look like, its largest 1.
        exposure: stops by which a scene's white should be brighter (+) or darker (-) than sRGB white.
        contrast: standard deviation of CIELAB lightness over a subject.
        lightness: mean CIELAB lightness of a subject. How light a product is is its own affair: this is used
            only as far as ``UnifyOptions.match_tones`` asks for it.
        colour: mean (a*, b*) of a subject; used as ``lightness`` is.
    """

    white: tuple[float, float, float] = (1.0, 1.0, 1.0)
    exposure: float = 0.0
    contrast: float = 16.0
    lightness: float = 62.0
    colour: tuple[float, float] = (0.0, 4.0)

    def __post_init__(self) -> None:
        if len(self.white) != 3 or not all(math.isfinite(each) and 0.2 <= each <= 1 for each in self.white):
            raise UnifyOptionsError(f"target white must be three numbers from 0.2 to 1, not {self.white!r}")
        _check_range("target exposure", self.exposure, -1.5, 0.5)
        _check_range("target contrast", self.contrast, 2, 45)
        _check_range("target lightness", self.lightness, 20, 98)
        if len(self.colour) != 2 or not all(math.isfinite(each) and abs(each) <= 60 for each in self.colour):
            raise UnifyOptionsError(
                f"target colour must be two numbers from -60 to 60, a* and b*, not {self.colour!r}"
            )

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> LightTarget:
        """Build from a JSON object; left-out keys keep their defaults.

        Raises:
            UnifyOptionsError: an unknown key or a value out of range.
        """
        # Targets measured by earlier versions hold a "brightness", which never had any effect.
        values = {name: value for name, value in values.items() if name != "brightness"}
        _check_names("target", values, [each.name for each in fields(cls)])
        white = values.get("white", cls.white)
        if not isinstance(white, list | tuple):
            raise UnifyOptionsError(f"target white must be a list of three numbers, not {white!r}")
        colour = values.get("colour", cls.colour)
        if not isinstance(colour, list | tuple):
            raise UnifyOptionsError(f"target colour must be a list of two numbers, not {colour!r}")
        return cls(
            tuple(_number("target white", each) for each in white),  # type: ignore[arg-type]
            _number("target exposure", values.get("exposure", cls.exposure)),
            _number("target contrast", values.get("contrast", cls.contrast)),
            _number("target lightness", values.get("lightness", cls.lightness)),
            tuple(_number("target colour", each) for each in colour),  # type: ignore[arg-type]
        )


@dataclass(frozen=True)
class UnifyOptions:
    """One catalogue look.

    Attributes:
        strictness: 0 leaves light and tone as they are, 1 brings them as near to the target as the limits
            that protect the product allow.
        match_tones: 0 keeps the products' own colours; towards 1 brightness, contrast and colour of every
            subject come nearer to the target's too, and products lose some of what tells them apart.
        background: "keep", "white", "colour" or "gradient".
        colour: "#rrggbb" of a solid background, and the top of a gradient.
        colour_to: "#rrggbb" of the bottom of a gradient.
        shadow: "keep" the photo's own, a drawn "contact" shadow, "auto" (the photo's own where it can be told
            from the background, else drawn) or "none". Ignored when the background is kept.
        shadow_strength: darkness of the shadow; 1 is as photographed.
        reframe: whether to centre and scale the subject; without it the photo keeps its framing and size.
        margin: free space on each side of the subject, as a share of the canvas's side.
        aspect: width / height of the canvas.
        size: the canvas's longer side in pixels.
        straighten: whether to level a subject that surely stands crooked.
        max_tilt: the largest turn in degrees.
        target: the light to bring every picture to.
    """

    strictness: float = 0.7
    match_tones: float = 0.0
    background: str = "white"
    colour: str = "#ffffff"
    colour_to: str = "#ffffff"
    shadow: str = "auto"
    shadow_strength: float = 0.8
    reframe: bool = True
    margin: float = 0.1
    aspect: float = 1.0
    size: int = 1200
    straighten: bool = True
    max_tilt: float = 3.0
    target: LightTarget = field(default_factory=LightTarget)

    def __post_init__(self) -> None:
        _check_choice("background", self.background, BACKGROUNDS)
        _check_choice("shadow", self.shadow, SHADOWS)
        for name in ("colour", "colour_to"):
            value = getattr(self, name)
            if not isinstance(value, str) or not _COLOUR.fullmatch(value):
                raise UnifyOptionsError(f'{name} must look like "#f4efe8", not {value!r}')
        for name, (lowest, highest) in _RANGES.items():
            _check_range(name, getattr(self, name), lowest, highest)
        for name in ("reframe", "straighten"):
            if not isinstance(getattr(self, name), bool):
                raise UnifyOptionsError(f"{name} must be true or false, not {getattr(self, name)!r}")
        if not isinstance(self.size, int):
            raise UnifyOptionsError(f"size must be a whole number of pixels, not {self.size!r}")

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> UnifyOptions:
        """Build from a JSON object such as a preset stores; left-out keys keep their defaults.

        Raises:
            UnifyOptionsError: an unknown key, or a value of the wrong kind or out of range.
        """
        _check_names("unify options", values, [each.name for each in fields(cls)])
        plain = dict(values)
        target = plain.pop("target", None)
        if target is not None:
            if not isinstance(target, Mapping):
                raise UnifyOptionsError(f"target must be an object, not {target!r}")
            plain["target"] = LightTarget.from_mapping(target)
        return cls(**plain)

    def as_mapping(self) -> dict[str, Any]:
        """The options as JSON-safe values; ``from_mapping`` reads them back."""
        values = asdict(self)
        for name in ("white", "colour"):
            values["target"][name] = list(getattr(self.target, name))
        return values


def _check_names(what: str, values: Mapping[str, Any], known: list[str]) -> None:
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise UnifyOptionsError(f"{what}: unknown {', '.join(unknown)}; known are {', '.join(known)}")


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise UnifyOptionsError(f"{name} must be one of {', '.join(choices)}, not {value!r}")


def _check_range(name: str, value: Any, lowest: float, highest: float) -> None:
    number = _number(name, value)
    if not lowest <= number <= highest:
        raise UnifyOptionsError(f"{name} must lie between {lowest} and {highest}, not {value!r}")


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UnifyOptionsError(f"{name} must be a number, not {value!r}")
    return float(value)
