"""``manage.py evaluate_painter`` adds the settings' engines to what the module compares."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from styletransfer.testing import FakeEngine
from styletransfer.training.evaluation import comparing


def options(folder: Path) -> list[str]:
    return ["--content", str(folder), "--styles", str(folder), "--out", str(folder)]


def test_engines_of_the_settings_are_compared(tmp_path: Path, settings, monkeypatch) -> None:
    settings.STYLETRANSFER = {"ENGINES": {"fake": "styletransfer.testing:FakeEngine"}}
    seen = {}
    monkeypatch.setattr(comparing, "compare", lambda options, engines, console: seen.update(engines))
    call_command("evaluate_painter", *options(tmp_path), "--engine", "fake")
    assert isinstance(seen["fake"], FakeEngine)


def test_an_unknown_engine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no engine"):
        call_command("evaluate_painter", *options(tmp_path), "--engine", "etching")


def test_missing_pictures_are_a_plain_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="holds no picture"):
        call_command("evaluate_painter", *options(tmp_path))
