import pytest
import torch

from styletransfer.training.losses.content import (
    content_loss,
    feature_reconstruction_loss,
    reconstruction_loss,
)


@pytest.fixture
def maps():
    return torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def test_content_ignores_contrast_and_brightness_of_a_map(maps):
    changed = maps * torch.tensor([2.0, 0.5, 3.0]).view(1, 3, 1, 1) + 1
    assert content_loss({"a": changed}, {"a": maps}, ["a"]).item() == pytest.approx(0, abs=1e-3)


def test_content_of_an_inverted_map_is_four(maps):
    # Normalised maps x and -x differ by 2x, and x has a variance of 1.
    assert content_loss({"a": -maps}, {"a": maps}, ["a"]).item() == pytest.approx(4, rel=1e-2)


def test_content_is_averaged_over_the_layers(maps):
    pair = {"a": -maps, "b": maps}
    same = {"a": maps, "b": maps}
    assert content_loss(pair, same, ["a", "b"]).item() == pytest.approx(2, rel=1e-2)


def test_reconstruction_is_the_mean_absolute_difference():
    painted = torch.tensor([0.0, 0.5, 1.0, 0.25]).view(1, 1, 2, 2)
    picture = torch.tensor([0.5, 0.5, 0.0, 0.0]).view(1, 1, 2, 2)
    assert reconstruction_loss(painted, picture).item() == pytest.approx((0.5 + 0 + 1 + 0.25) / 4)


def test_feature_reconstruction_is_relative_to_the_picture():
    picture = {"a": torch.full((1, 1, 2, 2), 2.0)}
    painted = {"a": torch.full((1, 1, 2, 2), 3.0)}
    assert feature_reconstruction_loss(painted, picture, ["a"]).item() == pytest.approx(1 / 4)
    doubled = {"a": picture["a"] * 10}, {"a": painted["a"] * 10}
    assert feature_reconstruction_loss(doubled[1], doubled[0], ["a"]).item() == pytest.approx(1 / 4)
