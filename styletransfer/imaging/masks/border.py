"""The built-in masker: needs OpenCV, but no model file and no download."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from styletransfer.imaging.masks.base import Pixels, SubjectMask, alpha_of, check_pixels
from styletransfer.imaging.masks.cut import cut_out
from styletransfer.imaging.masks.evidence import Bools, Evidence, Floats, gather_evidence
from styletransfer.imaging.masks.guided import upsample_alpha
from styletransfer.imaging.masks.rating import rate
from styletransfer.imaging.masks.regions import fill_holes, main_region

_LEAST_SIDE = 24
_NOISE_LEVELS = (3.0, 5.0, 8.0)
_OTSU_LEVELS = (0.6, 1.0)
_FINALISTS = 6
_SAME_REGION = 0.93
_FALLBACK_CONFIDENCE = 0.1


@dataclass(frozen=True, eq=False)
class _Candidate:
    region: Bools
    score: float


class BorderMasker:
    """Tells the subject from what the picture's borders show.

    Several maps of "unlike the background" are cut at several levels, each cut is grown into a region, the
    best-rated ones get pixel-exact outlines by GrabCut, and the best of those wins. Its score, and how far
    the runners-up agree with it, make the confidence. When nothing convinces, the whole picture is the subject.

    Args:
        work_side: longest side, in pixels, of the picture that is analysed.
    """

    name = "border"

    def __init__(self, work_side: int = 256) -> None:
        self.work_side = work_side

    def mask(self, pixels: Pixels) -> SubjectMask:
        """Find the subject; see ``Masker.mask``."""
        check_pixels(pixels)
        own = alpha_of(pixels)
        if own is not None:
            return SubjectMask(own, 1.0, "alpha")
        rgb = np.ascontiguousarray(pixels[..., :3])
        small = self._shrink(rgb)
        if min(small.shape[:2]) < _LEAST_SIDE:
            return whole_picture(pixels)
        found = find_subject(small)
        if found is None:
            return whole_picture(pixels)
        region, confidence = found
        alpha = upsample_alpha(rgb, small, region.astype(np.float32), radius=2)
        return SubjectMask(alpha, confidence, self.name)

    def _shrink(self, rgb: Pixels) -> Pixels:
        height, width = rgb.shape[:2]
        factor = self.work_side / max(height, width)
        if factor >= 1:
            return rgb
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def whole_picture(pixels: Pixels) -> SubjectMask:
    """The mask for when no subject can be told apart: everything, with low confidence."""
    return SubjectMask(np.ones(pixels.shape[:2], np.float32), _FALLBACK_CONFIDENCE, "fallback")


def find_subject(small: Pixels) -> tuple[Bools, float] | None:
    """Region (height, width) of the subject of a small RGB picture, and the confidence; None without one."""
    lab = cv2.cvtColor(small.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
    evidence = gather_evidence(np.asarray(lab, np.float32))
    finalists = _best_distinct(evidence, _candidates(evidence))
    refined = [_refine(evidence, candidate) for candidate in finalists]
    ranked = sorted([*refined, *finalists], key=lambda candidate: -candidate.score)
    if not ranked or ranked[0].score <= 0:
        return None
    return ranked[0].region, _confidence(ranked)


def _candidates(evidence: Evidence) -> Iterator[_Candidate]:
    for difference in _maps(evidence):
        for level in _levels(difference, evidence.noise):
            region = main_region(difference > level, difference)
            if region is None:
                continue
            for shape in (region, fill_holes(region, evidence.combined, 2 * evidence.noise)):
                yield _Candidate(shape, rate(evidence, shape))


def _maps(evidence: Evidence) -> Iterator[Floats]:
    yield evidence.combined
    yield evidence.unshadowed
    yield np.sqrt(evidence.palette * evidence.combined)
    yield np.sqrt(evidence.barrier * evidence.combined)


def _levels(difference: Floats, noise: float) -> Iterator[float]:
    for factor in _NOISE_LEVELS:
        yield factor * noise
    quarters = np.clip(difference * 4, 0, 255).astype(np.uint8)
    otsu = cv2.threshold(quarters, 0, 255, cv2.THRESH_OTSU)[0] / 4
    for factor in _OTSU_LEVELS:
        yield factor * otsu


def _best_distinct(evidence: Evidence, candidates: Iterator[_Candidate]) -> list[_Candidate]:
    chosen: list[_Candidate] = []
    for candidate in sorted(candidates, key=lambda candidate: -candidate.score):
        if all(overlap(candidate.region, other.region) < _SAME_REGION for other in chosen):
            chosen.append(candidate)
        if len(chosen) == _FINALISTS:
            break
    return chosen


def _refine(evidence: Evidence, candidate: _Candidate) -> _Candidate:
    region = main_region(cut_out(evidence.lab, candidate.region), evidence.combined)
    if region is None:
        return candidate
    region = fill_holes(region, evidence.combined, 2 * evidence.noise)
    return _Candidate(region, rate(evidence, region))


def overlap(first: Bools, second: Bools) -> float:
    """Intersection over union of two regions; 1 when both are empty."""
    union = int((first | second).sum())
    return int((first & second).sum()) / union if union else 1.0


def _confidence(ranked: list[_Candidate]) -> float:
    best = ranked[0]
    rivals = [other for other in ranked[1:] if other.score > 0.8 * best.score]
    agreement = float(np.mean([overlap(best.region, other.region) for other in rivals])) if rivals else 1.0
    return float(np.clip(best.score * agreement, 0, 1))
