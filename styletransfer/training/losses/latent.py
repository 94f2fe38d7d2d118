"""What makes the style code a latent variable that means something: the VAE's terms and their partners."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - torch's customary name
from torch import Tensor

TEMPERATURE = 0.2


def sample_code(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """Code (B, D) from the posterior, differentiable by its parameters: mean + deviation * noise.

    The reparameterisation of Kingma & Welling 2013, https://arxiv.org/abs/1312.6114, section 2.4.
    """
    return mean + (0.5 * log_variance).exp() * noise


def kl_divergence(mean: Tensor, log_variance: Tensor, free_bits: float = 0.0) -> Tensor:
    """KL(N(mean, variance) || N(0, 1)), summed over the code, in nats; at least ``free_bits`` a number.

    Kingma & Welling 2013, appendix B: (mean^2 + variance - 1 - log variance) / 2. Free bits (Kingma 2016,
    https://arxiv.org/abs/1606.04934, section C.8): a number whose mean over the batch is below the floor has
    no gradient, so that the code is not squeezed out before the generator has learnt to use it.
    """
    each = (mean.square() + log_variance.exp() - 1 - log_variance) / 2
    return each.mean(0).clamp_min(free_bits).sum()


def latent_regression_loss(recovered: Tensor, code: Tensor) -> Tensor:
    """Mean absolute difference of the code read from a painting and the one it was painted in, (B, D).

    |E(G(c, z)) - z| for z from the prior (MUNIT, Huang 2018, https://arxiv.org/abs/1804.04732, eq. 4): codes
    between and beyond the training styles must paint something of their own.
    """
    return (recovered - code).abs().mean()


def contrastive_loss(painted: Tensor, styles: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Cross-entropy of telling which style of the batch a painting has, from codes (B, D); >= 0.

    InfoNCE over cosine similarities (van den Oord 2018, https://arxiv.org/abs/1807.03748, eq. 4): each
    painting's code must be nearest to that of its own style. Stops the generator from ignoring the code.
    """
    similarity = F.normalize(painted, dim=1) @ F.normalize(styles, dim=1).T / temperature
    return F.cross_entropy(similarity, torch.arange(len(painted), device=painted.device))
