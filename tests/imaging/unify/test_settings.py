from __future__ import annotations

import json

import pytest

from styletransfer.imaging.unify.settings import LightTarget, UnifyOptions, UnifyOptionsError


def test_options_survive_json() -> None:
    options = UnifyOptions(
        background="gradient",
        colour="#efeae4",
        margin=0.12,
        match_tones=0.3,
        target=LightTarget(exposure=-0.5, lightness=70, colour=(2.0, 5.0)),
    )
    assert UnifyOptions.from_mapping(json.loads(json.dumps(options.as_mapping()))) == options


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"margins": 0.1}, "margins"),
        ({"margin": 0.5}, "margin"),
        ({"strictness": "high"}, "strictness"),
        ({"strictness": float("nan")}, "strictness"),
        ({"background": "beach"}, "background"),
        ({"colour": "white"}, "colour"),
        ({"size": 800.5}, "size"),
        ({"straighten": 1}, "straighten"),
        ({"aspect": True}, "aspect"),
        ({"target": {"exposure": 3}}, "exposure"),
        ({"target": {"white": [1, 1]}}, "white"),
        ({"target": {"colour": [1, 2, 3]}}, "colour"),
        ({"target": {"colour": [1, 90]}}, "colour"),
        ({"match_tones": 1.2}, "match_tones"),
        ({"target": {"warmth": 1}}, "warmth"),
        ({"target": "reference"}, "target"),
    ],
)
def test_wrong_options_are_named(values: dict[str, object], named: str) -> None:
    with pytest.raises(UnifyOptionsError, match=named):
        UnifyOptions.from_mapping(values)


def test_a_target_of_an_earlier_version_is_still_read() -> None:
    earlier = {"white": [1.0, 1.0, 1.0], "brightness": 76.1, "contrast": 13.8}
    assert LightTarget.from_mapping(earlier) == LightTarget(contrast=13.8)
