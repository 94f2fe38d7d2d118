"""Whole runs on small pictures; the perceptual network has random weights, which measure texture too."""

import json
import logging

import numpy as np
import pytest
import torch
from PIL import Image

from styletransfer.engine.painter import load_painter
from styletransfer.training import cli
from styletransfer.training.checkpoints import CheckpointError, load_checkpoint
from styletransfer.training.config import ConfigError, LossWeights, TrainingConfig
from styletransfer.training.objective import progress_at
from styletransfer.training.perceptual import PerceptualError, PerceptualNetwork, load_perceptual
from styletransfer.training.pictures import load_pictures
from styletransfer.training.samples import complaints
from styletransfer.training.trainer import Pictures, Trainer, TrainingDivergedError, rate_share

SMALL = {
    "batch": 2, "side": 32, "stored_side": 48, "precision": "fp32", "deterministic": True, "log_every": 1,
    "sample_every": 1000, "adversarial_from": 1, "adversarial_ramp": 1,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _one_thread():
    """Sums are added in the same order, and torch's switches are put back."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.use_deterministic_algorithms(False)
    torch.set_num_threads(threads)


@pytest.fixture
def places(tmp_path):
    """A photo of a dark square on white, an artwork of diagonal orange stripes."""
    photos, styles = tmp_path / "photos", tmp_path / "styles"
    photos.mkdir()
    styles.mkdir()
    photo = np.full((64, 48, 3), 235, np.uint8)
    photo[16:48, 12:36] = (40, 60, 90)
    Image.fromarray(photo).save(photos / "chair.png")
    stripes = (np.add.outer(np.arange(64), np.arange(64)) // 4 % 2)[..., None]
    Image.fromarray(np.where(stripes, (230, 120, 20), (60, 20, 40)).astype(np.uint8)).save(styles / "a.png")
    return photos, styles


def small(**changes):
    return TrainingConfig.from_mapping({**SMALL, **changes})


def pictures(places):
    return Pictures(load_pictures([places[0]], 48), load_pictures([places[1]], 64))


def perceptual():
    torch.manual_seed(7)
    network = PerceptualNetwork()
    for layer in network.convs:
        torch.nn.init.kaiming_normal_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    return network


def weights_of(path):
    return load_painter(path).state_dict()


@pytest.mark.slow
def test_one_pair_is_learnt(places, tmp_path):
    seen = []
    config = small(
        steps=60, learning_rate=2e-3, warm_up=5, ema=0.9, plain_share=0.0, log_every=20,
        adversarial_from=30, discriminate_every=1, weights={
            "contrastive": 0.0, "latent_regression": 0.0, "style": 14.0, "gram": 7.0, "structure": 0.2,
        },
    )  # fmt: skip
    trainer = Trainer(config, pictures(places), perceptual(), tmp_path / "run")
    trainer.run(lambda step, figures: seen.append(figures))
    first, last = seen[0], seen[-1]
    assert last["style"] < first["style"] / 2
    assert last["gram"] < first["gram"] / 2
    assert last["identity"] < first["identity"]
    assert {"d_cooccurrence", "d_style_patch", "cooccurrence", "style_patch"} <= last.keys()
    assert (tmp_path / "run" / "step-000060.jpg").is_file()


@pytest.mark.slow
def test_a_resumed_run_ends_where_the_whole_one_does(places, tmp_path):
    whole = Trainer(
        small(steps=4, constant_share=1.0), pictures(places), perceptual(), tmp_path / "whole"
    ).run()
    Trainer(small(steps=2, constant_share=1.0), pictures(places), perceptual(), tmp_path / "halves").run()
    halfway = load_checkpoint(tmp_path / "halves" / "checkpoint.pt", torch.device("cpu"))
    assert halfway.step == 2
    config = small(steps=4, constant_share=1.0)
    resumed = Trainer(config, pictures(places), perceptual(), tmp_path / "halves", resume=halfway).run()
    assert whole.read_bytes() == resumed.read_bytes()


@pytest.mark.slow
def test_the_command_starts_from_the_shipped_weights_and_lists_what_it_skipped(places, tmp_path, caplog):
    (places[0] / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    file = tmp_path / "vgg16.npz"
    network = perceptual()
    np.savez(
        file,
        **{f"w{i}": layer.weight.detach().numpy() for i, layer in enumerate(network.convs)},
        **{f"b{i}": layer.bias.detach().numpy() for i, layer in enumerate(network.convs)},
    )
    settings = [f"{name}={json.dumps(value)}" for name, value in SMALL.items()]
    options = {
        "photos": [places[0]], "styles": [places[1]], "out": tmp_path / "run", "config": None,
        "perceptual": file,
        "settings": [*settings, "steps=1", "learning_rate=1e-6", "weights.style=3"], "start": "shipped",
        "resume": False, "with_held_out": True, "no_tensorboard": True,
    }  # fmt: skip
    with caplog.at_level(logging.INFO):
        weights = cli.run(options)
    assert "skipped broken.jpg" in caplog.text
    saved = json.loads((tmp_path / "run" / "config.json").read_text())
    assert saved["weights"]["style"] == 3
    shipped, trained = weights_of(None), weights_of(weights)
    assert all(torch.allclose(shipped[name], trained[name], atol=2e-3) for name in shipped)


def test_a_run_that_goes_to_infinity_is_stopped_and_told(places, tmp_path):
    trainer = Trainer(small(steps=3), pictures(places), perceptual(), tmp_path / "run")
    trainer.started = 0.0
    with pytest.raises(TrainingDivergedError, match="Lower learning_rate"):
        trainer._report({"style": torch.tensor(float("nan"))}, None)


def test_unreadable_pictures_are_counted_and_a_place_without_any_is_refused(places, tmp_path):
    (places[0] / "text.png").write_text("no picture")
    store = load_pictures([places[0]], 48)
    assert store.names == ["chair.png"]
    assert list(store.skipped) == ["text.png"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(Exception, match="No readable picture"):
        load_pictures([tmp_path / "empty"], 48)
    with pytest.raises(Exception, match="neither a folder nor a tar file"):
        load_pictures([tmp_path / "nowhere"], 48)


def test_crops_show_the_window_and_plain_colour_around(places):
    store = load_pictures([places[0]], 48)
    windows = torch.tensor([[0.0, 0.0, 64.0, 48.0], [0.0, 0.0, 64.0, -48.0], [-32.0, -24.0, 128.0, 96.0]])
    fill = torch.tensor([[1.0, 0.0, 0.0]]).expand(3, 3)
    whole, mirrored, framed = store.crops(torch.zeros(3, dtype=torch.long), windows, 16, fill)
    assert torch.allclose(whole.flip(2), mirrored, atol=1e-5)
    assert whole[:, 8, 8].mul(255).round().tolist() == [40, 60, 90]
    assert framed[:, 0, 0].tolist() == [1, 0, 0]
    assert framed[:, 8, 8].mul(255).round().tolist() == [40, 60, 90]


def test_the_schedule_rises_stays_and_falls():
    config = TrainingConfig(warm_up=10, constant_share=0.5, final_rate=0.1)
    assert rate_share(0, 0.0, config) == pytest.approx(0.1)
    assert rate_share(50, 0.5, config) == 1
    assert rate_share(75, 0.75, config) == pytest.approx(0.55)
    assert rate_share(100, 1.0, config) == pytest.approx(0.1)


def test_terms_that_start_late_rise():
    config = TrainingConfig(kl_warm_up=100, adversarial_from=50, adversarial_ramp=10)
    assert progress_at(25, config).kl == 0.25
    assert [progress_at(step, config).adversarial for step in (49, 50, 54, 80)] == [0, 0.1, 0.5, 1]
    unjudged = TrainingConfig(weights=LossWeights(cooccurrence=0, style_patch=0))
    assert progress_at(10_000, unjudged).adversarial == 0


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"stepps": "3"}, "no such setting: stepps"),
        ({"weights.styl": "3"}, "no such setting: styl"),
        ({"other.style": "3"}, "there is no setting 'other.style'"),
        ({"side": "30"}, "multiple of 4"),
        ({"batch": "1"}, "batch of 2 or more"),
        ({"weights.style": "-1"}, "must not be negative"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, told):
    with pytest.raises(ConfigError, match=told):
        TrainingConfig().with_settings(settings)


def test_a_configuration_survives_its_file():
    config = TrainingConfig().with_settings({"weights.style": "3.5", "steps": "7", "precision": "fp32"})
    assert TrainingConfig.from_mapping(json.loads(json.dumps(config.as_mapping()))) == config


def test_files_that_are_none_of_ours_are_refused(tmp_path):
    damaged = tmp_path / "checkpoint.pt"
    damaged.write_bytes(b"PK nonsense")
    with pytest.raises(CheckpointError, match="no checkpoint that can be resumed"):
        load_checkpoint(damaged, torch.device("cpu"))
    with pytest.raises(CheckpointError, match="There is no checkpoint"):
        load_checkpoint(tmp_path / "missing.pt", torch.device("cpu"))
    np.savez(tmp_path / "other.npz", w0=np.zeros((3, 3)))
    with pytest.raises(PerceptualError, match="w0 to w9"):
        load_perceptual(tmp_path / "other.npz")


def test_what_goes_wrong_early_is_noticed():
    generator = torch.Generator().manual_seed(0)
    fine = torch.rand(3, 2, 3, 8, 8, generator=generator)
    assert complaints(fine) == []
    assert "nearly uniform" in complaints(torch.full_like(fine, 0.5))[0]
    same_style = fine[:, :1].expand(-1, 2, -1, -1, -1)
    assert ["code is ignored" in text for text in complaints(same_style)] == [True]
    same_photo = fine[:1].expand(3, -1, -1, -1, -1)
    assert ["every photo gives" in text for text in complaints(same_photo)] == [True]
    assert "no numbers" in complaints(fine * float("nan"))[0]
