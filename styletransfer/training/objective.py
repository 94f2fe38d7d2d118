"""What one batch costs the painter and the discriminators: forward passes and every loss term."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - torch's customary name
from torch import Tensor, nn

from styletransfer.engine.painter import Painter
from styletransfer.training.batches import Batch
from styletransfer.training.config import TrainingConfig
from styletransfer.training.discriminators import (
    CROPS,
    REFERENCES,
    CooccurrenceDiscriminator,
    PatchDiscriminator,
    random_patches,
)
from styletransfer.training.losses import adversarial, content, latent, lightness, style
from styletransfer.training.perceptual import CONTENT_LAYERS, STYLE_LAYERS, PerceptualNetwork

OWN_LAYERS = ("conv2_2", "conv3_3")  # that pictures painted in their own style are compared in
R1_COOCCURRENCE = 1.0
R1_STYLE_PATCH = 10.0

Terms = dict[str, Tensor]


@dataclass(frozen=True)
class Outcome:
    """Loss terms, each already times its weight, and the paintings (B, 3, H, W) they were measured on."""

    terms: Terms
    paintings: Tensor

    @property
    def total(self) -> Tensor:
        """Sum of the terms."""
        return content.sum_of(list(self.terms.values()))


class Discriminators(nn.Module):
    """Both discriminators, so that one optimiser and one wrapper hold them."""

    def __init__(self) -> None:
        super().__init__()
        self.cooccurrence, self.style_patch = CooccurrenceDiscriminator(), PatchDiscriminator()

    def forward(
        self,
        paintings: Tensor,
        artworks: Tensor,
        generator: torch.Generator,
        config: TrainingConfig,
        penalise: bool,
    ) -> Terms:
        """The discriminators' own loss terms, with R1 penalties where ``penalise``."""
        terms: Terms = {}
        penalty = config.penalty_every / 2
        if config.weights.cooccurrence:
            references = random_patches(artworks, REFERENCES, generator)
            real = random_patches(artworks, CROPS, generator).requires_grad_(penalise)
            fake = random_patches(paintings, CROPS, generator)
            real_scores = self.cooccurrence(real, references)
            fake_scores = self.cooccurrence(fake, references)
            terms["d_cooccurrence"] = adversarial.discriminator_loss(real_scores, fake_scores)
            if penalise:
                weight = R1_COOCCURRENCE * penalty
                terms["r1_cooccurrence"] = weight * adversarial.r1_penalty(real_scores, real) * CROPS
        if config.weights.style_patch:
            real = artworks.detach().clone().requires_grad_(penalise)
            real_scores, fake_scores = self.style_patch(real), self.style_patch(paintings)
            terms["d_style_patch"] = adversarial.discriminator_loss(real_scores, fake_scores)
            if penalise:
                # The gradient of the mean score, so that the penalty does not grow with the picture's size.
                mean_scores = real_scores.float().mean((1, 2, 3))
                terms["r1_style_patch"] = R1_STYLE_PATCH * penalty * adversarial.r1_penalty(mean_scores, real)
        return terms


@dataclass(frozen=True)
class Scene:
    """A batch and all that was painted of it, (B, 3, H, W) in [0, 1] each.

    Attributes:
        photos: what was painted.
        artworks: in whose styles.
        paintings: one of each photo.
        repainted: some photos in their own style, then as many artworks in theirs.
        from_prior: some photos in codes from the prior.
        mean: (B, 128) posterior means of the artworks' codes.
        log_variance: (B, 128) their log-variances.
        drawn: the codes of ``from_prior``.
    """

    photos: Tensor
    artworks: Tensor
    paintings: Tensor
    repainted: Tensor
    from_prior: Tensor
    mean: Tensor
    log_variance: Tensor
    drawn: Tensor


class PainterObjective(nn.Module):
    """The painter with what its losses need; perceptual network and discriminators stay frozen here."""

    def __init__(
        self,
        painter: Painter,
        perceptual: PerceptualNetwork,
        discriminators: Discriminators,
        config: TrainingConfig,
    ) -> None:
        super().__init__()
        self.painter = painter
        self.config = config
        # In a tuple they are no submodules: their weights are not trained by this objective.
        self._judges = (perceptual, discriminators)

    def forward(self, batch: Batch, generator: torch.Generator, progress: Progress) -> Outcome:
        """Loss terms of a batch; random draws come from ``generator``."""
        scene = self._paint(batch, generator)
        terms = self._picture_terms(scene) | self._code_terms(scene, progress)
        if progress.adversarial:
            terms |= self._adversarial_terms(batch, scene.paintings, generator, progress.adversarial)
        return Outcome(terms, scene.paintings)

    def _paint(self, batch: Batch, generator: torch.Generator) -> Scene:
        """All that the networks are asked for, in one pass each: many small ones keep a GPU waiting."""
        size = len(batch.photos)
        own = max(1, round(self.config.identity_share * size))
        pictures = torch.cat((batch.artworks, batch.photos[:own]))
        mean, log_variance = (t.float() for t in self.painter.style_encoder(pictures * 2 - 1))
        codes = latent.sample_code(mean, log_variance, self._noise(mean, generator))
        prior = round(self.config.prior_share * size) if self.config.weights.latent_regression else 0
        drawn = torch.randn((prior, mean.shape[1]), generator=generator, device=mean.device)
        maps = self._content(torch.cat((batch.photos, batch.artworks[:own])))
        painted = self.painter.generator(
            torch.cat((maps[:size], maps[:own], maps[size:], maps[size - prior : size])),
            # Artworks keep the codes drawn for them from the posterior: painting them back is the VAE's term.
            torch.cat((codes[:size], codes[size:], codes[:own], drawn)),
        )
        margin = self.painter.margin
        cropped = painted[:, :, margin:-margin, margin:-margin]
        paintings, repainted, from_prior = torch.split(cropped, [size, 2 * own, prior])
        return Scene(
            batch.photos,
            batch.artworks,
            paintings,
            repainted,
            from_prior,
            mean[:size],
            log_variance[:size],
            drawn,
        )

    def _noise(self, mean: Tensor, generator: torch.Generator) -> Tensor:
        """Noise (B, 128) for some of the codes, zeros for the others: those are painted from their means."""
        noise = torch.randn(mean.shape, generator=generator, device=mean.device)
        sampled = (
            torch.rand((len(mean), 1), generator=generator, device=mean.device) < self.config.sampled_share
        )
        return noise * sampled

    def _content(self, pictures: Tensor) -> Tensor:
        margin = self.painter.margin
        padded = F.pad(pictures * 2 - 1, (margin,) * 4, mode="reflect")
        maps: Tensor = self.painter.content_encoder(padded.contiguous(memory_format=torch.channels_last))
        return maps

    def _picture_terms(self, scene: Scene) -> Terms:
        """Content, style, lightness and reconstruction, measured on the paintings."""
        perceptual, _ = self._judges
        weights, size = self.config.weights, len(scene.photos)
        own = len(scene.repainted) // 2
        pictures = torch.cat((scene.photos[:own], scene.artworks[:own]))
        with torch.no_grad():
            known = perceptual(torch.cat((scene.photos, scene.artworks)))
        features = perceptual(torch.cat((scene.paintings, scene.repainted)))
        of_painting, of_repainted = _split(features, (size, 2 * own))
        of_photo, of_artwork = _split(known, (size, size))
        statistics = style.style_statistics(of_artwork, STYLE_LAYERS)
        painted_statistics = style.style_statistics(of_painting, STYLE_LAYERS)
        of_picture = {
            layer: torch.cat((of_photo[layer][:own], of_artwork[layer][:own])) for layer in OWN_LAYERS
        }
        affine = lightness.local_affine_loss(scene.paintings, scene.photos)
        flat = lightness.flat_lightness_loss(scene.paintings, scene.photos)
        structure = lightness.structure_loss(scene.paintings, scene.photos)
        floor = lightness.contrast_floor(scene.paintings, scene.photos, scene.artworks)
        kept = content.feature_reconstruction_loss(of_repainted, of_picture, OWN_LAYERS)
        return {
            "content": weights.content * content.content_loss(of_painting, of_photo, CONTENT_LAYERS),
            "style": weights.style * style.statistics_loss(painted_statistics, statistics),
            "gram": weights.gram * style.gram_loss(painted_statistics, statistics),
            "contrast_floor": weights.contrast_floor * floor,
            "local_affine": weights.local_affine * affine,
            "flat_lightness": weights.flat_lightness * flat,
            "structure": weights.structure * structure,
            "identity": weights.identity * content.reconstruction_loss(scene.repainted, pictures),
            "identity_features": weights.identity_features * kept,
        }

    def _code_terms(self, scene: Scene, progress: Progress) -> Terms:
        """KL of the posterior, and whether a painting's code is that of its style."""
        weights = self.config.weights
        divergence = latent.kl_divergence(scene.mean, scene.log_variance, self.config.free_bits)
        terms = {"kl": weights.kl * progress.kl * divergence}
        if weights.contrastive or weights.latent_regression:
            size, prior = len(scene.paintings), len(scene.drawn)
            read = self._frozen_code(torch.cat((scene.paintings, scene.from_prior)))
            recovered, of_prior = torch.split(read, [size, prior])
            contrast = latent.contrastive_loss(recovered, scene.mean.detach())
            terms["contrastive"] = weights.contrastive * contrast
            if prior:
                regression = latent.latent_regression_loss(of_prior, scene.drawn)
                terms["latent_regression"] = weights.latent_regression * regression
        return terms

    def _adversarial_terms(
        self, batch: Batch, paintings: Tensor, generator: torch.Generator, ramp: float
    ) -> Terms:
        _, discriminators = self._judges
        weights, terms = self.config.weights, Terms()
        if weights.cooccurrence:
            patches = random_patches(paintings, CROPS, generator)
            references = random_patches(batch.artworks, REFERENCES, generator)
            scores = discriminators.cooccurrence(patches, references)
            terms["cooccurrence"] = ramp * weights.cooccurrence * adversarial.generator_loss(scores)
        if weights.style_patch:
            scores = discriminators.style_patch(paintings)
            terms["style_patch"] = ramp * weights.style_patch * adversarial.generator_loss(scores)
        return terms

    def _frozen_code(self, pictures: Tensor) -> Tensor:
        """Codes (B, 128) of pictures, whose gradient reaches the pictures but not the encoder."""
        encoder = self.painter.style_encoder
        frozen = {name: value.detach() for name, value in encoder.named_parameters()}
        mean, _ = torch.func.functional_call(encoder, frozen, (pictures * 2 - 1,))
        code: Tensor = mean.float()
        return code


@dataclass(frozen=True)
class Progress:
    """How far the terms that start late have risen, in [0, 1] each."""

    kl: float
    adversarial: float


def progress_at(step: int, config: TrainingConfig) -> Progress:
    """The ramps at a step."""
    kl = 1.0 if config.kl_warm_up == 0 else min(1.0, step / config.kl_warm_up)
    since = step - config.adversarial_from
    adversarial_ramp = 0.0 if since < 0 else min(1.0, (since + 1) / max(1, config.adversarial_ramp))
    judged = config.weights.cooccurrence > 0 or config.weights.style_patch > 0
    return Progress(kl, adversarial_ramp if judged else 0.0)


def _split(
    features: dict[str, Tensor], sizes: tuple[int, int]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The features of the first and of the last pictures of a batch."""
    parts = {layer: torch.split(maps, list(sizes)) for layer, maps in features.items()}
    return {layer: part[0] for layer, part in parts.items()}, {
        layer: part[1] for layer, part in parts.items()
    }
