"""The report: results.json with every number, report.html with tables and pictures."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

from PIL import Image

from styletransfer.engine.base import Pixels
from styletransfer.training.evaluation.judging import Judgement
from styletransfer.training.evaluation.measures import MEASURES, Measure
from styletransfer.training.evaluation.pictures import EvaluationSet
from styletransfer.training.evaluation.sheets import contact_sheet

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222 }
body { margin: 2rem auto; max-width: 76rem; padding: 0 1rem }
h1, h2 { line-height: 1.2 } .scroll { overflow-x: auto }
table { border-collapse: collapse; margin: 1rem 0 } td, th { padding: .25rem .7rem; text-align: left }
td.number { text-align: right; font-variant-numeric: tabular-nums }
tr.group th { background: #f0efec; padding-top: .6rem } .best { background: #dff0dc; font-weight: 600 }
.pairs img { width: 11rem; display: block } figure { margin: 1.5rem 0 } figure img { max-width: 100% }
small { color: #666 }
"""


def write_report(folder: Path, pictures: EvaluationSet, found: Mapping[str, Judgement]) -> None:
    """Write the report of what was found so far; an older one is replaced."""
    images = folder / "pictures"
    images.mkdir(parents=True, exist_ok=True)
    results = {
        "photos": [photo.name for photo in pictures.photos],
        "styles": [style.name for style in pictures.styles],
        "notes": pictures.notes,
        "contenders": {name: judgement.as_mapping() for name, judgement in found.items()},
    }
    (folder / "results.json").write_text(json.dumps(results, indent=1, allow_nan=False))
    for name, judgement in found.items():
        contact_sheet(pictures, judgement.cells).save(images / f"{slug(name)}.webp", quality=88)
    body = "".join(_sections(images, pictures, found))
    head = f"<meta charset=utf-8><title>Painters compared</title><style>{_STYLE}</style>"
    page = f"<!doctype html><html lang=en>{head}{body}"
    (folder / "report.html").write_text(page, encoding="utf-8")


def slug(name: str) -> str:
    """A file name for a contender."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "unnamed"


def _sections(images: Path, pictures: EvaluationSet, found: Mapping[str, Judgement]) -> Iterator[str]:
    pairs = max((len(judgement.pairs) for judgement in found.values()), default=0)
    yield "<h1>Painters compared</h1>"
    yield (
        f"<p>{len(pictures.photos)} photos, {len(pictures.styles)} styles, {pairs} pairs. "
        "The best of the painters in each row is marked; baselines are for orientation.</p>"
    )
    yield "".join(f"<p><small>{escape(note)}</small></p>" for note in pictures.notes)
    yield f"<div class=scroll><table>{''.join(_measure_rows(found))}</table></div>"
    yield "".join(_curves(found))
    yield "".join(_speeds(found))
    yield "<h2>Pairs</h2><div class=scroll><table class=pairs>"
    yield "".join(_pair_rows(images, pictures, found))
    yield "</table></div><h2>Contact sheets</h2>"
    for name in found:
        image = f'<img src="pictures/{slug(name)}.webp" loading=lazy alt="">'
        yield f"<figure><figcaption>{escape(name)}</figcaption>{image}</figure>"


def _measure_rows(found: Mapping[str, Judgement]) -> Iterator[str]:
    names = "".join(f"<th>{escape(name)}</th>" for name in found)
    yield f"<tr><th>measure</th><th>better</th>{names}</tr>"
    group = ""
    for measure in MEASURES:
        values = {name: judgement.values.get(measure.key, math.nan) for name, judgement in found.items()}
        if all(math.isnan(value) for value in values.values()):
            continue
        if measure.group != group:
            group = measure.group
            yield f"<tr class=group><th colspan={len(found) + 2}>{escape(group)}</th></tr>"
        best = _best(measure, {name: value for name, value in values.items() if found[name].curve})
        cells = "".join(_number(value, measure.digits, name in best) for name, value in values.items())
        yield f"<tr><td>{escape(measure.label)}</td><td><small>{measure.better}</small></td>{cells}</tr>"


def _best(measure: Measure, values: Mapping[str, float]) -> set[str]:
    """Names of the best painters; none where fewer than two are compared."""
    known = {name: round(value, measure.digits) for name, value in values.items() if not math.isnan(value)}
    if len(known) < 2:
        return set()
    scores = {name: _badness(measure, value) for name, value in known.items()}
    return {name for name, score in scores.items() if score == min(scores.values())}


def _badness(measure: Measure, value: float) -> float:
    if measure.better == "nearer 1":
        return abs(value - 1)
    return value if measure.better == "lower" else -value


def _number(value: float, digits: int, best: bool = False) -> str:
    text = "" if math.isnan(value) else f"{value:.{digits}f}"
    return f'<td class="number{" best" if best else ""}">{text}</td>'


def _curves(found: Mapping[str, Judgement]) -> Iterator[str]:
    if not any(judgement.curve for judgement in found.values()):
        return
    yield "<h2>By strength</h2><table><tr><th>painter</th><th>strength</th><th>grey SSIM</th>"
    yield "<th>edge F1</th><th>style distance</th></tr>"
    for name, judgement in found.items():
        for point in judgement.curve:
            numbers = (point.ssim, point.edge_f1, point.style_distance)
            cells = "".join(_number(value, 3) for value in numbers)
            yield f"<tr><td>{escape(name)}</td>{_number(point.strength, 2)}{cells}</tr>"
    yield "</table>"


def _speeds(found: Mapping[str, Judgement]) -> Iterator[str]:
    if not any(judgement.speed for judgement in found.values()):
        return
    yield "<h2>Speed and memory</h2><table>"
    yield "<tr><th>painter</th><th>side, px</th><th>ms</th><th>peak MB</th></tr>"
    for name, judgement in found.items():
        for row in judgement.speed:
            cells = "".join(_number(row[key], 0) for key in ("side", "milliseconds", "megabytes"))
            yield f"<tr><td>{escape(name)}</td>{cells}</tr>"
    yield "</table>"


def _pair_rows(images: Path, pictures: EvaluationSet, found: Mapping[str, Judgement]) -> Iterator[str]:
    """Every photo in one style, painted by each contender; the style changes from row to row."""
    yield "<tr><th>photo</th><th>style</th>" + "".join(f"<th>{escape(name)}</th>" for name in found) + "</tr>"
    for index, photo in enumerate(pictures.photos):
        chosen = pictures.styles_of(index)
        style = chosen[index % len(chosen)]
        shown = [("photo", photo.pixels), ("style", pictures.styles[style].pixels)]
        shown += [(slug(name), judgement.cells[index, style]) for name, judgement in found.items()]
        cells = "".join(_picture(images, f"{index:02}-{kind}", pixels) for kind, pixels in shown)
        yield f"<tr>{cells}</tr>"


def _picture(images: Path, name: str, pixels: Pixels) -> str:
    Image.fromarray(pixels).save(images / f"{name}.webp", quality=88)
    return f'<td><img src="pictures/{name}.webp" loading=lazy alt="{escape(name)}"></td>'
