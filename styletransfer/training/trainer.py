"""The training loop: optimisers, schedule, logging and checkpoints around ``PainterObjective``."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from styletransfer.engine.device import choose_precision
from styletransfer.engine.painter import STATISTICS_MARGIN, Painter
from styletransfer.training import normalisation
from styletransfer.training.averaging import MovingAverage
from styletransfer.training.batches import Batch, BatchSampler
from styletransfer.training.checkpoints import Checkpoint, export_weights, save_checkpoint
from styletransfer.training.config import TrainingConfig
from styletransfer.training.graphs import GraphedPass
from styletransfer.training.objective import (
    Discriminators,
    Outcome,
    PainterObjective,
    Progress,
    progress_at,
)
from styletransfer.training.perceptual import PerceptualNetwork
from styletransfer.training.pictures import PictureStore
from styletransfer.training.samples import SampleSheet, complaints, save_grid

logger = logging.getLogger(__name__)

Network = TypeVar("Network", bound=nn.Module)

EARLY_LOOK = 25  # step of the first grid, so that a run that goes wrong is seen in its first minute
BETAS = (0.5, 0.99)
WEIGHTS = "painter.safetensors"
STEPS_BEFORE_GRAPH = 5  # in which kernels are compiled and chosen
MARGIN = STATISTICS_MARGIN  # the engine measures its statistics as they were while the weights learnt


class ScalarLog(Protocol):
    """Where figures and pictures go; TensorBoard's ``SummaryWriter`` is one."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None:
        """Keep one figure."""

    def add_image(self, tag: str, img_tensor: Tensor, global_step: int) -> None:
        """Keep one picture (3, H, W) in [0, 1]."""


@dataclass(frozen=True)
class Pictures:
    """What a run learns from."""

    photos: PictureStore
    artworks: PictureStore


class Trainer:
    """One training run, new or resumed.

    Args:
        config: the run.
        pictures: photos and artworks.
        perceptual: the network that measures them.
        out: folder of checkpoints, grids and weights; made where missing.
        painter: weights to start from; None for fresh ones.
        resume: a checkpoint of the same run.
        log: where figures go besides the log.
    """

    def __init__(
        self,
        config: TrainingConfig,
        pictures: Pictures,
        perceptual: PerceptualNetwork,
        out: Path,
        *,
        painter: Painter | None = None,
        resume: Checkpoint | None = None,
        log: ScalarLog | None = None,
    ) -> None:
        self.config, self.out, self.log = config, out, log
        torch.manual_seed(config.seed)
        torch.use_deterministic_algorithms(config.deterministic)
        torch.backends.cudnn.benchmark = not config.deterministic
        self.accelerator = Accelerator(mixed_precision="bf16" if _uses_bf16(config) else "no")
        device = self.device = self.accelerator.device
        self.generator = torch.Generator(device)
        self.sampler = BatchSampler(
            pictures.photos.to(device), pictures.artworks.to(device), config, self.generator
        )
        self.painter = _placed(_trainable(painter or Painter(MARGIN), config), device)
        self.discriminators = _placed(Discriminators(), device)
        perceptual = _placed(perceptual, device)
        if _uses_bf16(config):
            perceptual.convs.to(torch.bfloat16)
        self.average = MovingAverage(self.painter, config.ema)
        self.sheet = SampleSheet(self.sampler.photos, self.sampler.artworks, config.side)
        self._prepare(perceptual)
        self.step, self.seconds_before = 0, 0.0
        if resume is not None:
            self._restore(resume)

    def run(self, watch: Callable[[int, dict[str, float]], None] | None = None) -> Path:
        """Train to the end; returns the path of the averaged weights (.safetensors)."""
        self.out.mkdir(parents=True, exist_ok=True)
        self.started = time.monotonic()
        while self._share_done() < 1:
            terms = self._step()
            self.step += 1
            if self.step == EARLY_LOOK or self.step % self.config.sample_every == 0:
                self._look()
            if self.step % self.config.log_every == 0 or self.step == 1:
                self._report(terms, watch)
            if self.step % self.config.save_every == 0:
                self.save()
        self.save()
        self._look()
        return self.out / WEIGHTS

    def save(self) -> None:
        """Write the checkpoint that ``resume`` continues from, and the averaged weights."""
        if not self.accelerator.is_main_process:
            return
        states: dict[str, Any] = {
            "painter": self.painter.state_dict(),
            "average": self.average.network.state_dict(),
            "average_updates": self.average.updates,
            "discriminators": self.discriminators.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "discriminator_optimiser": self.discriminator_optimiser.state_dict(),
        }
        checkpoint = Checkpoint(self.config, self.step, self._elapsed(), states)
        save_checkpoint(self.out / "checkpoint.pt", checkpoint)
        export_weights(self.average.network, self.out / WEIGHTS)

    def _prepare(self, perceptual: PerceptualNetwork) -> None:
        config = self.config
        objective = PainterObjective(self.painter, perceptual, self.discriminators, config)
        fused = self.device.type == "cuda"
        self.trained = [p for p in self.painter.parameters() if p.requires_grad]
        optimiser = torch.optim.Adam(self.trained, config.learning_rate, BETAS, fused=fused)
        judge_optimiser = torch.optim.Adam(
            self.discriminators.parameters(), config.discriminator_rate, BETAS, fused=fused
        )
        self.objective, self.judge, self.optimiser, self.discriminator_optimiser = self.accelerator.prepare(
            objective, self.discriminators, optimiser, judge_optimiser
        )
        alone = self.accelerator.num_processes == 1 and config.accumulate == 1
        last = progress_at(config.steps, config)
        self.graphed = (
            GraphedPass(partial(self._forward_and_backward, last), self.generator)
            if fused and alone and config.use_graph
            else None
        )
        self.settled_steps = 0

    def _restore(self, resume: Checkpoint) -> None:
        states = resume.states
        self.painter.load_state_dict(states["painter"])
        self.average.network.load_state_dict(states["average"])
        self.average.updates = int(states["average_updates"])
        self.discriminators.load_state_dict(states["discriminators"])
        self.optimiser.load_state_dict(states["optimiser"])
        self.discriminator_optimiser.load_state_dict(states["discriminator_optimiser"])
        self.step, self.seconds_before = resume.step, resume.seconds

    def _step(self) -> dict[str, Tensor]:
        """One update of the painter and, in its turn, of the discriminators; loss terms for the log."""
        config = self.config
        self._seed_step()
        for optimiser, rate in (
            (self.optimiser, config.learning_rate),
            (self.discriminator_optimiser, config.discriminator_rate),
        ):
            for group in optimiser.param_groups:
                group["lr"] = rate * rate_share(self.step, self._share_done(), config)
        self.discriminators.requires_grad_(False)
        run = self._pass()
        for _ in range(config.accumulate):
            batch = self.sampler.draw()
            outcome = run(batch)
        norm = self.accelerator.clip_grad_norm_(self.trained, config.clip)
        self.optimiser.step()
        if run is not self.graphed:
            self.optimiser.zero_grad(set_to_none=True)
        self.average.update(self.painter)
        terms = {name: value.detach() for name, value in outcome.terms.items()}
        terms["gradient_norm"] = torch.as_tensor(norm)
        since = self.step - config.adversarial_from
        # The discriminators begin one ramp earlier, so that the painter never meets untrained judges.
        judged = progress_at(config.steps, config).adversarial and since >= -config.adversarial_ramp
        if judged and self.step % config.discriminate_every == 0:
            terms |= self._discriminate(batch.artworks, outcome.paintings.detach())
        return terms

    def _pass(self) -> Callable[[Batch], Outcome]:
        """The painter's forward and backward pass; from a CUDA graph once nothing in it changes any more."""
        progress = progress_at(self.step, self.config)
        settled = progress == progress_at(self.config.steps, self.config)
        if self.graphed is not None and settled and self.settled_steps >= STEPS_BEFORE_GRAPH:
            return self.graphed
        self.settled_steps += settled
        return partial(self._forward_and_backward, progress)

    def _forward_and_backward(self, progress: Progress, batch: Batch) -> Outcome:
        outcome: Outcome = self.objective(batch, self.generator, progress)
        self.accelerator.backward(outcome.total / self.config.accumulate)
        return outcome

    def _discriminate(self, artworks: Tensor, paintings: Tensor) -> dict[str, Tensor]:
        config = self.config
        self.discriminators.requires_grad_(True)
        penalise = (self.step // config.discriminate_every) % config.penalty_every == 0
        terms: dict[str, Tensor] = self.judge(paintings, artworks, self.generator, config, penalise)
        self.accelerator.backward(sum(terms.values(), torch.zeros((), device=self.device)))
        self.accelerator.clip_grad_norm_(self.discriminators.parameters(), config.clip)
        self.discriminator_optimiser.step()
        self.discriminator_optimiser.zero_grad(set_to_none=True)
        return {name: value.detach() for name, value in terms.items()}

    def _seed_step(self) -> None:
        """Draws depend on seed, process and step alone, so a resumed run repeats the one that was stopped."""
        process = self.accelerator.process_index
        self.generator.manual_seed((self.config.seed << 40) + (process << 32) + self.step)

    def _share_done(self) -> float:
        """Share of the run that is behind us, by steps or by time, whichever is further."""
        by_steps = self.step / self.config.steps
        if self.config.seconds is None:
            return by_steps
        return max(by_steps, self._elapsed() / self.config.seconds)

    def _elapsed(self) -> float:
        return self.seconds_before + time.monotonic() - self.started

    def _look(self) -> None:
        if not self.accelerator.is_main_process:
            return
        with self.accelerator.autocast():
            paintings = self.sheet.paint(self.average.network)
        grid = self.sheet.grid(paintings)
        save_grid(grid, self.out / f"step-{self.step:06}.jpg")
        if self.log is not None:
            self.log.add_image("samples", grid, self.step)
        for complaint in complaints(paintings):
            logger.warning("step %s: %s", self.step, complaint)

    def _report(
        self, terms: dict[str, Tensor], watch: Callable[[int, dict[str, float]], None] | None
    ) -> None:
        if not self.accelerator.is_main_process:
            return
        figures = {name: float(value) for name, value in terms.items()}
        figures["seconds"] = self._elapsed()
        if self.log is not None:
            for name, value in figures.items():
                self.log.add_scalar(f"loss/{name}", value, self.step)
        told = " ".join(f"{name} {value:.4g}" for name, value in figures.items())
        logger.info("step %s of %s: %s", self.step, self.config.steps, told)
        if not all(math.isfinite(value) for value in figures.values()):
            raise TrainingDivergedError(
                f"The loss is no number any more at step {self.step}: {told}. Lower learning_rate and "
                f"resume from {self.out / 'checkpoint.pt'}."
            )
        if watch is not None:
            watch(self.step, figures)


class TrainingDivergedError(Exception):
    """The run has gone to infinity; the text says what to change."""


def rate_share(step: int, done: float, config: TrainingConfig) -> float:
    """Share of the highest learning rate: linear warm-up, constant, then a cosine to ``final_rate``."""
    rising = min(1.0, (step + 1) / max(1, config.warm_up))
    if done <= config.constant_share:
        return rising
    falling = (done - config.constant_share) / max(1e-9, 1 - config.constant_share)
    cosine = (1 + math.cos(math.pi * min(1.0, falling))) / 2
    return rising * (config.final_rate + (1 - config.final_rate) * cosine)


def _trainable(painter: Painter, config: TrainingConfig) -> Painter:
    painter = painter.float()
    painter.margin = MARGIN
    normalisation.use_batched_norm(painter)
    painter.requires_grad_(True).train()
    normalisation.leave_out_biases(_normalised(painter))
    painter.style_encoder.requires_grad_(config.train_encoder)
    return painter


def _placed(network: Network, device: torch.device) -> Network:
    """``network`` on ``device``, in the memory format that its convolutions are fastest with."""
    return network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _normalised(painter: Painter) -> Iterator[nn.Conv2d]:
    """The convolutions that a norm follows: all of the painting path but the last."""
    for network in (painter.content_encoder, painter.generator):
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d) and layer is not painter.generator.to_rgb:
                yield layer


def _uses_bf16(config: TrainingConfig) -> bool:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return choose_precision(device, config.precision) is torch.bfloat16
