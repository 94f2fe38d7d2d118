"""Replaying the painting of a batch as one CUDA graph.

A painting is some hundred kernels; launched one by one from Python, those of a small picture take longer to
launch than to run. A graph launches them at once (https://pytorch.org/blog/accelerating-pytorch-with-cuda-graphs/).
It holds for one shape, so it is captured only for shapes that come back, and the last few are kept.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from styletransfer.engine.controls import Amounts, Uses, apply_controls, to_bytes
from styletransfer.engine.painter import Painter

KEPT = 8
CAPTURED_FROM = 3  # paintings of one shape
REMEMBERED = 256  # shapes that are counted


Key = tuple[torch.Size, Uses]


def paint_batch(painter: Painter, photos: Tensor, codes: Tensor, amounts: Amounts) -> Tensor:
    """Photos (B, 3, H, W) uint8 in the styles of ``codes`` (B, 128) with their controls, as uint8."""
    return apply_controls(photos, to_bytes(painter.paint(photos, codes)), amounts)


@dataclass(frozen=True)
class CapturedPainting:
    """A graph with the tensors that it reads and writes."""

    graph: torch.cuda.CUDAGraph
    photos: Tensor
    codes: Tensor
    amounts: Tensor
    painted: Tensor


class PaintingGraphs:
    """Paints batches on a CUDA GPU, those of shapes that come back by graphs.

    All graphs share one pool of memory, for they never run at the same time: a result is valid until the next
    call only.
    """

    def __init__(self, painter: Painter) -> None:
        self.painter = painter
        self._captured: OrderedDict[Key, CapturedPainting] = OrderedDict()
        self._seen: Counter[Key] = Counter()
        self._pool = torch.cuda.graph_pool_handle()

    def paint(self, photos: Tensor, codes: Tensor, amounts: Amounts) -> Tensor:
        """Like ``paint_batch``, with everything on the GPU."""
        key = photos.shape, amounts.uses
        captured = self._captured.get(key)
        if captured is None:
            self._seen[key] += 1
            if self._seen[key] < CAPTURED_FROM:
                self._forget_rare_shapes()
                return paint_batch(self.painter, photos, codes, amounts)
            captured = self._capture(key, photos, codes, amounts)
        self._captured.move_to_end(key)
        captured.photos.copy_(photos)
        captured.codes.copy_(codes)
        captured.amounts.copy_(amounts.values)
        captured.graph.replay()
        return captured.painted

    def clear(self) -> None:
        """Give the graphs' memory back."""
        self._captured.clear()
        self._seen.clear()

    def _capture(self, key: Key, photos: Tensor, codes: Tensor, amounts: Amounts) -> CapturedPainting:
        photos, codes, values = photos.clone(), codes.clone(), amounts.values.clone()
        graph = torch.cuda.CUDAGraph()
        with _kernels_tried_out():
            paint_batch(self.painter, photos, codes, amounts)
            # Threads that decode use no CUDA but its page-locked memory, which does not concern a capture.
            with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
                painted = paint_batch(self.painter, photos, codes, Amounts(values, amounts.uses))
        captured = CapturedPainting(graph, photos, codes, values, painted)
        self._captured[key] = captured
        while len(self._captured) > KEPT:
            self._captured.popitem(last=False)
        return captured

    def _forget_rare_shapes(self) -> None:
        if len(self._seen) > REMEMBERED:
            self._seen = Counter(dict(self._seen.most_common(REMEMBERED // 2)))


@contextmanager
def _kernels_tried_out() -> Iterator[None]:
    """Let cuDNN time its kernels: they are chosen once for the whole life of a graph."""
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before
