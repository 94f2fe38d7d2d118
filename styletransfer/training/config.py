"""Everything that a training run depends on besides its pictures; saved in every checkpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any


class ConfigError(ValueError):
    """The configuration names something that does not exist or holds an impossible value."""


@dataclass(frozen=True)
class LossWeights:
    """How much each term counts; 0 switches a term, and its cost, off. ``losses/`` has the formulas."""

    content: float = 0.7
    style: float = 40.0
    gram: float = 20.0
    identity: float = 3.0
    identity_features: float = 0.5
    kl: float = 0.0005
    latent_regression: float = 0.1
    contrastive: float = 0.2
    contrast_floor: float = 1.0
    local_affine: float = 40.0
    flat_lightness: float = 0.5
    structure: float = 0.8
    cooccurrence: float = 0.3
    style_patch: float = 0.1


@dataclass(frozen=True)
class TrainingConfig:
    """A training run.

    Attributes:
        steps: optimiser steps.
        batch: pictures a step and device.
        accumulate: batches whose gradients are summed up for one step.
        side: of the square crops, px, a multiple of 4.
        stored_side: short side that pictures are kept at, px; at least ``side`` unless they are smaller.
        learning_rate: of the painter; Adam with betas (0.5, 0.99).
        discriminator_rate: of the discriminators.
        warm_up: steps over which the learning rate rises from 0.
        constant_share: share of the steps before the cosine towards ``final_rate`` begins.
        final_rate: learning rate of the last step, as a share of ``learning_rate``.
        clip: largest norm of the painter's gradient.
        ema: decay of the moving average of the weights, which is what is shipped.
        kl_warm_up: steps over which the KL term rises from 0.
        free_bits: nats of each number of the code that the KL term leaves free.
        adversarial_from: step at which the discriminators begin.
        adversarial_ramp: steps over which the adversarial terms rise to their weights.
        discriminate_every: steps between two updates of the discriminators.
        penalty_every: updates of the discriminators between two R1 penalties (lazy regularisation).
        identity_share: share of the batch that is also painted in its own style.
        sampled_share: share of the batch that is painted from sampled codes, the rest from means.
        prior_share: share of the batch that is also painted in codes drawn from the prior.
        painting_share: share of styles drawn from pictures named ``painting_*``, where there are any;
            None for their share among all styles.
        plain_share: share of photos that are put into a wider plain frame, as on a studio background.
        train_encoder: whether the style encoder is trained too.
        precision: "auto", "bf16" or "fp32".
        use_graph: replay the painter's pass as a CUDA graph, where there is one GPU.
        deterministic: use torch's deterministic algorithms, for runs that repeat to the bit.
        seed: of everything that is drawn.
        log_every: steps between two lines of the log.
        sample_every: steps between two grids of samples.
        save_every: steps between two checkpoints.
        seconds: wall-clock limit; the schedule is stretched to end there. None for no limit.
        weights: the loss terms' weights.
    """

    steps: int = 10_000
    batch: int = 20
    accumulate: int = 1
    side: int = 320
    stored_side: int = 288
    learning_rate: float = 4e-4
    discriminator_rate: float = 2e-4
    warm_up: int = 50
    constant_share: float = 0.5
    final_rate: float = 0.02
    clip: float = 50.0
    ema: float = 0.999
    kl_warm_up: int = 500
    free_bits: float = 0.05
    adversarial_from: int = 200
    adversarial_ramp: int = 500
    discriminate_every: int = 2
    penalty_every: int = 8
    identity_share: float = 0.25
    sampled_share: float = 0.5
    prior_share: float = 0.125
    painting_share: float | None = None
    plain_share: float = 0.3
    train_encoder: bool = True
    precision: str = "auto"
    use_graph: bool = True
    deterministic: bool = False
    seed: int = 0
    log_every: int = 50
    sample_every: int = 500
    save_every: int = 1000
    seconds: float | None = None
    weights: LossWeights = field(default_factory=LossWeights)

    def __post_init__(self) -> None:
        if self.side < 32 or self.side % 4:
            raise ConfigError(f"side must be a multiple of 4 from 32 px, not {self.side}")
        for name in ("steps", "batch", "accumulate", "discriminate_every", "penalty_every"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be 1 or more, not {getattr(self, name)}")
        if self.weights.contrastive and self.batch < 2:
            raise ConfigError("the contrastive loss compares styles of a batch: use a batch of 2 or more")
        for name in ("identity_share", "sampled_share", "prior_share", "constant_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} must lie between 0 and 1, not {getattr(self, name)}")
        for loss, weight in asdict(self.weights).items():
            if weight < 0:
                raise ConfigError(f"the weight of {loss} must not be negative")

    def as_mapping(self) -> dict[str, Any]:
        """Plain numbers and strings, as checkpoints and JSON files hold it."""
        return asdict(self)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> TrainingConfig:
        """The configuration that ``values`` describes; what it leaves out keeps its default.

        Raises:
            ConfigError: a name that does not exist, or an impossible value.
        """
        known = {entry.name for entry in fields(cls)}
        weights = dict(values.get("weights", {}))
        _refuse_unknown(set(values) - known, known)
        _refuse_unknown(set(weights) - _LOSSES, _LOSSES)
        try:
            return replace(cls(**{**values, "weights": LossWeights(**weights)}))
        except TypeError as error:
            raise ConfigError(f"a value of the configuration has the wrong type: {error}") from error

    def with_settings(self, settings: Mapping[str, str]) -> TrainingConfig:
        """Itself with some values replaced, as a command line gives them: ``{"weights.style": "10"}``.

        Raises:
            ConfigError: a name that does not exist, or a value of the wrong type.
        """
        values = self.as_mapping()
        for name, text in settings.items():
            group, _, entry = name.rpartition(".")
            try:
                value = json.loads(text)
            except ValueError:
                value = text
            if group == "":
                values[entry] = value
            elif group == "weights":
                values["weights"][entry] = value
            else:
                raise ConfigError(f"there is no setting {name!r}")
        return self.from_mapping(values)


_LOSSES = {entry.name for entry in fields(LossWeights)}


def read_config(path: Path) -> TrainingConfig:
    """The configuration in a JSON file.

    Raises:
        ConfigError: the file cannot be read or describes no configuration.
    """
    try:
        values = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} is no readable JSON file: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must hold one JSON object")
    return TrainingConfig.from_mapping(values)


def _refuse_unknown(unknown: set[str], known: set[str]) -> None:
    if unknown:
        names = ", ".join(sorted(unknown))
        raise ConfigError(f"no such setting: {names}. There are: {', '.join(sorted(known))}")
