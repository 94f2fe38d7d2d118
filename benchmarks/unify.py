"""Does unify make a catalogue even, and leave the products true? Against three colour baselines.

    python benchmarks/unify.py --catalogue DIR [--masks DIR|builtin] [--photos DIR] [--sheets DIR]
                               [--held-out PLACE …]

``DIR`` holds the demo catalogue with its ``catalogue.json``; the baselines need scikit-image, the text
figures tesseract. How each figure is defined:

* raw spread: standard deviation over the catalogue of the subjects' mean CIELAB colour. Most of it is the
  products' own colours, which must stay.
* light spread: the same of (mean colour - mean colour of the same product rendered in one studio light, from
  ``unify_truth.json``). This is what different sellers' light adds, and what unify is there to remove.
* floor: the raw spread of the rendered products; no true method can come below it but by luck.
* same product, other cameras: each photo taken in neutral studio light, as six known cameras would have taken
  it; mean over the products of the spread between the six. The same of everyday photos that the network for
  the light has never seen: those of ``--held-out`` whose names ``training/holdout.py`` holds out.
* subject: median CIEDE2000 that no change of light explains, see ``unexplained_by_light``; and that no global
  map of colours explains, see ``unexplained_by_a_map``.
* fill and offset: of the subject's box on the canvas; subjects cut off by the photo's border count for fill,
  not for offset, as they stay at the border.
* background: share of pixels outside the subject within CIEDE2000 1 of the target, shadows counted as misses.
* text: characters of the labels read by tesseract, lost per product against the photo.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from unify_measures import (
    CAMERAS,
    LABELS,
    Pixels,
    Product,
    autocontrast,
    background_share,
    characters_read,
    histogram_matching,
    read_truth,
    reinhard,
    subject_lab,
    total_spread,
    unexplained_by_a_map,
    unexplained_by_light,
)

from styletransfer.imaging.colour import delta_e_2000
from styletransfer.imaging.masks.base import create_masker
from styletransfer.imaging.unify.background import backdrop
from styletransfer.imaging.unify.light import measure_light, plan_light, target_of
from styletransfer.imaging.unify.picture import UnifiedPicture, unify_picture
from styletransfer.imaging.unify.report import catalogue_report, measure_picture
from styletransfer.imaging.unify.settings import UnifyOptions
from styletransfer.training.holdout import is_held_out_photo
from styletransfer.training.pictures import load_pictures
from styletransfer.training.studio import SHORT_SIDE

_TRUTH = Path(__file__).parent / "unify_truth.json"
_CELL = 280

Recolour = Callable[[Product], Pixels]


def main() -> None:
    """Run everything and print the tables."""
    arguments = _arguments()
    products = list(_products(arguments.catalogue, arguments.masks))
    target = target_of([measure_light(each.photo, each.alpha) for each in products])
    options = UnifyOptions(target=target, size=arguments.size)
    methods = _methods(products, options)
    _print_colour(products, methods)
    _print_cameras("studio photos", [each for each in products if each.studio], methods)
    if arguments.held_out:
        _print_cameras("held-out photos", list(_held_out(arguments.held_out)), methods)
    start = time.process_time()
    done = [unify_picture(each.photo, each.alpha, options) for each in products]
    seconds = (time.process_time() - start) / len(products)
    _print_framing(products, done, options)
    _print_text(products, done)
    print(f"\nCPU seconds a picture at {options.size} px: {seconds:.2f}")
    if arguments.sheets:
        _write_sheets(arguments, products, options)


def _products(folder: Path, masks: str) -> Iterator[Product]:
    masker = create_masker("border") if masks == "builtin" else None
    for entry in json.loads((folder / "catalogue.json").read_text(encoding="utf-8")):
        photo = np.asarray(Image.open(folder / entry["image"]).convert("RGB"))
        if masker:
            alpha = masker.mask(photo).alpha
        else:
            mask = Image.open((Path(masks) if masks else folder / "masks") / f"{entry['slug']}.png").convert(
                "L"
            )
            alpha = np.asarray(mask, np.float32) / np.float32(255)
        yield Product(entry["slug"], photo, alpha, entry["lighting"].startswith("neutral studio"))


def _methods(products: list[Product], options: UnifyOptions) -> dict[str, Recolour]:
    """Every method as a recolouring of the photo in place; the baselines share one reference picture."""
    means = np.array([subject_lab(each.photo, each.alpha)[:3] for each in products])
    middle = products[int(np.linalg.norm(means - np.median(means, axis=0), axis=1).argmin())].photo

    def unify(strictness: float, match_tones: float = 0.0) -> Recolour:
        return lambda product: plan_light(
            product.photo, product.alpha, options.target, strictness, match_tones=match_tones
        ).apply(product.photo)

    return {
        "photos as they are": lambda product: product.photo,
        "unify, default": unify(options.strictness),
        "unify, strictness 1": unify(1.0),
        "unify, match tones 1": unify(options.strictness, 1.0),
        "Reinhard": lambda product: reinhard(product.photo, middle),
        "histogram matching": lambda product: histogram_matching(product.photo, middle),
        "Pillow autocontrast": lambda product: autocontrast(product.photo, middle),
    }


def _print_colour(products: list[Product], methods: dict[str, Recolour]) -> None:
    truth_of = read_truth(_TRUTH)
    truth = np.array([truth_of[each.slug] for each in products])
    floor = total_spread(truth[:, :3])
    print(f"Colour of the subjects; floor of the raw spread {floor:.2f}")
    first: NDArray[np.float64] | None = None
    for name, recolour in methods.items():
        results = [recolour(each) for each in products]
        measured = np.array([subject_lab(r, p.alpha) for r, p in zip(results, products, strict=True)])
        error = measured - truth
        figures = np.array(
            [
                total_spread(measured[:, :3]),
                total_spread(error[:, :3]),
                measured[:, 3].std(),
                error[:, 3].std(),
            ]
        )
        first = figures if first is None else first
        away = delta_e_2000(measured[:, :3], truth[:, :3])
        changed = [unexplained_by_light(p.photo, r, p.alpha) for r, p in zip(results, products, strict=True)]
        bent = [unexplained_by_a_map(p.photo, r, p.alpha) for r, p in zip(results, products, strict=True)]
        saved = 1 - figures / first
        print(
            f"{name:22s} raw {figures[0]:5.2f} ({saved[0]:+.0%})  light {figures[1]:5.2f} ({saved[1]:+.0%})"
            f"  contrast raw {figures[2]:4.2f} ({saved[2]:+.0%}) light {figures[3]:4.2f} ({saved[3]:+.0%})"
            f"  dE to truth {away.mean():5.2f}"
            f"  subject dE beyond light median {np.median(changed):4.2f} worst {max(changed):5.2f}"
            f"  beyond a map median {np.median(bent):4.2f} worst {max(bent):5.2f}"
        )


def _held_out(places: list[Path]) -> Iterator[Product]:
    """Photos that no training has seen, where the built-in method finds the subject."""
    store, masker = load_pictures(places, SHORT_SIDE, is_held_out_photo), create_masker("border")
    for index, name in enumerate(store.names):
        photo = store.picture(index)
        mask = masker.mask(photo)
        if mask.is_reliable:
            yield Product(name, photo, mask.alpha)


def _print_cameras(what: str, products: list[Product], methods: dict[str, Recolour]) -> None:
    print(f"\nSame product, six cameras, {len(products)} {what} (spread of mean colour and of contrast)")
    before: NDArray[np.float64] | None = None
    for name, recolour in methods.items():
        spreads = []
        for product in products:
            shots = [recolour(dataclasses.replace(product, photo=c.shoot(product.photo))) for c in CAMERAS]
            seen = np.array([subject_lab(shot, product.alpha) for shot in shots])
            spreads.append([total_spread(seen[:, :3]), seen[:, 3].std()])
        mean = np.mean(spreads, axis=0)
        before = mean if before is None else before
        saved = 1 - mean / before
        print(
            f"{name:22s} colour {mean[0]:5.2f} ({saved[0]:+.0%})  contrast {mean[1]:4.2f} ({saved[1]:+.0%})"
        )


def _print_framing(products: list[Product], done: list[UnifiedPicture], options: UnifyOptions) -> None:
    before = catalogue_report([measure_picture(p.slug, p.photo, p.alpha) for p in products]).pictures
    after = catalogue_report(
        [measure_picture(p.slug, d.pixels, d.alpha) for p, d in zip(products, done, strict=True)]
    ).pictures
    print("\nFraming (standard deviation before, after)")
    whole = [at for at, each in enumerate(before) if not each.cut]
    for name, at in (("fill", range(len(before))), ("offset_x", whole), ("offset_y", whole)):
        sd = [float(np.std([getattr(each[i], name) for i in at])) for each in (before, after)]
        print(f"{name:10s} {sd[0]:.4f} {sd[1]:.4f} ({1 - sd[1] / sd[0]:.0%} smaller)")
    target = np.rint(backdrop(options, done[0].framing.width, done[0].framing.height) * 255).astype(np.uint8)
    shares = [background_share(each.pixels, each.alpha, target) for each in done]
    print(
        f"background within dE 1 of the target: {np.mean(shares):.1%} of pixels outside the subject, worst"
        f" picture {min(shares):.1%}; 90 % or more in {sum(each >= 0.9 for each in shares)} of {len(shares)}"
    )
    notes = [note for each in done for note in each.notes]
    turned = sum(each.angle != 0 for each in done)
    print(
        f"straightened {turned}; " + ", ".join(f"{note} {notes.count(note)}" for note in sorted(set(notes)))
    )


def _print_text(products: list[Product], done: list[UnifiedPicture]) -> None:
    print("\nCharacters read by tesseract (of the labels, on the photo, after unify)")
    for product, result in zip(products, done, strict=True):
        labels = LABELS.get(product.slug)
        if labels:
            before = characters_read(product.photo, product.alpha, labels)
            after = characters_read(result.pixels, result.alpha, labels, result.angle)
            printed = sum(len(word) for label in labels for word in label.words.split())
            lost = f"  lost {before - after}" if after < before else ""
            print(f"{product.slug:26s} {printed:3d} {before:3d} {after:3d}{lost}")


def _write_sheets(arguments: argparse.Namespace, products: list[Product], options: UnifyOptions) -> None:
    """Before and after, side by side, on white and on a soft warm grey."""
    warm = {"background": "gradient", "colour": "#efeae4", "colour_to": "#d9d2c9"}
    looks = {"white": options, "warm": dataclasses.replace(options, **warm)}
    sets = {"catalogue": products}
    if arguments.photos:
        masker = create_masker("border")
        paths = sorted(arguments.photos.glob("*.jpg"))[::5]
        photos = [np.asarray(Image.open(path).convert("RGB")) for path in paths]
        found = [masker.mask(photo) for photo in photos]
        sets["photos"] = [
            Product(path.stem, photo, mask.alpha if mask.is_reliable else np.zeros_like(mask.alpha))
            for path, photo, mask in zip(paths, photos, found, strict=True)
        ]
    for look, chosen in looks.items():
        for name, members in sets.items():
            pairs = [(each.photo, unify_picture(each.photo, each.alpha, chosen).pixels) for each in members]
            _sheet(pairs).save(arguments.sheets / f"unify-{name}-{look}.png")


def _sheet(pairs: list[tuple[Pixels, Pixels]]) -> Image.Image:
    columns = 4
    sheet = Image.new("RGB", (columns * 2 * _CELL, -(-len(pairs) // columns) * _CELL), "grey")
    for index, pair in enumerate(pairs):
        for side, pixels in enumerate(pair):
            tile = Image.fromarray(pixels)
            tile.thumbnail((_CELL - 4, _CELL - 4))
            sheet.paste(tile, ((index % columns * 2 + side) * _CELL, index // columns * _CELL))
    return sheet


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalogue", type=Path, required=True)
    parser.add_argument("--masks", default="", help="a folder, or 'builtin'; by default the catalogue's own")
    parser.add_argument("--photos", type=Path, help="other photos, for the contact sheets alone")
    parser.add_argument("--held-out", nargs="*", type=Path, help="folders or tar files of photos")
    parser.add_argument("--sheets", type=Path, help="folder for before and after contact sheets")
    parser.add_argument("--size", type=int, default=1000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
