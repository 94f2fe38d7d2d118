"""Whether lettering on a product can still be read after painting, judged by the ``tesseract`` program."""

from __future__ import annotations

import io
import math
import shutil
import subprocess

import numpy as np
from PIL import Image

from styletransfer.engine.base import Pixels
from styletransfer.training.defects import label
from styletransfer.training.evaluation.contenders import Contender
from styletransfer.training.evaluation.pictures import EvaluationSet, NamedPicture

WORDS = ("OLIVE SOAP", "COFFEE", "ORGANIC TEA", "250 ml", "SEA SALT", "HONEY 500 g", "GROVE", "WILD MINT")
LABEL_SHARE = 0.62  # of the photo's width
ENLARGED = 3  # tesseract reads lettering of 30 px best
TIMEOUT = 20.0


def text_legibility(contender: Contender, pictures: EvaluationSet, count: int) -> float:
    """Share of label letters read on paintings of ``count`` photos, in [0, 1]; nan without tesseract.

    A label with known words is pasted onto each photo, the photo is painted in two styles, and the label's
    place is read. A label scores 1 - (edit distance / letters), at least 0; case and spaces do not count.
    """
    program = shutil.which("tesseract")
    if program is None:
        return math.nan
    scores = []
    for index, photo in enumerate(pictures.photos[:count]):
        words = WORDS[index % len(WORDS)]
        labelled, box = _with_words(photo.pixels, words, index)
        styles = [pictures.styles[i] for i in pictures.styles_of(index)[:2]]
        paintings = contender.paint(NamedPicture(f"{photo.name} labelled", labelled), styles)
        scores += [legible_share(words, _read(program, painting[box])) for painting in paintings]
    return float(np.mean(scores))


def legible_share(words: str, read: str) -> float:
    """How much of ``words`` was read, in [0, 1]."""
    wanted, got = ("".join(text.split()).lower() for text in (words, read))
    return max(0.0, 1 - edit_distance(wanted, got) / len(wanted))


def edit_distance(first: str, second: str) -> int:
    """Insertions, deletions and substitutions between two texts (Levenshtein 1966)."""
    previous = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        current = [i]
        for j, b in enumerate(second, 1):
            current.append(min(previous[j] + 1, current[-1] + 1, previous[j - 1] + (a != b)))
        previous = current
    return previous[-1]


def _with_words(pixels: Pixels, words: str, seed: int) -> tuple[Pixels, tuple[slice, slice]]:
    """The photo with a label in its middle, and the label's place with a small border."""
    rng = np.random.default_rng(seed)
    badge = label(words, round(pixels.shape[1] * LABEL_SHARE), rng, watermark=False)
    picture = Image.fromarray(pixels)
    left, top = (picture.width - badge.width) // 2, (picture.height - badge.height) // 2
    picture.paste(badge, (left, top), badge)
    border = 4
    box = (
        slice(max(0, top - border), top + badge.height + border),
        slice(max(0, left - border), left + badge.width + border),
    )
    return np.array(picture), box


def _read(program: str, pixels: Pixels) -> str:
    """One line of text on a picture; empty where nothing can be read."""
    picture = Image.fromarray(pixels).convert("L")
    picture = picture.resize((picture.width * ENLARGED, picture.height * ENLARGED), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    picture.save(file, "PNG")
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, no shell
            [program, "stdin", "stdout", "--psm", "7"],
            input=file.getvalue(),
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.decode("utf-8", "replace")
