"""What keeps the photo's content: perceptual content and reconstruction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from styletransfer.training.normalisation import instance_norm

Features = Mapping[str, Tensor]


def content_loss(painted: Features, photo: Features, layers: Sequence[str]) -> Tensor:
    """Squared difference of normalised features, averaged over the layers; 0 to about 4, 0 when equal.

    Every map is brought to zero mean and unit variance first, so that only the layout counts and a change of
    colour or contrast costs nothing (StyTr2, Deng 2022, https://arxiv.org/abs/2105.14576, eq. 6; AdaAttN).
    Features are (B, C, H, W) by layer.
    """
    terms = [
        (instance_norm(painted[layer]) - instance_norm(photo[layer])).float().square().mean()
        for layer in layers
    ]
    return sum_of(terms) / len(terms)


def reconstruction_loss(painted: Tensor, picture: Tensor) -> Tensor:
    """Mean absolute difference of pictures (B, 3, H, W) in [0, 1]; the VAE's likelihood with Laplace noise.

    Painting a picture in its own style must return it (identity loss, Park & Lee 2019,
    https://arxiv.org/abs/1812.02342; cycle L1 of MUNIT, Huang 2018, https://arxiv.org/abs/1804.04732).
    """
    return (painted.float() - picture).abs().mean()


def feature_reconstruction_loss(painted: Features, picture: Features, layers: Sequence[str]) -> Tensor:
    """Squared difference of features over the picture's mean square, averaged over the layers; >= 0."""
    terms = []
    for layer in layers:
        target = picture[layer].float()
        terms.append((painted[layer].float() - target).square().mean() / (target.square().mean() + 1e-6))
    return sum_of(terms) / len(terms)


def sum_of(terms: Sequence[Tensor]) -> Tensor:
    """Sum of one or more scalars."""
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
