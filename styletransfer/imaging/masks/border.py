"""The built-in masker: needs OpenCV, but no model file and no download."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from styletransfer.imaging.masks.base import Pixels, SubjectMask, check_pixels, own_mask
from styletransfer.imaging.masks.cut import cut_out
from styletransfer.imaging.masks.enclosed import enclosed_regions, snap_outline
from styletransfer.imaging.masks.evidence import Bools, Evidence, Floats, gather_evidence
from styletransfer.imaging.masks.guided import upsample_alpha
from styletransfer.imaging.masks.margins import trim_margins
from styletransfer.imaging.masks.rating import rate
from styletransfer.imaging.masks.regions import disc, main_region, settle_holes, subject_regions

_LEAST_SIDE = 24
_NOISE_LEVELS = (3.0, 5.0, 8.0)
_OTSU_LEVELS = (0.6, 1.0)
_LEAST_LEVEL = 2.0
_LEAST_SCORE = 0.12
_FINALISTS = 8
_SPANNED = 8
_TAIL = 3  # px
_SAME_REGION = 0.93
_SAME_OUTLINE = 0.85
_CONSENSUS = 0.2
_VOTE_POWER = 6
_SHADOW = 0.6
_SHADOW_FAVOUR = 0.97
_NEARLY_SAME = 0.98
_FALLBACK_CONFIDENCE = 0.1
_CONFIDENCE_SCALE = 1.25  # a score times agreement of 0.4 is where masks begin to be good


@dataclass(frozen=True, eq=False)
class _Candidate:
    region: Bools
    prominence: float
    score: float


@dataclass(frozen=True, eq=False)
class Found:
    """A subject that was found.

    Attributes:
        region: (height, width).
        confidence: in [0, 1].
        is_plain: whether it stands before a plain backdrop, so that the strongest edges are its outline.
    """

    region: Bools
    confidence: float
    is_plain: bool


class BorderMasker:
    """Tells the subject from what the picture's borders show.

    Several maps of "unlike the background" are cut at several levels, each cut is grown into a region, and
    on plain backdrops what crisp outlines enclose is added. The best-rated ones, and their convex hulls, get
    pixel-exact outlines by GrabCut, and the best of all wins. Its score, and how far the runners-up agree
    with it, make the confidence. When nothing convinces, the whole picture is the subject.

    Args:
        work_side: longest side, in pixels, of the picture that is analysed.
    """

    name = "border"

    def __init__(self, work_side: int = 256) -> None:
        self.work_side = work_side

    def mask(self, pixels: Pixels) -> SubjectMask:
        """Find the subject; see ``Masker.mask``."""
        check_pixels(pixels)
        own = own_mask(pixels)
        if own is not None:
            return own
        rgb = np.ascontiguousarray(pixels[..., :3])
        trimmed = trim_margins(rgb)
        if trimmed is None:
            return self._mask(rgb)
        found = self._mask(trimmed.pixels)
        if found.method == "fallback":
            return whole_picture(pixels)
        return SubjectMask(trimmed.put_back(found.alpha), found.confidence, self.name)

    def _mask(self, rgb: Pixels) -> SubjectMask:
        small = shrink(rgb, self.work_side)
        if min(small.shape[:2]) < _LEAST_SIDE:
            return whole_picture(rgb)
        found = find_subject(small)
        if found is None:
            return whole_picture(rgb)
        middle = shrink(rgb, 2 * self.work_side)
        sharp = sharpen_outline(middle, found)
        alpha = upsample_alpha(rgb, middle, sharp.astype(np.float32), radius=2)
        return SubjectMask(alpha, found.confidence, self.name)


def shrink(rgb: Pixels, longest_side: int) -> Pixels:
    """The picture at a longest side of ``longest_side`` pixels at most."""
    height, width = rgb.shape[:2]
    factor = longest_side / max(height, width)
    if factor >= 1:
        return rgb
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def sharpen_outline(rgb: Pixels, found: Found) -> Bools:
    """The outline found on a smaller copy, moved by a few pixels to where it lies at this size."""
    height, width = rgb.shape[:2]
    soft = cv2.resize(found.region.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    enlarged: Bools = soft > 0.5
    lab = np.asarray(cv2.cvtColor(rgb.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB), np.float32)
    if found.is_plain:
        return snap_outline(lab, cv2.dilate(enlarged.astype(np.uint8), disc(1)) > 0)
    sharper = cut_out(lab, enlarged, rim=0.02, iterations=1)
    return sharper if overlap(sharper, enlarged) > _SAME_OUTLINE else enlarged


def whole_picture(pixels: Pixels) -> SubjectMask:
    """The mask for when no subject can be told apart: everything, with low confidence."""
    return SubjectMask(np.ones(pixels.shape[:2], np.float32), _FALLBACK_CONFIDENCE, "fallback")


def find_subject(small: Pixels) -> Found | None:
    """The subject of a small RGB picture (height, width, 3); None without one."""
    lab = cv2.cvtColor(small.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
    evidence = gather_evidence(np.asarray(lab, np.float32))
    candidates = sorted(_candidates(evidence), key=lambda candidate: -candidate.score)
    finalists = _best_distinct(candidates)
    refined = [_refine(evidence, candidate) for candidate in finalists]
    refined += [_refine(evidence, _spanned(evidence, candidate)) for candidate in finalists[:_SPANNED]]
    everything = [*refined, *candidates]
    ranked = _by_score(everything) if evidence.is_plain else _by_consensus(everything)
    if not ranked or ranked[0].score < _LEAST_SCORE:
        return None
    best = ranked[0]
    if not evidence.is_plain:
        best = max(best, _refine(evidence, best), key=lambda candidate: candidate.score)
    return Found(best.region, _confidence(ranked), evidence.is_plain)


def _candidates(evidence: Evidence) -> Iterator[_Candidate]:
    seen: list[Bools] = []
    for difference in _maps(evidence):
        for level in _levels(difference, evidence.noise):
            for region, prominence in subject_regions(difference > level, difference, evidence.lab):
                if any(overlap(region, other) > _NEARLY_SAME for other in seen):
                    continue
                seen.append(region)
                settled = settle_holes(region, evidence.lab, evidence.noise)
                yield _rated(evidence, settled, prominence)
    if evidence.is_plain:
        yield from _enclosed_candidates(evidence)


def _enclosed_candidates(evidence: Evidence) -> Iterator[_Candidate]:
    """What crisp outlines enclose, with and without the holes in it: those of clear glass are none."""
    for enclosed in enclosed_regions(evidence):
        for region, prominence in subject_regions(enclosed, evidence.combined, evidence.lab):
            snapped = snap_outline(evidence.lab, region)
            yield _rated(evidence, snapped, prominence)
            yield _rated(evidence, settle_holes(snapped, evidence.lab, evidence.noise), prominence)


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
        yield max(factor * otsu, _LEAST_LEVEL * noise)


def _best_distinct(candidates: list[_Candidate]) -> list[_Candidate]:
    """The best of the candidates, which come best first, that differ from one another."""
    chosen: list[_Candidate] = []
    for candidate in candidates:
        if all(overlap(candidate.region, other.region) < _SAME_REGION for other in chosen):
            chosen.append(candidate)
        if len(chosen) == _FINALISTS:
            break
    return chosen


def _refine(evidence: Evidence, candidate: _Candidate) -> _Candidate:
    region = main_region(cut_out(evidence.lab, candidate.region), evidence.combined, evidence.lab)
    if region is None:
        return candidate
    refined = _rated(evidence, settle_holes(region, evidence.lab, evidence.noise), candidate.prominence)
    lit = main_region(refined.region & (evidence.shadow < _SHADOW), evidence.combined, evidence.lab)
    if lit is None:
        return refined
    without_shadow = _rated(evidence, settle_holes(lit, evidence.lab, evidence.noise), candidate.prominence)
    return without_shadow if without_shadow.score > _SHADOW_FAVOUR * refined.score else refined


def _spanned(evidence: Evidence, candidate: _Candidate) -> _Candidate:
    """The convex hull of a candidate without its thin tails: what is woven or reflects is found in parts."""
    body = cv2.morphologyEx(candidate.region.astype(np.uint8), cv2.MORPH_OPEN, disc(_TAIL))
    if not body.any():
        return candidate
    cv2.fillConvexPoly(body, cv2.convexHull(cv2.findNonZero(body)), 1.0)
    return _rated(evidence, body > 0, candidate.prominence)


def _rated(evidence: Evidence, region: Bools, prominence: float) -> _Candidate:
    return _Candidate(region, prominence, rate(evidence, region, prominence))


def _by_score(candidates: list[_Candidate]) -> list[_Candidate]:
    return sorted(candidates, key=lambda candidate: -candidate.score)


def _by_consensus(candidates: list[_Candidate]) -> list[_Candidate]:
    """Best first: by score, times how far the score-weighted vote of all candidates overlaps each."""
    if not candidates:
        return []
    votes = np.array([candidate.score**_VOTE_POWER for candidate in candidates])
    regions = np.array([candidate.region[::2, ::2].ravel() for candidate in candidates], np.float32)
    common, areas = regions @ regions.T, regions.sum(axis=1)
    overlaps = common / np.maximum(areas[:, None] + areas - common, 1)
    support = overlaps**2 @ votes / max(float(votes.sum()), 1e-12)
    worth = np.array([candidate.score for candidate in candidates]) * support**_CONSENSUS
    return [candidates[index] for index in np.argsort(-worth, kind="stable")]


def overlap(first: Bools, second: Bools) -> float:
    """Intersection over union of two regions; 1 when both are empty."""
    union = int((first | second).sum())
    return int((first & second).sum()) / union if union else 1.0


def _confidence(ranked: list[_Candidate]) -> float:
    best = ranked[0]
    rivals = [other for other in ranked[1:] if other.score > 0.8 * best.score]
    agreement = float(np.mean([overlap(best.region, other.region) for other in rivals])) if rivals else 1.0
    return float(np.clip(_CONFIDENCE_SCALE * best.score * agreement, 0, 1))
