"""Artworks: seeded, of ten different makes, and written by the command."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletransfer.training.synthetic_styles import __main__ as command
from styletransfer.training.synthetic_styles.artworks import FAMILIES, artwork
from styletransfer.training.synthetic_styles.motifs import MOTIFS
from styletransfer.training.synthetic_styles.palettes import (
    equalised,
    posterised,
    random_palette,
    recoloured,
    to_lab,
    to_rgb,
)

SIDE = 64


@pytest.mark.parametrize("family", FAMILIES)
def test_family_number_and_seed_decide_an_artwork(family: str) -> None:
    first = artwork(family, 3, side=SIDE)
    assert first.shape == (SIDE, SIDE, 3)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, artwork(family, 3, side=SIDE))
    assert np.abs(first.astype(int) - artwork(family, 4, side=SIDE)).mean() > 3
    assert np.abs(first.astype(int) - artwork(family, 3, seed=1, side=SIDE)).mean() > 3
    assert 40 < first.mean() < 250
    assert first.std() > 15


def test_photos_can_be_motifs(tmp_path: Path) -> None:
    photo = np.zeros((80, 120, 3), np.uint8)
    photo[:, 40:80] = 255
    path = tmp_path / "stripe.png"
    Image.fromarray(photo).save(path)
    with_photo = [artwork("cel", number, photos=[path], side=SIDE) for number in range(4)]
    drawn = [artwork("cel", number, side=SIDE) for number in range(4)]
    assert any(not np.array_equal(a, b) for a, b in zip(with_photo, drawn, strict=True))


@pytest.mark.parametrize("draw", MOTIFS)
def test_motifs_are_pictures(draw) -> None:
    picture = draw(np.random.default_rng(5), SIDE)
    assert picture.shape == (SIDE, SIDE, 3)
    assert 0 <= picture.min() < picture.max() <= 1
    assert picture.std() > 0.05


def test_palettes_run_from_dark_to_light() -> None:
    for seed in range(20):
        palette = random_palette(np.random.default_rng(seed))
        assert 5 <= len(palette) <= 8
        assert (np.diff(palette[:, 0]) >= 0).all()
        assert palette[0, 0] < 40
        assert palette[-1, 0] > 75


def test_posterised_uses_the_palettes_colours_only() -> None:
    rng = np.random.default_rng(1)
    palette = random_palette(rng)
    flat = posterised(rng.random((32, 32, 3), np.float32), palette)
    allowed = to_rgb(palette[None])[0]
    assert np.abs(flat[:, :, None] - allowed).max(-1).min(-1).max() < 1e-6


def test_recoloured_keeps_the_order_of_lightness() -> None:
    palette = random_palette(np.random.default_rng(1))
    ramp = np.repeat(np.linspace(0, 1, 64, dtype=np.float32)[None, :, None], 3, 2).repeat(8, 0)
    lightness = to_lab(recoloured(ramp, palette))[0, :, 0]
    assert (np.diff(lightness) > -1.5).all()
    assert lightness[-1] - lightness[0] > 40


def test_equalised_spreads_evenly() -> None:
    skewed = np.random.default_rng(1).random((64, 64), np.float32) ** 4
    assert np.percentile(equalised(skewed), [25, 50, 75]) == pytest.approx([0.25, 0.5, 0.75], abs=0.05)
    assert (equalised(np.ones((4, 4), np.float32)) == 0.5).all()


def test_the_command_fills_a_folder(tmp_path: Path) -> None:
    arguments = ["--out", str(tmp_path), "--count", "3", "--side", "48", "--workers", "1", "--start", "7"]
    assert command.main([*arguments, "--families", "cel", "pop"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "cel_0007.webp",
        "cel_0008.webp",
        "pop_0007.webp",
    ]
    with Image.open(tmp_path / "pop_0007.webp") as picture:
        assert picture.size == (48, 48)


def test_the_command_names_photos_it_cannot_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    assert command.main(["--out", str(tmp_path / "out"), "--photos", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "broken.jpg is left out" in said
    assert "no readable photo" in said
