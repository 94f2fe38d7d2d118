"""What each part of the objective is worth: the same short training without one part at a time.

    python benchmarks/ablation.py --photos PLACE --styles PLACE --perceptual vgg16.npz --out DIR [--steps 400]
        [--variants full "no discriminators" ...]

Every variant starts from the shipped weights, sees the same batches, and is measured on pictures that none of
them was trained on: the loss terms themselves, on 20 photos in 10 styles. Judge the weights it leaves in
``DIR`` with ``python -m styletransfer.training.evaluate``.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch
from torch import Tensor

from styletransfer.engine.painter import Painter, load_painter
from styletransfer.imaging.fidelity import ssim
from styletransfer.training.config import TrainingConfig
from styletransfer.training.holdout import is_held_out_photo, is_held_out_style
from styletransfer.training.losses import content, latent, lightness, style
from styletransfer.training.perceptual import CONTENT_LAYERS, STYLE_LAYERS, PerceptualNetwork, load_perceptual
from styletransfer.training.pictures import PictureStore, load_pictures
from styletransfer.training.samples import save_grid
from styletransfer.training.trainer import Pictures, Trainer

SIDE = 256
VARIANTS: dict[str, dict[str, str]] = {
    "full": {},
    "no discriminators": {"weights.cooccurrence": "0", "weights.style_patch": "0"},
    "no co-occurrence": {"weights.cooccurrence": "0"},
    "no style patches": {"weights.style_patch": "0"},
    "no VAE": {"weights.kl": "0", "sampled_share": "0", "weights.latent_regression": "0"},
    "no contrast of codes": {"weights.contrastive": "0"},
    "no lightness terms": {
        "weights.local_affine": "0",
        "weights.flat_lightness": "0",
        "weights.contrast_floor": "0",
    },
    "no structure": {"weights.structure": "0"},
    "no Gram": {"weights.gram": "0"},
}


def squares(store: PictureStore, count: int) -> Tensor:
    """Centre squares (count, 3, SIDE, SIDE) of the first pictures."""
    chosen = torch.arange(min(count, len(store)), device=store.buffer.device)
    heights, widths = store.heights[chosen].float(), store.widths[chosen].float()
    side = torch.minimum(heights, widths)
    windows = torch.stack(((heights - side) / 2, (widths - side) / 2, side, side), 1)
    return store.crops(chosen, windows, SIDE)


def grey_similarity(painted: Tensor, photo: Tensor) -> float:
    """Mean SSIM of paintings (B, 3, H, W) with their photo (3, H, W), of luma."""
    pictures = [(p.clamp(0, 1) * 255).byte().permute(1, 2, 0).cpu().numpy() for p in (photo, *painted)]
    return sum(ssim(picture, pictures[0]) for picture in pictures[1:]) / len(painted)


@torch.no_grad()
def measures(
    painter: Painter, perceptual: PerceptualNetwork, photos: Tensor, artworks: Tensor
) -> dict[str, float]:
    """Loss terms without their weights, averaged over every photo in every style."""
    codes = painter.style_code(artworks)
    sums: dict[str, float] = {}
    statistics = style.style_statistics(perceptual(artworks), STYLE_LAYERS)
    recovered = []
    for photo in photos:
        many = photo.expand(len(codes), -1, -1, -1)
        painted = painter.paint(many, codes)
        features, own = perceptual(painted), perceptual(many, CONTENT_LAYERS)
        found = {
            "content": content.content_loss(features, own, CONTENT_LAYERS),
            "style": style.statistics_loss(style.style_statistics(features, STYLE_LAYERS), statistics),
            "gram": style.gram_loss(style.style_statistics(features, STYLE_LAYERS), statistics),
            "local_affine": lightness.local_affine_loss(painted, many),
            "flat_lightness": lightness.flat_lightness_loss(painted, many),
        }
        found["grey SSIM"] = torch.tensor(grey_similarity(painted, photo))
        recovered.append(painter.style_code(painted))
        for name, value in found.items():
            sums[name] = sums.get(name, 0) + float(value) / len(photos)
    right = torch.cat(
        [(torch.cdist(r, codes).argmin(1) == torch.arange(len(codes), device=r.device)) for r in recovered]
    )
    own_codes = painter.style_code(photos)
    mse = (painter.paint(photos, own_codes) - photos).square().mean((1, 2, 3))
    prior = torch.randn((len(photos), codes.shape[1]), generator=torch.Generator().manual_seed(0)).to(codes)
    from_prior = painter.style_code(painter.paint(photos, prior))
    mean, log_variance = painter.style_encoder(artworks * 2 - 1)
    return sums | {
        "own style PSNR": float((-10 * mse.log10()).mean()),
        "retrieval": float(right.float().mean()),
        "latent regression": float(latent.latent_regression_loss(from_prior, prior)),
        "KL": float(latent.kl_divergence(mean, log_variance)),
    }


def main() -> None:
    """Run the variants and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", nargs="+", type=Path, required=True)
    parser.add_argument("--styles", nargs="+", type=Path, required=True)
    parser.add_argument("--perceptual", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--unseen", type=int, default=20, help="How many held-out photos to measure on.")
    parser.add_argument("--set", dest="settings", action="append", default=[])
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS))
    options = parser.parse_args()
    shared = {
        "steps": str(options.steps),
        "batch": str(options.batch),
        "adversarial_from": "0",
        "adversarial_ramp": "100",
        "kl_warm_up": "0",
        "learning_rate": "2e-4",
        "ema": "0.99",
        **dict(setting.split("=", 1) for setting in options.settings),
    }
    pictures = Pictures(
        load_pictures(options.photos, 288, lambda name: not is_held_out_photo(name)),
        load_pictures(options.styles, 384, lambda name: not is_held_out_style(name)),
    )
    perceptual = load_perceptual(options.perceptual)
    unseen = [
        squares(load_pictures(options.photos, 384, is_held_out_photo), options.unseen),
        squares(load_pictures(options.styles, 384, is_held_out_style), 10),
    ]
    rows: dict[str, dict[str, float]] = {}
    for variant in options.variants:
        config = TrainingConfig().with_settings({**shared, **VARIANTS[variant]})
        out = options.out / variant.replace(" ", "-")
        began = time.monotonic()
        trainer = Trainer(config, pictures, perceptual, out, painter=load_painter())
        device = trainer.device
        photos, artworks = (pictures.to(device) for pictures in unseen)
        if not rows:
            shipped = load_painter().to(device)
            rows["shipped"] = measures(shipped, perceptual, photos, artworks)
        trainer.run()
        seconds = time.monotonic() - began
        painter = trainer.average.network
        rows[variant] = measures(painter, perceptual, photos, artworks) | {"seconds": seconds}
        save_grid(trainer.sheet.grid(trainer.sheet.paint(painter)), options.out / f"{out.name}.jpg")
        print(variant, {name: round(value, 4) for name, value in rows[variant].items()}, flush=True)
    print(table(rows))
    (options.out / "ablation.json").write_text(json.dumps(rows, indent=2))


def table(rows: dict[str, dict[str, float]]) -> str:
    """The rows as a Markdown table."""
    names = list(rows["shipped"])
    lines = ["| variant | " + " | ".join(names) + " |", "| --- " * (len(names) + 1) + "|"]
    lines += [
        f"| {variant} | " + " | ".join(f"{row[n]:.4g}" for n in names) + " |" for variant, row in rows.items()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
