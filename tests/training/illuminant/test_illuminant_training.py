from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from styletransfer.imaging.unify.illuminant_network import SIDE, UNIT, network_input, network_of
from styletransfer.training.illuminant import __main__ as command
from styletransfer.training.illuminant.network import TrainedIlluminantNetwork, network_inputs
from styletransfer.training.illuminant.photos import MaskedPhotos, masked_photos
from styletransfer.training.illuminant.scenes import Scenes
from styletransfer.training.pictures import PicturesError

CPU = torch.device("cpu")


def photos(count: int = 4) -> MaskedPhotos:
    random = np.random.default_rng(3)
    pixels = np.full((count, SIDE, SIDE, 3), 200, np.uint8)
    pixels[:, 40:90, 40:90] = random.integers(0, 256, (count, 1, 1, 3))
    alpha = np.zeros((count, SIDE, SIDE), np.uint8)
    alpha[: count // 2, 40:90, 40:90] = 255
    return MaskedPhotos(pixels, alpha, np.arange(count) == count - 1)


def test_numpy_and_torch_give_the_same_answer() -> None:
    torch.manual_seed(5)
    trained = TrainedIlluminantNetwork()
    for each in trained.modules():  # statistics as after some training
        if isinstance(each, torch.nn.BatchNorm2d):
            each.get_buffer("running_mean").normal_(0, 0.3)
            each.get_buffer("running_var").uniform_(0.5, 2)
    trained.eval()
    random = np.random.default_rng(5)
    pixels = random.integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    alpha = random.random((SIDE, SIDE)).astype(np.float32)
    srgb = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
    given = network_inputs(srgb, torch.from_numpy(alpha)[None, None])
    np.testing.assert_allclose(given[0].numpy(), network_input(pixels, alpha), atol=2e-5)
    with torch.no_grad():
        answers = [trained(each) for each in (given, given.flip(3))]
    found = UNIT * torch.stack([one for one, _ in answers]).mean(0)[0]
    doubt = torch.stack([other for _, other in answers]).mean()
    light, error = network_of({name: each.numpy() for name, each in trained.weights().items()})(pixels, alpha)
    np.testing.assert_allclose(light, found.numpy(), atol=1e-4)
    assert error == pytest.approx(UNIT * float(doubt.exp()), rel=1e-3)


def test_a_scene_shows_the_light_that_it_says() -> None:
    torch.manual_seed(0)
    grey = MaskedPhotos(
        np.full((2, SIDE, SIDE, 3), 150, np.uint8), np.zeros((2, SIDE, SIDE), np.uint8), np.zeros(2, bool)
    )
    srgb, alpha, light = Scenes(grey, CPU).batch(torch.arange(2), 64)
    assert srgb.shape == (64, 3, SIDE, SIDE)
    assert not alpha.any()
    red, green, blue = srgb.flatten(2).median(2).values.clamp_min(0.02).log().T
    seen = torch.stack((red - green, blue - green), 1)
    mild = light.abs().max(1).values < 0.4
    assert torch.corrcoef(torch.stack((seen[mild, 0], light[mild, 0])))[0, 1] > 0.8
    assert torch.corrcoef(torch.stack((seen[mild, 1], light[mild, 1])))[0, 1] > 0.8


def test_only_known_subjects_come_with_masks() -> None:
    torch.manual_seed(0)
    scenes = Scenes(photos(), CPU)
    _, known, _ = scenes.batch(torch.tensor([0, 1]), 32)
    _, unknown, _ = scenes.batch(torch.tensor([2, 3]), 32)
    assert 16 < int((known.flatten(1) > 0).any(1).sum()) < 32
    assert not unknown.any()


def test_training_lowers_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    monkeypatch.setattr(command, "WARM_UP", 10)
    clock = itertools.count().__next__  # a step takes a second
    scenes, pool = Scenes(photos(), CPU), torch.arange(4)
    untrained = TrainedIlluminantNetwork().eval()
    trained = command.train(scenes, pool, 40, 8, clock)
    srgb, alpha, light = scenes.batch(pool, 64)
    with torch.no_grad():
        losses = [
            command.loss_of(*each(network_inputs(srgb, alpha)), light / UNIT) for each in (untrained, trained)
        ]
    assert losses[1] < 0.85 * losses[0], losses


def test_the_command_writes_weights_and_keeps_masks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(1)
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(40):  # about two of them are held out
        pixels = np.full((60, 60, 3), 235, np.uint8)
        pixels[15:45, 15:45] = random.integers(0, 200, 3)
        Image.fromarray(pixels).save(folder / f"photo_{index}.png")
    arguments = [
        "train",
        "--photos",
        str(folder),
        "--out",
        str(tmp_path / "out"),
        "--seconds",
        "0.1",
        "--batch",
        "4",
    ]
    monkeypatch.setattr(sys, "argv", arguments)
    monkeypatch.setattr(command, "JUDGED", 8)
    assert command.main() == 0
    assert "held out: median" in capsys.readouterr().out
    with np.load(tmp_path / "out" / "illuminant.npz") as arrays:
        light, _ = network_of(arrays)(np.zeros((SIDE, SIDE, 3), np.uint8), np.zeros((SIDE, SIDE), np.float32))
    assert np.isfinite(light).all()
    kept = masked_photos([tmp_path / "gone"], 40, tmp_path / "out" / "photos.npz")
    assert kept.pixels.shape == (40, SIDE, SIDE, 3)
    assert (kept.alpha > 0).any()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(PicturesError, match="nowhere"):
        masked_photos([tmp_path / "nowhere"], 5, tmp_path / "photos.npz")
