"""The three modes of the norm layer."""

import pytest
import torch

from styletransfer.engine.normalisation import EPSILON, InstanceNorm, NormMode, norm_mode

MAPS = torch.randn(3, 8, 20, 24, generator=torch.Generator().manual_seed(1)) * 3 + 5


def test_own_statistics_give_every_map_zero_mean_and_unit_variance() -> None:
    normalised = InstanceNorm()(MAPS)
    variance, mean = torch.var_mean(MAPS, (2, 3), keepdim=True, correction=0)
    torch.testing.assert_close(normalised, (MAPS - mean) / (variance + EPSILON).sqrt())


def test_gain_and_bias_differ_by_picture() -> None:
    gain, bias = torch.rand(3, 8) + 0.5, torch.rand(3, 8)
    expected = InstanceNorm()(MAPS) * gain[..., None, None] + bias[..., None, None]
    torch.testing.assert_close(InstanceNorm()(MAPS, gain, bias), expected)


def test_collecting_changes_nothing_and_frozen_statistics_repeat_it() -> None:
    norm = InstanceNorm()
    with norm_mode(norm, NormMode.COLLECT):
        collected = norm(MAPS)
    torch.testing.assert_close(collected, InstanceNorm()(MAPS))
    with norm_mode(norm, NormMode.FROZEN):
        torch.testing.assert_close(norm(MAPS), collected, atol=1e-5, rtol=1e-5)
        corner = norm(MAPS[:, :, :5, :7])
    torch.testing.assert_close(corner, collected[:, :, :5, :7], atol=1e-5, rtol=1e-5)


def test_statistics_of_one_picture_serve_a_batch() -> None:
    norm = InstanceNorm()
    with norm_mode(norm, NormMode.COLLECT):
        norm(MAPS[:1])
    with norm_mode(norm, NormMode.FROZEN):
        batch = norm(MAPS)
        torch.testing.assert_close(batch[2:], norm(MAPS[2:]))


def test_frozen_without_statistics_is_refused() -> None:
    norm = InstanceNorm()
    with norm_mode(norm, NormMode.FROZEN), pytest.raises(RuntimeError, match="collected"):
        norm(MAPS)


def test_mode_returns_to_own_after_an_error() -> None:
    norm = InstanceNorm()
    with pytest.raises(ZeroDivisionError), norm_mode(norm, NormMode.COLLECT):
        raise ZeroDivisionError
    assert norm.mode is NormMode.OWN


def test_statistics_are_float32_for_bfloat16_maps() -> None:
    norm = InstanceNorm()
    shifted = (MAPS + 60).bfloat16()
    with norm_mode(norm, NormMode.COLLECT):
        norm(shifted)
    assert norm.mean is not None
    torch.testing.assert_close(norm.mean, shifted.float().mean((2, 3)), atol=1e-3, rtol=0)
