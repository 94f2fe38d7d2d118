"""All pictures of a training set in memory, and random crops of them made on the device."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from torch import Tensor

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif"})
MAX_RATIO = 2.0  # longer pictures are cut to this ratio of their sides


class PicturesError(Exception):
    """There are no usable pictures; the text says where they were looked for."""


@dataclass
class PictureStore:
    """Pictures of any sizes in one uint8 buffer, so that a GPU can cut crops without any copying.

    Attributes:
        buffer: all pictures' bytes, each (height, width, 3).
        starts: (N,) first byte of each.
        heights: (N,) px.
        widths: (N,) px.
        names: file names.
        skipped: names of unreadable files, each with its reason.
    """

    buffer: Tensor
    starts: Tensor
    heights: Tensor
    widths: Tensor
    names: list[str]
    skipped: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.names)

    def to(self, device: torch.device) -> PictureStore:
        """The same pictures on ``device``."""
        tensors = (self.buffer, self.starts, self.heights, self.widths)
        buffer, starts, heights, widths = (tensor.to(device) for tensor in tensors)
        return PictureStore(buffer, starts, heights, widths, self.names, self.skipped)

    def picture(self, index: int) -> NDArray[np.uint8]:
        """One whole picture (height, width, 3)."""
        start, height, width = (int(t[index]) for t in (self.starts, self.heights, self.widths))
        return self.buffer[start : start + height * width * 3].reshape(height, width, 3).cpu().numpy()

    def crops(self, indices: Tensor, windows: Tensor, side: int, fill: Tensor | None = None) -> Tensor:
        """Square windows of pictures, resampled bilinearly to (B, 3, side, side) float in [0, 1].

        Args:
            indices: (B,) which pictures.
            windows: (B, 4) top, left, height and width in px; a negative width mirrors. Parts outside the
                picture show ``fill``, or the nearest border pixel.
            side: px.
            fill: (B, 3) colours in [0, 1].
        """
        steps = (torch.arange(side, device=windows.device) + 0.5) / side
        top, left, height, width = windows.T[:, :, None]
        left = torch.where(width < 0, left - width, left)
        y, x = top + steps * height - 0.5, left + steps * width - 0.5
        rows, columns = self.heights[indices][:, None], self.widths[indices][:, None]
        y0, x0 = y.floor(), x.floor()
        dy, dx = (y - y0)[:, None, :, None], (x - x0)[:, None, None, :]
        above, below = (
            torch.lerp(
                self._pixels(indices, y0 + down, x0, rows, columns),
                self._pixels(indices, y0 + down, x0 + 1, rows, columns),
                dx.expand(-1, 3, side, -1),
            )
            for down in (0, 1)
        )
        picture = torch.lerp(above, below, dy.expand(-1, 3, -1, side))
        if fill is None:
            return picture
        inside_y = ((y >= -0.5) & (y <= rows - 0.5))[:, None, :, None]
        inside_x = ((x >= -0.5) & (x <= columns - 0.5))[:, None, None, :]
        return torch.where(inside_y & inside_x, picture, fill[:, :, None, None])

    def _pixels(self, indices: Tensor, y: Tensor, x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """Pixels (B, 3, side, side) at whole coordinates, clamped to the picture."""
        y = torch.minimum(y.clamp_min(0), rows - 1).long()
        x = torch.minimum(x.clamp_min(0), columns - 1).long()
        pixel = (y * columns)[:, :, None] + x[:, None, :]
        place = self.starts[indices][:, None, None] + 3 * pixel
        channels = torch.arange(3, device=place.device)[None, :, None, None]
        return self.buffer[place[:, None] + channels].float() / 255


def load_pictures(
    places: Sequence[Path], short_side: int, keep: Callable[[str], bool] = lambda name: True
) -> PictureStore:
    """Read every picture of some folders and tar files, scaled down to ``short_side`` px.

    Unreadable files are skipped and listed. Pictures come in the order of their names.

    Raises:
        PicturesError: a place does not exist, or none of its pictures can be read.
    """
    sources = sorted(_sources(places), key=lambda source: source[0])
    wanted = [source for source in sources if keep(Path(source[0]).name)]
    read: list[NDArray[np.uint8]] = []
    names: list[str] = []
    skipped: dict[str, str] = {}
    with ThreadPoolExecutor() as threads:
        for (name, _), result in zip(
            wanted, threads.map(lambda s: _read(s[1], short_side), wanted), strict=True
        ):
            if isinstance(result, str):
                skipped[name] = result
            else:
                read.append(result)
                names.append(name)
    if not read:
        where = ", ".join(str(place) for place in places)
        raise PicturesError(f"No readable picture in {where} ({len(skipped)} unreadable).")
    sizes = torch.tensor([picture.shape[:2] for picture in read])
    ends = (sizes.prod(1) * 3).cumsum(0)
    starts = torch.cat((torch.zeros(1, dtype=torch.long), ends[:-1]))
    buffer = torch.from_numpy(np.concatenate([picture.ravel() for picture in read]))
    return PictureStore(buffer, starts, sizes[:, 0], sizes[:, 1], names, skipped)


def _sources(places: Iterable[Path]) -> Iterator[tuple[str, bytes | Path]]:
    """(name, file or its bytes) of every picture in folders and tar files."""
    for place in places:
        if place.is_dir():
            for path in place.rglob("*"):
                if path.suffix.lower() in PICTURE_SUFFIXES:
                    yield path.name, path
        elif place.is_file() and tarfile.is_tarfile(place):
            with tarfile.open(place) as archive:
                for member in archive:
                    contents = archive.extractfile(member) if member.isfile() else None
                    if contents and Path(member.name).suffix.lower() in PICTURE_SUFFIXES:
                        yield Path(member.name).name, contents.read()
        else:
            raise PicturesError(f"{place} is neither a folder nor a tar file of pictures.")


def _read(source: bytes | Path, short_side: int) -> NDArray[np.uint8] | str:
    """A picture (height, width, 3), or why it cannot be read."""
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as opened:
            picture = opened.convert("RGB")
    except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError) as error:
        return str(error)
    width, height = picture.size
    scale = short_side / min(width, height)
    limit = round(MAX_RATIO * min(width, height))
    left, top = max(0, (width - limit) // 2), max(0, (height - limit) // 2)
    box = (left, top, min(width, left + limit), min(height, top + limit))
    size = (box[2] - box[0], box[3] - box[1])
    if scale < 1:
        size = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    return np.asarray(picture.resize(size, Image.Resampling.LANCZOS, box=box))
