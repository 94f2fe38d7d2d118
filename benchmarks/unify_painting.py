"""Does the painter spare lettering, and does the white around a product leave its painting alone?

    python benchmarks/unify_painting.py --catalogue DIR [--style watercolour.jpg] [--only SLUG ...]

Every labelled product of the demo catalogue is painted at strength 1, without any other control, plainly
and with the found lettering protected; characters are read as in ``unify.py``. For padding, each product is
laid on white and the white around it doubled, by numbers that are no multiples of the network's stride; both
are painted with statistics of the subject, whose mask the built-in method finds on each. The figure is the
largest difference of a painted product pixel, of 255. Needs tesseract and the painter's weights.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image
from unify_measures import LABELS, Alpha, Pixels, characters_read

from styletransfer.engine.base import PaintOptions, PaintRequest, StyleCode
from styletransfer.engine.painter_engine import PainterEngine
from styletransfer.imaging.finishing import Finish, finish_painting
from styletransfer.imaging.masking import find_lettering
from styletransfer.imaging.masks.base import create_masker
from styletransfer.imaging.masks.matting import composite, estimate_foreground

_STYLES = Path(__file__).parent.parent / "styletransfer" / "presets"
_WHITE = np.array([255, 255, 255], np.uint8)
_PADDING_SIDE = 512


def main() -> None:
    """Run both and print their tables."""
    arguments = _arguments()
    engine = PainterEngine()
    code = engine.style_code([np.asarray(Image.open(_STYLES / arguments.style).convert("RGB"))])
    entries = json.loads((arguments.catalogue / "catalogue.json").read_text(encoding="utf-8"))
    totals = np.zeros(3, int)
    for entry in entries:
        slug = entry["slug"]
        if slug not in (arguments.only or LABELS):
            continue
        photo = np.asarray(Image.open(arguments.catalogue / entry["image"]).convert("RGB"))
        mask = Image.open(arguments.catalogue / entry["mask"]).convert("L")
        alpha = np.asarray(mask, np.float32) / np.float32(255)
        counts = _characters(engine, code, slug, photo, alpha)
        totals += counts
        print(
            f"{slug:26s} photo {counts[0]:3d}  painted {counts[1]:3d}  protected {counts[2]:3d}"
            f"  ({counts[2] / max(counts[0], 1):.0%})  doubled white: largest difference"
            f" {_padding_difference(engine, code, photo, alpha)}/255",
            flush=True,
        )
    print(f"all: painted {totals[1] / totals[0]:.1%} kept, protected {totals[2] / totals[0]:.1%} kept")


def _characters(
    engine: PainterEngine, code: StyleCode, slug: str, photo: Pixels, alpha: Alpha
) -> tuple[int, int, int]:
    """Characters read on the photo, on its painting, and on its painting with lettering protected."""
    painted = engine.paint([PaintRequest(photo, code, PaintOptions(strength=1.0))])[0]
    spared = finish_painting(photo, painted, Finish(), lettering=find_lettering(photo))
    read = [characters_read(picture, alpha, LABELS[slug]) for picture in (photo, painted, spared)]
    return read[0], read[1], read[2]


def _padding_difference(engine: PainterEngine, code: StyleCode, photo: Pixels, alpha: Alpha) -> int:
    """Largest difference of a painted product pixel, of 255, between some white around it and twice that."""
    cut_out = composite(estimate_foreground(photo, alpha), _WHITE, alpha)
    scale = _PADDING_SIDE / max(alpha.shape)
    size = (round(alpha.shape[1] * scale), round(alpha.shape[0] * scale))
    small = np.asarray(Image.fromarray(cut_out).resize(size, Image.Resampling.BOX))
    solid = np.asarray(Image.fromarray(alpha).resize(size, Image.Resampling.BOX)) > 0.98
    options, masker = PaintOptions(strength=1.0, statistics="subject"), create_masker("border")
    painted = []
    for white in (61, 122):
        wide = np.pad(small, ((white, white), (white, white), (0, 0)), constant_values=255)
        result = engine.paint([PaintRequest(wide, code, options, mask=masker.mask(wide).alpha)])[0]
        painted.append(result[white:-white, white:-white][solid].astype(int))
    return int(np.abs(painted[0] - painted[1]).max())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalogue", type=Path, required=True)
    parser.add_argument("--style", default="watercolour.jpg", help="one of the shipped reference pictures")
    parser.add_argument("--only", nargs="*", help="labelled products to measure")
    return parser.parse_args()


if __name__ == "__main__":
    main()
