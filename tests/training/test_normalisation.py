import pytest
import torch

from styletransfer.engine.networks import ContentBlock, StyledBlock
from styletransfer.engine.normalisation import InstanceNorm, NormMode, norm_mode
from styletransfer.training.normalisation import BatchedInstanceNorm, instance_norm, use_batched_norm


@pytest.fixture
def maps():
    return torch.randn(3, 4, 6, 5, generator=torch.Generator().manual_seed(0)).double().float() * 3 + 1


def test_it_equals_the_engines_norm(maps):
    gain, bias = torch.rand(2, 3, 4, generator=torch.Generator().manual_seed(1)).unbind(0)
    assert torch.allclose(instance_norm(maps, gain, bias), InstanceNorm()(maps, gain, bias), atol=1e-5)
    assert torch.allclose(instance_norm(maps), InstanceNorm()(maps), atol=1e-5)


@pytest.mark.parametrize("relu", [False, True])
def test_its_gradients_are_those_of_the_formula(maps, relu):
    gain, bias = torch.rand(2, 3, 4, generator=torch.Generator().manual_seed(1)).unbind(0)
    added = torch.rand(maps.shape, generator=torch.Generator().manual_seed(3))
    weights = torch.randn(maps.shape, generator=torch.Generator().manual_seed(2))

    def plain(maps, gain, bias, added):
        variance, mean = torch.var_mean(maps, (2, 3), keepdim=True, correction=0)
        normalised = (maps - mean) * (variance + 1e-5).rsqrt() * gain[..., None, None] + bias[..., None, None]
        return (normalised.relu() if relu else normalised) + added

    def batched(maps, gain, bias, added):
        return instance_norm(maps, gain, bias, relu=relu, add=added)

    gradients = []
    for norm in (plain, batched):
        inputs = [tensor.clone().requires_grad_(True) for tensor in (maps, gain, bias, added)]
        (norm(*inputs) * weights).sum().backward()
        gradients.append([tensor.grad for tensor in inputs])
    for expected, found in zip(*gradients, strict=True):
        assert torch.allclose(found, expected, atol=1e-4)


def test_half_precision_maps_keep_float_statistics():
    maps = (torch.randn(1, 2, 32, 32, generator=torch.Generator().manual_seed(0)) + 300).bfloat16()
    found = instance_norm(maps)
    assert found.dtype == torch.bfloat16
    assert found.float().mean().item() == pytest.approx(0, abs=0.02)


def test_every_norm_of_a_network_is_replaced_and_collecting_still_works():
    block = StyledBlock(4, 8)
    state = {name: value.clone() for name, value in block.state_dict().items()}
    use_batched_norm(block)
    kinds = {type(module) for module in block.modules() if isinstance(module, InstanceNorm)}
    assert kinds == {BatchedInstanceNorm}
    assert block.state_dict().keys() == state.keys()
    plain = ContentBlock(4)
    use_batched_norm(plain)
    with norm_mode(plain, NormMode.COLLECT):
        plain(torch.rand(1, 4, 8, 8))
    assert plain.norm1.mean is not None
