"""The measures on features, the baselines, the fixed list of pairs, and the command itself."""

import io
import json
import re
import tarfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from styletransfer.engine.base import Pixels
from styletransfer.imaging.colour import rgb_to_lab
from styletransfer.training import evaluate
from styletransfer.training.evaluation import report, text
from styletransfer.training.evaluation.contenders import PhotoItself, ReinhardTransfer, unique_names
from styletransfer.training.evaluation.feature_style import (
    balanced_style_loss,
    feature_statistics,
    gram_distance,
    self_similarity,
    self_similarity_distance,
)
from styletransfer.training.evaluation.features import SIMILARITY_LAYER, STYLE_LAYERS
from styletransfer.training.evaluation.measures import Measure
from styletransfer.training.evaluation.pairs import load_network
from styletransfer.training.evaluation.pictures import (
    EvaluationSet,
    NamedPicture,
    NoPicturesError,
    evaluation_set,
)
from styletransfer.training.evaluation.structure import PictureFacts, structure_measures


def coloured(seed: int, height: int = 64, width: int = 48) -> Pixels:
    """Soft random colours."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 5, 3), np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def features(maps: torch.Tensor) -> dict[str, torch.Tensor]:
    return dict.fromkeys((*STYLE_LAYERS, SIMILARITY_LAYER), maps)


def test_balanced_style_loss_by_hand() -> None:
    # Means (1, 0) and (0, 2), deviations 0: (1 + 4) / (1 + 4); and means (1, 0) and (2, 0): 1 / 5.
    first = torch.tensor([1.0, 0]).view(1, 2, 1, 1).expand(1, 2, 4, 4)
    second = torch.tensor([0, 2.0]).view(1, 2, 1, 1).expand(1, 2, 4, 4)
    a, b, c = (feature_statistics(features(maps))[0] for maps in (first, second, 2 * first))
    assert balanced_style_loss(a, b) == pytest.approx(1)
    assert balanced_style_loss(a, c) == pytest.approx(1 / 5)
    assert balanced_style_loss(a, a) == 0


def test_gram_distance_by_hand_and_blind_to_places() -> None:
    generator = torch.Generator().manual_seed(1)
    maps = torch.rand(1, 3, 5, 5, generator=generator)
    a, flipped, double = (feature_statistics(features(m))[0] for m in (maps, maps.flip(3), 2 * maps))
    assert gram_distance(a, flipped) == pytest.approx(0, abs=1e-3)
    assert gram_distance(a, double) == pytest.approx(3 / 17**0.5)  # |G - 4 G| / sqrt(|G|^2 + |4 G|^2)


def test_self_similarity_sees_places_and_no_scale() -> None:
    generator = torch.Generator().manual_seed(1)
    maps = torch.rand(1, 8, 16, 16, generator=generator)
    own, scaled, moved = (self_similarity(features(m))[0] for m in (maps, 3 * maps, maps.roll(5, 3)))
    assert own.shape == (64, 256) or own.shape[1] == 64 * 64
    assert self_similarity_distance(own, scaled) == pytest.approx(0, abs=1e-4)
    assert self_similarity_distance(own, moved) > 0.05


def test_reinhard_gives_the_styles_colour_statistics() -> None:
    grey = np.clip(coloured(1).astype(int) // 4 + 96, 0, 255).astype(np.uint8)
    photo, style = NamedPicture("photo", grey), NamedPicture("style", coloured(2) // 3 + 80)
    painting = ReinhardTransfer().paint(photo, [style])[0]
    got, wanted = rgb_to_lab(painting), rgb_to_lab(style.pixels)
    np.testing.assert_allclose(got.mean((0, 1)), wanted.mean((0, 1)), atol=1.5)
    np.testing.assert_allclose(got.std((0, 1)), wanted.std((0, 1)), rtol=0.15)


def test_the_photo_itself_keeps_everything() -> None:
    photo = NamedPicture("photo", coloured(1))
    facts = PictureFacts(PhotoItself().paint(photo, [photo])[0])
    assert structure_measures(PictureFacts(photo.pixels), facts) == pytest.approx(
        {"ssim": 1, "edge_f1": 1, "edge_correlation": 1}, abs=1e-5
    )


def test_every_photo_takes_turns_with_the_styles() -> None:
    picture = NamedPicture("a", coloured(1))
    pairs = EvaluationSet([picture] * 5, [picture] * 10, styles_per_photo=4)
    assert pairs.styles_of(0) == [0, 1, 2, 3]
    assert pairs.styles_of(2) == [0, 1, 8, 9]
    assert EvaluationSet([picture], [picture] * 3).styles_of(0) == [0, 1, 2]


def png(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """A tar file of photos, two of them held out and one of those broken, and a folder of styles."""
    content, styles = tmp_path / "content.tar", tmp_path / "styles"
    with tarfile.open(content, "w") as archive:
        held_out = {"cloth_02218.png": png(coloured(1)), "cloth_01896.png": b"broken"}
        for name, contents in {**held_out, "cloth_00001.png": png(coloured(2)), "notes.txt": b""}.items():
            member = tarfile.TarInfo(name)
            member.size = len(contents)
            archive.addfile(member, io.BytesIO(contents))
    styles.mkdir()
    for number in (3, 4, 30):
        (styles / f"painting_{number:03}.png").write_bytes(png(coloured(number)))
    return content, styles


def test_only_held_out_pictures_are_chosen(places: tuple[Path, Path]) -> None:
    found = evaluation_set(*places, side=96)
    assert [photo.name for photo in found.photos] == ["cloth_02218"]
    assert [style.name for style in found.styles] == ["painting_003", "painting_004"]
    assert found.photos[0].pixels.shape == (96, 72, 3)
    assert len(found.notes) == 1
    assert "cloth_01896.png was left out" in found.notes[0]


def test_a_shops_own_folder_is_used_whole_with_a_note(tmp_path: Path) -> None:
    (tmp_path / "mug.png").write_bytes(png(coloured(1)))
    found = evaluation_set(tmp_path, tmp_path, side=64)
    assert [photo.name for photo in found.photos] == ["mug"]
    assert "no held-out file" in found.notes[0]


def test_no_pictures_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoPicturesError, match="holds no picture"):
        evaluation_set(tmp_path, tmp_path)
    with pytest.raises(NoPicturesError, match="neither a folder nor a tar file"):
        evaluation_set(tmp_path / "missing", tmp_path)


def test_names_must_differ() -> None:
    with pytest.raises(ValueError, match="one name"):
        unique_names([PhotoItself(), PhotoItself()])


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Tiny pictures are painted fastest by one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("one_thread")
def test_the_command_compares_and_reports(places: tuple[Path, Path], tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(text.shutil, "which", lambda program: None)
    content, styles = map(str, places)
    out = tmp_path / "out"
    arguments = ["--content", content, "--styles", styles, "--out", str(out), "--side", "160", "--shipped"]
    arguments += ["--per-photo", "1"]
    assert evaluate.main(arguments) == 0
    results = json.loads((out / "results.json").read_text())
    assert results["styles"] == ["painting_003", "painting_004"]
    assert list(results["contenders"]) == ["photo itself", "Reinhard colour transfer", "shipped weights"]
    values = {name: found["values"] for name, found in results["contenders"].items()}
    assert values["photo itself"]["ssim"] == pytest.approx(1)
    assert values["photo itself"]["text_legibility"] is None
    shipped = values["shipped weights"]
    assert shipped["ssim"] < 0.95
    assert shipped["style_distance"] != values["photo itself"]["style_distance"]
    assert shipped["reconstruction_psnr"] > 15
    assert shipped["padding_change_frozen"] < shipped["padding_change"]
    curve = results["contenders"]["shipped weights"]["strength_curve"]
    assert [point["strength"] for point in curve] == [0.25, 0.5, 0.75, 1]
    assert curve[0]["ssim"] > curve[-1]["ssim"]
    page = (out / "report.html").read_text()
    for picture in re.findall(r'src="([^"]+)"', page):
        assert (out / picture).is_file()
    assert "balanced style loss" not in page  # there was no perceptual network
    assert "Reinhard colour transfer" in page


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--content", str(tmp_path), "--styles", str(tmp_path), "--out", str(tmp_path)]
    assert evaluate.main(arguments) == 2
    assert "holds no picture" in capsys.readouterr().err


def test_legibility_counts_letters() -> None:
    assert text.edit_distance("kitten", "sitting") == 3
    assert text.legible_share("SEA SALT", "sea  salt\n") == 1
    assert text.legible_share("GROVE", "GR0VE") == pytest.approx(0.8)
    assert text.legible_share("TEA", "something else entirely") == 0


def test_best_follows_the_direction_and_needs_two() -> None:
    higher, near = Measure("a", "", "", "higher"), Measure("b", "", "", "nearer 1")
    assert report._best(higher, {"x": 1.0, "y": 2.0, "z": float("nan")}) == {"y"}
    assert report._best(near, {"x": 0.95, "y": 1.2}) == {"x"}
    assert report._best(higher, {"x": 1.0}) == set()


def test_the_perceptual_network_is_read_and_looked_through(tmp_path: Path) -> None:
    widths = (3, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8)
    rng = np.random.default_rng(1)
    arrays = {f"w{i}": rng.normal(0, 0.1, (b, a, 3, 3)) for i, (a, b) in enumerate(pairwise(widths))}
    arrays |= {f"b{i}": np.zeros(8) for i in range(10)}
    np.savez(tmp_path / "vgg.npz", **arrays)
    network = load_network(tmp_path / "vgg.npz")
    assert network is not None
    seen = network([coloured(1, 32, 48), coloured(2, 32, 48)])
    assert {name: tuple(maps.shape[2:]) for name, maps in seen.items()} == {
        "relu1_2": (32, 48),
        "relu2_2": (16, 24),
        "relu3_1": (8, 12),
        "relu3_3": (8, 12),
        "relu4_3": (4, 6),
    }
    assert min(float(maps.min()) for maps in seen.values()) == 0
    with pytest.raises(ValueError, match="no VGG16 file"):
        load_network(tmp_path / "missing.npz")
