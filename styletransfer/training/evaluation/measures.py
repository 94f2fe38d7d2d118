"""The report's rows: every measure's name, what it says, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """One row.

    Attributes:
        key: its name in JSON.
        group: the question that it answers.
        label: its name for readers.
        better: "higher", "lower", or "nearer 1".
        digits: after the point.
    """

    key: str
    group: str
    label: str
    better: str
    digits: int = 3


def _structure(prefix: str, group: str) -> list[Measure]:
    return [
        Measure(f"{prefix}ssim", group, "grey SSIM", "higher"),
        Measure(f"{prefix}edge_f1", group, "edge F1", "higher"),
        Measure(f"{prefix}edge_correlation", group, "edge correlation", "higher"),
        Measure(f"{prefix}flat_lightness", group, "lightness correlation on flat areas", "higher"),
        Measure(f"{prefix}flat_blotches", group, "blotches on flat areas, L", "lower", 2),
        Measure(f"{prefix}flat_noise", group, "noise on flat areas, L", "lower", 2),
        Measure(f"{prefix}halo", group, "halo beside strong edges, L", "lower", 2),
    ]


PAINTED = "Is the product kept?"
KEPT = "Is it kept at the presets' calm and detail?"
STYLE = "Is the style met?"
CODES = "Do the codes work?"
ROBUST = "Is it robust?"

MEASURES = [
    *_structure("", PAINTED),
    Measure("self_similarity", PAINTED, "self-similarity distance (CFSD)", "lower"),
    Measure("text_legibility", PAINTED, "letters still read by OCR", "higher"),
    *_structure("kept_", KEPT),
    Measure("kept_style_distance", KEPT, "style distance, without a network", "lower"),
    Measure("style_loss", STYLE, "balanced style loss", "lower", 4),
    Measure("gram_distance", STYLE, "Gram distance", "lower"),
    Measure("style_distance", STYLE, "style distance, without a network", "lower"),
    Measure("colour_distance", STYLE, "colour distance, Lab", "lower", 2),
    Measure("retrieval_features", STYLE, "style found by features", "higher"),
    Measure("retrieval_looks", STYLE, "style found without a network", "higher"),
    Measure("retrieval_codes", CODES, "style found by its code", "higher"),
    Measure("reconstruction_psnr", CODES, "reconstruction PSNR, dB", "higher", 2),
    Measure("reconstruction_ssim", CODES, "reconstruction SSIM", "higher"),
    Measure("interpolation_jump", CODES, "largest over mean step between styles", "nearer 1", 2),
    Measure("interpolation_path", CODES, "way over distance between styles", "nearer 1", 2),
    Measure("padding_change", ROBUST, "change by white padding, of 255", "lower", 2),
    Measure("padding_change_frozen", ROBUST, "the same with frozen statistics", "lower", 2),
]
