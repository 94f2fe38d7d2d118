from __future__ import annotations

import subprocess

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from styletransfer.imaging.masks import protect
from styletransfer.imaging.masks.protect import TextBox, boxes_to_areas, find_text, protected_areas, read_text
from tests.imaging.masks.pictures import paint, planks, sweep, vase


def lettering(text="NORTH & SEA", angle=0.0, ink=30, paper=225, size=26):
    """A picture with one line of lettering, and the mask (height, width) of its ink's box."""
    font = ImageFont.load_default(size)
    picture, ink_mask = Image.new("L", (480, 360), paper), Image.new("L", (480, 360), 0)
    ImageDraw.Draw(picture).text((140, 160), text, font=font, fill=ink)
    box = ImageDraw.Draw(ink_mask).textbbox((140, 160), text, font=font)
    ImageDraw.Draw(ink_mask).rectangle(box, fill=255)
    picture, ink_mask = (
        i.rotate(-angle, Image.Resampling.BICUBIC, fillcolor=f) for i, f in ((picture, paper), (ink_mask, 0))
    )
    return np.repeat(np.asarray(picture)[..., None], 3, axis=2), np.asarray(ink_mask) > 127


@pytest.mark.parametrize(("ink", "paper"), [(30, 225), (230, 40)])
@pytest.mark.parametrize("angle", [0, 8, -18, 22])
def test_lettering_is_found_dark_or_light_level_or_tilted(ink, paper, angle):
    pixels, where = lettering(angle=angle, ink=ink, paper=paper)
    areas = protected_areas(pixels, use_tesseract=False)
    assert areas[where].mean() > 0.9
    # The box of a tilted line is drawn at the nearest of a few angles, so it is larger than the line.
    assert areas[~where].mean() < 0.12


def test_a_box_knows_where_it_is():
    pixels, where = lettering()
    box = find_text(pixels)[0]
    rows, columns = np.nonzero(where)
    assert box.centre[0] == pytest.approx(columns.mean(), abs=8)
    assert box.centre[1] == pytest.approx(rows.mean(), abs=8)
    assert box.angle == 0


@pytest.mark.parametrize("background", [sweep, planks])
def test_few_false_areas(background):
    picture = paint(background(), vase(), (40, 70, 150))
    assert protected_areas(picture, use_tesseract=False).mean() < 0.03


def test_only_lettering_on_the_product_counts():
    pixels, where = lettering()
    subject = np.zeros(where.shape, np.float32)
    assert protected_areas(pixels, subject=subject, use_tesseract=False).max() == 0
    subject[:] = 1
    assert protected_areas(pixels, subject=subject, use_tesseract=False)[where].mean() > 0.9


def test_drawn_areas_are_kept_at_any_scale():
    drawn = np.zeros((30, 40), np.uint8)
    drawn[:10] = 255
    pixels = sweep()
    areas = protected_areas(
        pixels, subject=np.zeros((240, 320), np.float32), drawn=drawn, use_tesseract=False
    )
    assert areas[:60].min() == 1
    assert areas[120:].max() == 0


def test_areas_are_soft_at_the_rim():
    pixels, _ = lettering()
    areas = protected_areas(pixels, use_tesseract=False, feather=6)
    assert ((areas > 0.1) & (areas < 0.9)).any()
    assert areas.dtype == np.float32
    assert areas.min() >= 0
    assert areas.max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (17, 23)])
def test_small_pictures(size):
    assert protected_areas(np.full((*size, 3), 99, np.uint8), use_tesseract=False).shape == size


def test_boxes_outside_the_picture_are_clipped():
    areas = boxes_to_areas([TextBox((0, 0), (20, 10)), TextBox((500, 500), (9, 9), 30)], 50, 60)
    assert areas[0, 0] == 1
    assert areas[30:].max() == 0


HEADER = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"


def tesseract_says(monkeypatch, table=b"", error=None):
    def run(command, **options):
        assert options["timeout"] > 0
        if error:
            raise error
        return subprocess.CompletedProcess(command, 0, table, b"")

    monkeypatch.setattr(protect.shutil, "which", lambda name: "/usr/bin/tesseract")
    monkeypatch.setattr(protect.subprocess, "run", run)


def test_tesseracts_words_become_boxes(monkeypatch):
    rows = (
        "5\t1\t1\t1\t1\t1\t100\t40\t80\t20\t93.1\tOLIVE\n" + "5\t1\t1\t1\t1\t2\t10\t10\t30\t9\t12.0\tmumble\n"
    )
    tesseract_says(monkeypatch, (HEADER + rows + '5\t1\t1\t1\t1\t3\t0\t0\t9\t9\t95\t"|\n').encode())
    assert read_text(sweep()) == [TextBox((70.0, 25.0), (40.0, 10.0), 0.0, "OLIVE")]


@pytest.mark.parametrize(
    "error",
    [
        subprocess.TimeoutExpired("tesseract", 1),
        subprocess.CalledProcessError(1, "tesseract"),
        OSError("gone"),
    ],
)
def test_a_failing_tesseract_costs_nothing(monkeypatch, error):
    tesseract_says(monkeypatch, error=error)
    assert read_text(sweep()) == []


def test_without_tesseract_nothing_is_read(monkeypatch):
    monkeypatch.setattr(protect.shutil, "which", lambda name: None)
    assert read_text(sweep()) == []
