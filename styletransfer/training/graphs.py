"""Replaying the painter's forward and backward pass as one CUDA graph.

A step is thousands of small kernels, which a processor needs longer to launch than a GPU to run. A graph
launches them at once (https://pytorch.org/blog/accelerating-pytorch-with-cuda-graphs/).
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch

from styletransfer.training.batches import Batch
from styletransfer.training.objective import Outcome

logger = logging.getLogger(__name__)


class GraphedPass:
    """Runs ``step``, a forward and backward pass that leaves gradients in ``.grad``, from a graph.

    The graph is captured on first use, after the pass has run often enough without one to have every kernel
    compiled and chosen. Where it cannot be captured, the pass goes on without.

    Args:
        step: the pass; draws from ``generator`` alone and copies nothing from the host.
        generator: of the random numbers; may be seeded anew between steps.
    """

    def __init__(self, step: Callable[[Batch], Outcome], generator: torch.Generator) -> None:
        self.step, self.generator = step, generator
        self.graph: torch.cuda.CUDAGraph | None = None
        self.failed = False

    def __call__(self, batch: Batch) -> Outcome:
        """Run the pass on ``batch``; the outcome is valid until the next call."""
        if self.failed:
            return self.step(batch)
        if self.graph is None:
            self._capture(batch)
            if self.graph is None:
                return self.step(batch)
        self.photos.copy_(batch.photos)
        self.artworks.copy_(batch.artworks)
        self.graph.replay()
        return self.outcome

    def _capture(self, batch: Batch) -> None:
        self.photos, self.artworks = batch.photos.clone(), batch.artworks.clone()
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self.generator)
        try:
            torch.cuda.synchronize()
            with torch.cuda.graph(graph):
                self.outcome = self.step(Batch(self.photos, self.artworks))
        except RuntimeError as error:
            torch.cuda.synchronize()
            self.failed = True
            logger.warning("training goes on without a CUDA graph: %s", error)
            return
        self.graph = graph
