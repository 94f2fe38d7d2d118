import pytest
import torch

from styletransfer.training.losses.style import gram_loss, statistics_loss, style_statistics


def statistics(maps, gram=True):
    return style_statistics({"a": maps}, ["a"], gram)


def test_statistics_by_hand():
    maps = torch.tensor([[1.0, 3.0], [1.0, 3.0]]).view(1, 1, 2, 2)
    found = statistics(torch.cat((maps, 2 * maps), 1))["a"]
    assert found.mean.tolist() == [[2.0, 4.0]]
    assert found.deviation[0].tolist() == pytest.approx([1.0, 2.0], abs=1e-4)
    # Means of products: of 1, 3 with itself 5, with its double 10, of the double with itself 20.
    assert found.gram[0].tolist() == [[5.0, 10.0], [10.0, 20.0]]


def test_statistics_loss_by_hand():
    one = statistics(torch.tensor([1.0, 3.0]).view(1, 1, 1, 2))
    other = statistics(torch.tensor([3.0, 5.0]).view(1, 1, 1, 2))
    # Means 2 and 4, deviations 1 and 1: (4 + 0) / (4 + 16 + 1 + 1).
    assert statistics_loss(one, other).item() == pytest.approx(4 / 22, rel=1e-4)


def test_gram_loss_by_hand():
    one = statistics(torch.tensor([1.0, 3.0]).view(1, 1, 1, 2))
    other = statistics(torch.tensor([3.0, 5.0]).view(1, 1, 1, 2))
    # Gram matrices 5 and 17.
    assert gram_loss(one, other).item() == pytest.approx(12**2 / (5**2 + 17**2), rel=1e-4)


@pytest.mark.parametrize("loss", [statistics_loss, gram_loss])
def test_a_style_is_blind_to_places_and_counts_every_style_alike(loss):
    generator = torch.Generator().manual_seed(0)
    maps, other = torch.rand(2, 1, 4, 8, 8, generator=generator).unbind(0)
    moved = maps.flatten(2)[:, :, torch.randperm(64, generator=generator)].view_as(maps)
    assert loss(statistics(moved), statistics(maps)).item() == pytest.approx(0, abs=1e-6)
    plain = loss(statistics(maps), statistics(other * 3)).item()
    strong = loss(statistics(100 * maps), statistics(100 * other * 3)).item()
    assert strong == pytest.approx(plain, rel=1e-2)


def test_losses_are_bounded():
    dark, light = statistics(torch.zeros(1, 4, 8, 8)), statistics(torch.full((1, 4, 8, 8), 100.0))
    assert statistics_loss(dark, light).item() <= 2
    assert gram_loss(dark, light).item() <= 1


def test_the_gradient_leads_to_the_style():
    maps = torch.full((1, 1, 2, 2), 1.0, requires_grad=True)
    target = statistics(torch.full((1, 1, 2, 2), 2.0))
    gram_loss(statistics(maps), target).backward()
    assert (maps.grad < 0).all()


def test_gram_matrices_are_asked_for():
    without = statistics(torch.ones(1, 1, 2, 2), gram=False)
    with pytest.raises(ValueError, match="without Gram"):
        gram_loss(without, without)
