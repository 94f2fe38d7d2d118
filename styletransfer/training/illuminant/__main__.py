"""Train the network that reads a photo's light.

python -m styletransfer.training.illuminant --photos PLACE … --out DIR [--seconds 300] [--batch 512]

Writes ``illuminant.npz`` for ``styletransfer/weights/``, and prints its errors on held-out photos.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from styletransfer.imaging.unify.illuminant_network import UNIT
from styletransfer.training.averaging import MovingAverage
from styletransfer.training.illuminant.network import TrainedIlluminantNetwork, network_inputs
from styletransfer.training.illuminant.photos import masked_photos
from styletransfer.training.illuminant.scenes import Scenes
from styletransfer.training.pictures import PicturesError

LEARNING_RATE = 2e-3
WARM_UP = 300  # steps
WEIGHT_DECAY = 0.02
DECAY = 0.999  # of the moving average
JUDGED = 2048  # held-out scenes


def train(
    scenes: Scenes, pool: Tensor, seconds: float, batch: int, clock: Callable[[], float] = time.monotonic
) -> TrainedIlluminantNetwork:
    """Train for ``seconds`` of ``clock`` on scenes of the photos in ``pool``; the weights' moving average."""
    network = TrainedIlluminantNetwork().to(scenes.device)
    average = MovingAverage(network, DECAY, slack=50)
    optimiser = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    start, steps = clock(), 0
    while (done := (clock() - start) / seconds) < 1 or not steps:
        rate = LEARNING_RATE * min(1, (steps + 1) / WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * min(done, 1)))
        optimiser.param_groups[0]["lr"] = rate
        srgb, alpha, light = scenes.batch(pool, batch)
        with torch.autocast(scenes.device.type, torch.bfloat16):
            found, doubt = network(network_inputs(srgb, alpha))
        loss = loss_of(found.float(), doubt.float(), light / UNIT)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        steps += 1
        average.update(network)
        if steps % 1000 == 0:
            sys.stdout.write(f"{steps} steps, {done * seconds:.0f} s, loss {loss.item():.3f}\n")
    return average.network


def loss_of(found: Tensor, doubt: Tensor, wanted: Tensor) -> Tensor:
    """Laplace's likelihood, which teaches the expected error too, and Huber's loss for the middle."""
    off = (found - wanted).abs()
    return (off * torch.exp(-doubt) + doubt).mean() / 2 + functional.smooth_l1_loss(found, wanted, beta=0.5)


@torch.no_grad()
def judge(network: TrainedIlluminantNetwork, scenes: Scenes, pool: Tensor) -> str:
    """Errors of log R/G and log B/G on ``JUDGED`` scenes of held-out photos, and of answering "white"."""
    torch.manual_seed(1)
    srgb, alpha, light = scenes.batch(pool, JUDGED)
    found, doubt = network(network_inputs(srgb, alpha))
    error = (found * UNIT - light).abs()
    median, typical = error.median(0).values.tolist(), error.square().mean(0).sqrt().tolist()
    white = light.square().mean(0).sqrt().tolist()
    told, true = (doubt.exp() * UNIT).mean(), error.mean()
    return (
        f"held out: median {median[0]:.4f} {median[1]:.4f}, root mean square {typical[0]:.4f}"
        f' {typical[1]:.4f} (of "white": {white[0]:.4f} {white[1]:.4f}),'
        f" expected error told {told:.4f}, true {true:.4f}\n"
    )


def main() -> int:
    """Run the command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m styletransfer.training.illuminant", description=__doc__)
    parser.add_argument(
        "--photos", nargs="+", type=Path, required=True, help="Folders or tar files of photos."
    )
    parser.add_argument("--out", type=Path, required=True, help="Folder for the weights and the kept masks.")
    parser.add_argument("--count", type=int, default=1800, help="How many photos to use at most.")
    parser.add_argument("--seconds", type=float, default=300, help="How long to train.")
    parser.add_argument("--batch", type=int, default=512, help="Scenes in a step.")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    try:
        photos = masked_photos(options.photos, options.count, options.out / "photos.npz")
    except PicturesError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    scenes = Scenes(photos, device)
    held_out = torch.from_numpy(photos.held_out).to(device)
    network = train(scenes, (~held_out).nonzero().flatten(), options.seconds, options.batch)
    if held_out.any():
        sys.stdout.write(judge(network, scenes, held_out.nonzero().flatten()))
    arrays = {name: values.numpy().astype(np.float16) for name, values in network.weights().items()}
    np.savez_compressed(options.out / "illuminant.npz", **arrays)  # type: ignore[arg-type]
    return 0


if __name__ == "__main__":
    sys.exit(main())
