"""The game between generator and discriminators: non-saturating logistic losses with an R1 penalty.

Goodfellow 2014, https://arxiv.org/abs/1406.2661: the discriminator minimises -log D(x) - log(1 - D(G(z))),
the generator -log D(G(z)). With D = sigmoid(score) these are softplus(-score) and softplus(score).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - torch's customary name
from torch import Tensor


def generator_loss(fake_scores: Tensor) -> Tensor:
    """-log D(G(z)), averaged over scores of any shape; >= 0, log 2 at score 0."""
    return F.softplus(-fake_scores.float()).mean()


def discriminator_loss(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """-log D(x) - log(1 - D(G(z))), averaged over scores; >= 0, 2 log 2 at score 0."""
    return F.softplus(-real_scores.float()).mean() + F.softplus(fake_scores.float()).mean()


def r1_penalty(scores: Tensor, pictures: Tensor) -> Tensor:
    """Squared length of the score's gradient by real pictures (N, 3, H, W), averaged over them; >= 0.

    R1 of Mescheder 2018, https://arxiv.org/abs/1801.04406, eq. 9 without its factor of a half. Pictures must
    require gradients and the scores must come from them. Lazy regularisation (Karras 2020,
    https://arxiv.org/abs/1912.04958, section 3.1) evaluates it every few updates with a larger weight.
    """
    (gradient,) = torch.autograd.grad(scores.float().sum(), pictures, create_graph=True)
    return gradient.float().flatten(1).square().sum(1).mean()
