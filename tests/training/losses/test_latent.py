import math

import pytest
import torch

from styletransfer.training.losses.latent import (
    contrastive_loss,
    kl_divergence,
    latent_regression_loss,
    sample_code,
)


def test_a_sample_is_the_mean_and_the_deviation_times_the_noise():
    mean, log_variance = torch.tensor([[1.0]]), torch.tensor([[math.log(4.0)]])
    assert sample_code(mean, log_variance, torch.tensor([[3.0]])).item() == pytest.approx(7)


def test_samples_carry_gradients_to_both_parameters():
    mean, log_variance = torch.zeros(1, 1, requires_grad=True), torch.zeros(1, 1, requires_grad=True)
    sample_code(mean, log_variance, torch.tensor([[2.0]])).backward()
    assert (mean.grad.item(), log_variance.grad.item()) == (1.0, 1.0)


def test_kl_agrees_with_torch_distributions():
    generator = torch.Generator().manual_seed(0)
    mean, log_variance = torch.randn(2, 5, 8, generator=generator).unbind(0)
    posterior = torch.distributions.Normal(mean, (log_variance / 2).exp())
    expected = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0))
    assert kl_divergence(mean, log_variance).item() == pytest.approx(expected.sum(1).mean().item(), rel=1e-5)
    assert kl_divergence(torch.zeros(3, 8), torch.zeros(3, 8)).item() == 0


def test_free_bits_leave_small_numbers_alone():
    mean = torch.tensor([[0.1, 3.0]], requires_grad=True)
    loss = kl_divergence(mean, torch.zeros(1, 2), free_bits=0.5)
    loss.backward()
    assert loss.item() == pytest.approx(0.5 + 4.5)
    assert mean.grad.tolist() == [[0.0, 3.0]]


def test_latent_regression_is_the_mean_absolute_difference():
    assert latent_regression_loss(torch.tensor([[1.0, -1.0]]), torch.tensor([[0.0, 2.0]])).item() == 2


def test_contrast_by_hand():
    codes = torch.eye(2)
    expected = -math.log(math.exp(5) / (math.exp(5) + 1))  # similarities 1 and 0 over a temperature of 0.2
    assert contrastive_loss(codes, codes).item() == pytest.approx(expected, rel=1e-4)
    assert contrastive_loss(codes.flip(0), codes).item() == pytest.approx(expected + 5, rel=1e-4)


def test_contrast_looks_at_directions_only():
    codes = torch.randn(4, 8, generator=torch.Generator().manual_seed(0))
    assert contrastive_loss(3 * codes, codes).item() == pytest.approx(contrastive_loss(codes, codes).item())
