"""The contract between the job lanes and whatever paints: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

CODE_SIZE = 128

StyleCode = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Alpha = NDArray[np.float32]
NormStatistics = NDArray[np.float32]
StatisticsOf = Literal["picture", "subject"]


class EngineError(Exception):
    """The engine cannot paint this request; trying again will not help. The text is shown to staff."""


class OutOfMemoryError(Exception):
    """The batch did not fit the device; a smaller one may."""


class EngineUnavailableError(Exception):
    """The engine cannot run in this process (a missing package or weights file); the text says what to do."""


@dataclass(frozen=True)
class PaintOptions:
    """How strongly a look is applied; every amount lies in [0, 1].

    Attributes:
        strength: 0 returns the photo's own pixels, 1 the full style.
        keep_colours: how much of the photo's chroma (CIELAB a and b) replaces the painted chroma.
        calm: how flat the painting stays where the photo is flat over a wide neighbourhood.
        detail: how much of the photo's fine lightness detail is returned to the painting.
        statistics: what an engine that normalises a picture measures: the whole "picture", or the "subject"
            of the request's mask, so that its framing does not change how it is painted.
    """

    strength: float = 1.0
    keep_colours: float = 0.0
    calm: float = 0.0
    detail: float = 0.0
    statistics: StatisticsOf = "picture"

    def __post_init__(self) -> None:
        for name in ("strength", "keep_colours", "calm", "detail"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"{name} must lie between 0 and 1, not {value!r}")
        if self.statistics not in get_args(StatisticsOf):
            raise ValueError(f"statistics must be one of {get_args(StatisticsOf)}, not {self.statistics!r}")


@dataclass(frozen=True, eq=False)
class PaintRequest:
    """One photo to paint.

    Attributes:
        photo: (height, width, 3) RGB or (height, width, 4) RGBA, uint8, sRGB; at least 16 px a side.
        code: (128,) float32 style code, or None for engines that need none.
        options: the amounts to apply.
        mask: (height, width) float32 in [0, 1], 1 where the product is; None where nobody asked for it, all 0
            where no subject could be found. Engines that need none may ignore it: scopes come afterwards.
        protect: (height, width) float32 in [0, 1], how much of the photo must remain; applied afterwards too.
        settings: the preset's settings for this engine, as its ``check_settings`` accepted them.
        norms: statistics of a collection, as ``collect_statistics`` gave them; painted with instead of the
            photo's own.
        measures: an engine may write figures here that staff should see, such as ``{"enlarged": 1.4}``.
    """

    photo: Pixels
    code: StyleCode | None = None
    options: PaintOptions = field(default_factory=PaintOptions)
    mask: Alpha | None = None
    protect: Alpha | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    norms: NormStatistics | None = None
    measures: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("mask", "protect"):
            values = getattr(self, name)
            if values is not None and values.shape != self.photo.shape[:2]:
                raise ValueError(
                    f"{name} must be of the photo's size {self.photo.shape[:2]}, not {values.shape}"
                )


class Engine(Protocol):
    """What every engine offers; registered under a name in the registry.

    Creating an instance must be cheap and import nothing heavy: the first ``paint`` or
    ``style_code`` call loads the model. One instance serves one process, one thread at a time.

    What an engine can do beyond that it says in attributes of its class, read by ``engine.abilities``.
    """

    uses_style_code: bool

    def digest(self) -> str:
        """Hex digest that changes whenever the same request would give other pixels (weights, code version).

        Must work in a web process without torch or a GPU.
        """
        ...

    def style_code(self, references: Sequence[Pixels]) -> StyleCode:
        """Style code (128,) float32 of one or more reference pictures (height, width, 3) uint8."""
        ...

    def paint(self, requests: Sequence[PaintRequest]) -> list[Pixels]:
        """Paint every request; pictures keep their height, width and channel count.

        A class that says ``keeps_size = False`` may return pictures of another size.

        Raises:
            EngineError: this input can never be painted.
            OutOfMemoryError: try again with fewer pictures.
        """
        ...
