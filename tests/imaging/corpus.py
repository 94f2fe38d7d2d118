"""Files that people upload, good and bad, made from nothing."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms


def picture(width=48, height=32, seed=0):
    """A smooth RGB picture (height, width, 3) with no symmetry, so that any turn or flip shows."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    channels = [np.sin(a * x + b * y + c) for a, b, c in generator.uniform(1, 5, (3, 3))]
    return np.rint(127.5 + 127.5 * np.stack(channels, axis=-1)).astype(np.uint8)


def saved(pixels, image_format="PNG", **options):
    """``pixels`` (an array or a Pillow picture) as a file."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def animated(image_format, frames=3):
    images = [Image.fromarray(picture(seed=seed)) for seed in range(frames)]
    return saved(images[0], image_format, save_all=True, append_images=images[1:], duration=100)


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width, height, depth, colour_type, rows, *, extra=b""):
    """A PNG put together by hand; ``rows`` are raw bytes without the filter byte."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0))
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(b"\0" + row) for row in rows) + packer.flush()
    body = header + extra + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def pixel_bomb(side=13_000):
    """A PNG of side by side pixels in about 20 KB."""
    return png(side, side, 1, 0, (bytes((side + 7) // 8) for _ in range(side)))


def swapped_red_green_profile():
    """An RGB profile in which red and green trade places: sRGB's own with two tags renamed."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"????", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"????", b"gXYZ", 1)


def cmyk_profile_with_green_cyan():
    """A CMYK profile (ICC.1:2001-04, lut8) for inks of which "cyan" prints green and the others grey."""
    green, paper, black = (128, 68, 168), (255, 128, 128), (0, 128, 128)
    nodes = []
    for ink in range(16):
        cyan, others = ink & 8, ink & 7
        nodes.append(black if others else green if cyan else paper)
    identity = bytes(range(256))
    matrix = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table = b"".join(bytes(node) for node in nodes)
    lut = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + matrix + identity * 4 + table + identity * 3
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    name = b"desc" + bytes(4) + struct.pack(">I", 5) + b"inks\0" + bytes(78)
    notice = b"text" + bytes(4) + b"none\0"
    return _icc_profile({b"desc": name, b"cprt": notice, b"wtpt": white, b"A2B0": lut})


def _icc_profile(tags):
    offset = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for signature, data in tags.items():
        table += signature + struct.pack(">II", offset + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(
        ">I4xI4s4s4s12x4s", offset + len(body), 0x02400000, b"prtr", b"CMYK", b"Lab ", b"acsp"
    )
    header += bytes(68 - len(header)) + struct.pack(">3i", 63190, 65536, 54061)
    return header + bytes(128 - len(header)) + table + body
