"""Staff see what a policy would earn, start it, are refused where evidence is thin, and switch it off."""

import numpy as np
import pytest
from django.urls import reverse

from styletransfer.admin.taste_plots import Scale, percent
from styletransfer.models import SnapshotState, TasteSnapshot
from styletransfer.personalization.offpolicy.estimators import LoggedChoices
from styletransfer.personalization.offpolicy.gate import Requirements, evaluate, refusals
from styletransfer.personalization.taste.snapshots import NO_LOG, fit_snapshot, live_snapshot
from tests.admin.test_content_security import DATA, INLINE


@pytest.fixture
def staff(client_with):
    return client_with("styletransfer.view_tastesnapshot", "styletransfer.change_tastesnapshot")


@pytest.fixture
def make_judged(db):
    """A snapshot whose evaluation speaks for or against it."""

    def make(lift):
        generator = np.random.default_rng(1)
        actions = generator.integers(0, 2, 8000)
        rewards = (generator.random(8000) < 0.1 + lift * actions).astype(float)
        log = LoggedChoices(actions, rewards, np.full(8000, 0.5), np.arange(8000) // 4)
        found = evaluate(log, np.tile([0.1, 0.9], (8000, 1)), np.full((8000, 2), 0.1), resamples=200)
        groups = [[0.05 + 0.01 * place, 0.06 + 0.01 * place, 800] for place in range(10)]
        styles = [
            {"slug": slug, "shown": 4000, "answered": 400, "newcomers": share}
            for slug, share in (("original", 0.2), ("<b>ink</b>", 0.8))
        ]
        return TasteSnapshot.objects.create(
            parameters=b"some",
            digest="0",
            policy_digest="0",
            evaluation=found.as_dict(),
            refusals=refusals(found, Requirements()),
            summary={"impressions": 8000, "styles": styles, "calibration": groups},
        )

    return make


def page_of(client, snapshot):
    address = reverse("admin:styletransfer_tastesnapshot_change", args=[snapshot.pk])
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def act(client, snapshot, what):
    address = reverse("admin:styletransfer_tastesnapshot_act", args=[snapshot.pk])
    return client.post(address, {"act": what}, follow=True).content.decode()


def test_a_good_policy_is_shown_with_its_evidence_and_put_live(staff, make_judged):
    good = make_judged(0.08)
    page = page_of(staff, good)
    assert "Nothing speaks against this policy" in page
    assert page.count('<svg class="st-plot"') == 3
    assert "&lt;b&gt;ink" in page
    assert INLINE.findall(DATA.sub("", page)) == []
    assert "It chooses from now on." in act(staff, good, "promote")
    good.refresh_from_db()
    assert good.state == SnapshotState.LIVE
    assert good.promoted_by.is_staff
    assert "default is shown" in act(staff, good, "off")
    assert live_snapshot() is None


def test_a_poor_policy_is_refused_with_its_reasons(staff, make_judged):
    poor = make_judged(-0.05)
    assert "It would earn less" in page_of(staff, poor)
    assert "It was not put live. It would earn less" in act(staff, poor, "promote")
    assert live_snapshot() is None


def test_the_first_policy_may_start_to_collect(staff, make_preset, make_photo, restyle):
    restyle([make_photo()], make_preset())
    first = fit_snapshot()
    assert first.refusals == [NO_LOG]
    assert "Start collecting" in page_of(staff, first)
    act(staff, first, "promote")
    assert live_snapshot() == first


def test_only_those_who_may_change_act(client_with, make_judged):
    good = make_judged(0.08)
    viewer = client_with("styletransfer.view_tastesnapshot")
    assert "Put live" not in page_of(viewer, good)
    address = reverse("admin:styletransfer_tastesnapshot_act", args=[good.pk])
    assert viewer.post(address, {"act": "promote"}).status_code == 403
    assert live_snapshot() is None


def test_the_list_sums_up(staff, make_judged):
    make_judged(0.08)
    page = staff.get(reverse("admin:styletransfer_tastesnapshot_changelist")).content.decode()
    assert "enough" in page
    assert "8,000" in page


def test_plots_keep_their_numbers_in_any_language(staff, make_judged, settings):
    settings.LANGUAGE_CODE = "de"
    page = page_of(staff, make_judged(0.08))
    drawn = page[page.index("<svg") : page.rindex("</svg>")]
    assert 'x1="' in drawn
    assert not any(f'{name}="{digit},' in drawn for name in ("x", "cx", "width") for digit in range(400))


def test_ticks_are_round_and_within():
    ticks = Scale.around([0.0212, 0.0367]).ticks()
    assert ticks == pytest.approx([0.025, 0.03, 0.035])
    assert percent(0.0234) == "2.34 %"
