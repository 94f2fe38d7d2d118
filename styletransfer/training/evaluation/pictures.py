"""Which photos and styles a judgement is made on, read from folders or tar files."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from PIL import Image

from styletransfer.engine.base import Pixels
from styletransfer.imaging.decode import ImageRefusedError, decode
from styletransfer.training.holdout import is_held_out_photo, is_held_out_style, name_hash

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".avif"}


class NoPicturesError(Exception):
    """A folder or tar file holds no usable picture; the text says where and what was expected."""


@dataclass(frozen=True, eq=False)
class NamedPicture:
    """A picture (height, width, 3) uint8 and its file name's stem."""

    name: str
    pixels: Pixels


@dataclass(frozen=True, eq=False)
class EvaluationSet:
    """The fixed list of pairs.

    Attributes:
        photos: at most as many as asked for, in the order of their names' hashes.
        styles: in the order of their names.
        notes: what the reader of the numbers must know, such as unreadable files that were left out.
        styles_per_photo: how many styles each photo is painted in, taking turns; None for all.
    """

    photos: list[NamedPicture]
    styles: list[NamedPicture]
    notes: list[str] = field(default_factory=list)
    styles_per_photo: int | None = None

    def styles_of(self, photo: int) -> list[int]:
        """Indices of the styles that a photo (by index) is painted in."""
        count = min(self.styles_per_photo or len(self.styles), len(self.styles))
        return sorted((photo * count + step) % len(self.styles) for step in range(count))


def evaluation_set(
    content: Path,
    styles: Path,
    *,
    photo_count: int = 20,
    style_count: int = 10,
    side: int = 384,
    styles_per_photo: int | None = None,
) -> EvaluationSet:
    """Held-out photos and styles with a longer side of ``side`` px.

    Where a source holds no held-out file (see ``training.holdout``), such as a shop's own folder, all of its
    files may be chosen, and a note says so.

    Raises:
        NoPicturesError: a source is missing or has no readable picture.
    """
    notes: list[str] = []
    photos = _read(_chosen(content, is_held_out_photo, name_hash, notes), content, photo_count, side, notes)
    looks = _read(_chosen(styles, is_held_out_style, str, notes), styles, style_count, side, notes)
    return EvaluationSet(photos, looks, notes, styles_per_photo)


def _chosen(
    source: Path, held_out: Callable[[str], bool], order: Callable[[str], Any], notes: list[str]
) -> list[str]:
    """Names of the pictures that may be judged on, in order."""
    names = picture_names(source)
    chosen = [name for name in names if held_out(name)]
    if not chosen:
        notes.append(f"{source.name} has no held-out file: a painter may have been trained on its pictures.")
    return sorted(chosen or names, key=order)


def _read(names: list[str], source: Path, count: int, side: int, notes: list[str]) -> list[NamedPicture]:
    """The first ``count`` pictures that can be read."""
    pictures: list[NamedPicture] = []
    for name in names:
        if len(pictures) == count:
            break
        try:
            pixels = decode(read_file(source, name)).pixels
        except ImageRefusedError as error:
            notes.append(f"{name} was left out: {error}")
            continue
        pictures.append(NamedPicture(PurePath(name).stem, resized(pixels, side)))
    if not pictures:
        raise NoPicturesError(f"{source} holds no readable picture.")
    return pictures


def picture_names(source: Path) -> list[str]:
    """Relative paths of the pictures in a folder or tar file, sorted.

    Raises:
        NoPicturesError: there is no such folder or tar file, or it holds no picture.
    """
    if source.is_dir():
        found = [str(path.relative_to(source)) for path in source.rglob("*")]
    elif source.is_file() and tarfile.is_tarfile(source):
        with tarfile.open(source) as archive:
            found = [member.name for member in archive if member.isfile()]
    else:
        raise NoPicturesError(f"{source} is neither a folder nor a tar file.")
    names = sorted(name for name in found if PurePath(name).suffix.lower() in SUFFIXES)
    if not names:
        raise NoPicturesError(f"{source} holds no picture ({', '.join(sorted(SUFFIXES))}).")
    return names


def read_file(source: Path, name: str) -> bytes:
    """Contents of one of ``picture_names``."""
    if source.is_dir():
        return (source / name).read_bytes()
    with tarfile.open(source) as archive:
        member = archive.extractfile(name)
        if member is None:
            raise NoPicturesError(f"{name} in {source} is no file.")
        return member.read()


def resized(pixels: Pixels, side: int) -> Pixels:
    """RGB copy (height, width, 3) whose longer side is ``side`` px; transparency goes onto white."""
    picture = Image.fromarray(pixels)
    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    scale = side / max(picture.size)
    size = (max(16, round(picture.width * scale)), max(16, round(picture.height * scale)))
    return np.asarray(picture.resize(size, Image.Resampling.LANCZOS))
