"""What kind of file some bytes are, by their first bytes alone: the file's name is never trusted."""

from __future__ import annotations

# The ISO base media brands (ISO/IEC 14496-12 §4.3) that follow "ftyp" at byte 4.
_BRANDS = {
    b"avif": "AVIF",
    b"avis": "AVIF",
    b"heic": "HEIC",
    b"heix": "HEIC",
    b"hevc": "HEIC",
    b"hevx": "HEIC",
    b"mif1": "HEIC",
    b"msf1": "HEIC",
}

_PREFIXES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"BM", "BMP"),
    (b"\x00\x00\x01\x00", "ICO"),
    (b"8BPS", "Photoshop (PSD)"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"%PDF", "PDF"),
    (b"%!PS", "PostScript (EPS)"),
    (b"\xc5\xd0\xd3\xc6", "PostScript (EPS)"),
    (b"PK\x03\x04", "ZIP"),
    (b"\x1f\x8b", "gzip"),
    (b"\x1aE\xdf\xa3", "video"),
)

_MARKUP_WINDOW = 4096


def detect_format(data: bytes) -> str | None:
    """Name of the file format that ``data`` opens with, such as "JPEG", "SVG" or "PDF"; None when unknown.

    Formats that Pillow can read carry Pillow's own name for them. Only the first 4 KiB are looked at.
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        return _detect_brand(data)
    for prefix, name in _PREFIXES:
        if data.startswith(prefix):
            return name
    return _detect_markup(data[:_MARKUP_WINDOW])


def _detect_brand(data: bytes) -> str:
    """The brand of an ISO media file: major brand first, then the compatible ones (AVIF hides under mif1)."""
    box_length = int.from_bytes(data[:4], "big")
    compatible = [data[at : at + 4] for at in range(16, min(box_length, 256, len(data)), 4)]
    names = [_BRANDS.get(brand, "video") for brand in (data[8:12], *compatible)]
    return "AVIF" if "AVIF" in names else names[0]


def _detect_markup(head: bytes) -> str | None:
    for encoding, byte_order_mark in (("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")):
        if head.startswith(byte_order_mark):
            head = head[2:].decode(encoding, "ignore").encode("utf-8", "ignore")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not text.startswith(b"<"):
        return None
    if b"<svg" in text or b"<!doctype svg" in text:
        return "SVG"
    return "HTML or XML"
