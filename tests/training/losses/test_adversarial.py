import math

import pytest
import torch

from styletransfer.training.losses.adversarial import discriminator_loss, generator_loss, r1_penalty


def test_losses_are_the_logarithms_of_the_sigmoid():
    real, fake = torch.tensor([2.0, -1.0]), torch.tensor([0.5])
    sigmoid = torch.sigmoid
    expected = -sigmoid(real).log().mean() - (1 - sigmoid(fake)).log().mean()
    assert discriminator_loss(real, fake).item() == pytest.approx(expected.item(), rel=1e-5)
    assert generator_loss(fake).item() == pytest.approx(-sigmoid(fake).log().item(), rel=1e-5)


def test_undecided_scores():
    zero = torch.zeros(3)
    assert generator_loss(zero).item() == pytest.approx(math.log(2))
    assert discriminator_loss(zero, zero).item() == pytest.approx(2 * math.log(2))


def test_the_generator_keeps_its_gradient_where_the_discriminator_is_sure():
    # What "non-saturating" means: log(1 - D) would have a gradient near 0 here.
    score = torch.tensor([-20.0], requires_grad=True)
    generator_loss(score).backward()
    assert score.grad.item() == pytest.approx(-1, abs=1e-4)


def test_both_sides_pull_their_own_way():
    real, fake = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)
    discriminator_loss(real, fake).backward()
    assert real.grad.item() < 0 < fake.grad.item()


def test_penalty_of_a_linear_judge_is_its_slope_squared():
    slope = torch.arange(12.0, requires_grad=True).view(1, 3, 2, 2)
    pictures = torch.rand(5, 3, 2, 2, requires_grad=True)
    penalty = r1_penalty((pictures * slope).sum((1, 2, 3)), pictures)
    assert penalty.item() == pytest.approx(sum(i * i for i in range(12)))
    assert penalty.requires_grad
