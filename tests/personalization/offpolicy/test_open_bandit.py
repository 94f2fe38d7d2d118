"""Our estimators say what Open Bandit Pipeline says, on logs in the Open Bandit Dataset's format."""

import json
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from styletransfer.personalization.offpolicy import estimators
from styletransfer.personalization.offpolicy.open_bandit import NotAnOpenBanditLogError, read_open_bandit
from tests.personalization.offpolicy import open_bandit_log as logs

GOLDEN = json.loads((Path(__file__).parent / "data" / "obp.json").read_text())["campaigns"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("obd")
    for campaign in logs.CAMPAIGNS:
        logs.write_log(folder, campaign)
    return folder


@pytest.mark.parametrize("campaign", list(logs.CAMPAIGNS))
def test_estimates_equal_those_of_open_bandit_pipeline(folder, campaign):
    golden = GOLDEN[campaign]
    log = read_open_bandit(folder, "random", campaign)
    rows = np.arange(len(log))
    assert (len(log), log.items) == (golden["rows"], golden["items"])
    assert log.choices.rewards.sum() == golden["clicks"]
    assert (log.choices.actions * rows).sum() == golden["actions_by_row"]
    assert (log.positions * rows).sum() == golden["positions_by_row"]
    assert log.affinities.shape == (len(log), log.items)

    policy = np.array([logs.policy(row, log.items) for row in rows])
    model = np.array([logs.expected(row, log.items) for row in rows])
    ours = {
        "ipw": estimators.ipw(log.choices, policy).estimate,
        "snipw": estimators.snipw(log.choices, policy).estimate,
        "dm": estimators.direct(log.choices, policy, model).estimate,
        "dr": estimators.doubly_robust(log.choices, policy, model).estimate,
        "sndr": estimators.self_normalised_doubly_robust(log.choices, policy, model),
    }
    for name, estimate in ours.items():
        assert estimate == pytest.approx(golden[name], abs=1e-9, rel=0), name


def test_the_command_reports_every_campaign(folder, capsys):
    call_command("load_open_bandit", folder, judged="random")
    said = capsys.readouterr().out
    assert [line.split(":")[0] for line in said.splitlines() if "rows" in line] == ["all", "men", "women"]
    assert "effective sample" in said


def test_a_missing_file_and_a_bad_row_are_named(folder, tmp_path):
    with pytest.raises(CommandError, match=r"bts/men/men\.csv"):
        call_command("load_open_bandit", folder, campaign=["men"])
    place = tmp_path / "random" / "men"
    place.mkdir(parents=True)
    source = (folder / "random" / "men" / "men.csv").read_text().splitlines()
    (place / "men.csv").write_text("\n".join([*source[:3], source[3].replace(",", ",x", 2)]))
    with pytest.raises(NotAnOpenBanditLogError, match=r"men\.csv, line 4"):
        read_open_bandit(tmp_path, "random", "men")
    (place / "men.csv").write_text("timestamp,item_id\n1,2\n")
    with pytest.raises(NotAnOpenBanditLogError, match="no column position, click, propensity_score"):
        read_open_bandit(tmp_path, "random", "men")
