"""From a log to a live policy: what is fitted, what is refused, what is kept and what is forgotten."""

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from styletransfer.models import Shopper, SnapshotState, StyleEvent, TasteSnapshot
from styletransfer.personalization import erasure, privacy
from styletransfer.personalization.offpolicy import gate
from styletransfer.personalization.taste import snapshots
from styletransfer.personalization.taste.history import History
from styletransfer.personalization.taste.learning import learn
from styletransfer.personalization.taste.policy import TastePolicy, UnknownFormatError
from styletransfer.personalization.taste.snapshots import (
    NO_LOG,
    ONE_STYLE,
    NotPromotedError,
    fit_snapshot,
    live_snapshot,
    promote,
    switch_off,
)
from tests.personalization.taste.conftest import NOW


def history_with(look):
    history = History(NOW)
    for _ in range(5):
        history.add("impression", look.pk, "mugs", NOW, 30)
        history.add("click", look.pk, "mugs", NOW, 30)
    return history


@pytest.fixture
def small_sample(settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "TASTE_EFFECTIVE_SIZE": 400}


def test_an_empty_log_may_only_start_to_collect(looks, settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "DEFAULT_PRESET": "ink"}
    first = fit_snapshot(NOW)
    assert (first.refusals, first.state) == ([NO_LOG], SnapshotState.CANDIDATE)
    promote(first)
    policy = snapshots.policy_of(first.pk, first.digest)
    chosen = dict(zip(policy.space.styles, policy.probabilities_for(None, "phone"), strict=True))
    assert chosen[looks[1].pk] == pytest.approx(0.7)
    assert all(chosen[key] == pytest.approx(0.1, abs=0.03) for key in (0, looks[0].pk, looks[2].pk))
    second = fit_snapshot(NOW)
    assert second.state == SnapshotState.LIVE  # the same policy with fresher data


def test_one_style_is_no_choice(make_look, settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "TASTE_ORIGINAL": False}
    make_look("oil")
    make_look("unpainted", is_painted=False)
    snapshot = fit_snapshot(NOW)
    assert snapshot.refusals == [ONE_STYLE]
    with pytest.raises(NotPromotedError, match="fewer than two"):
        promote(snapshot)


def test_tastes_are_learned_and_the_evidence_suffices(crowd, looks, small_sample):
    collecting = fit_snapshot(NOW)
    promote(collecting)
    crowd()
    learned = fit_snapshot(NOW)
    assert (learned.refusals, learned.state) == ([], SnapshotState.CANDIDATE)
    assert learned.evaluation["gain"]["lower"] > 0
    policy = TastePolicy.from_bytes(bytes(learned.parameters))
    oil, ink = (
        dict(zip(policy.space.styles, policy.probabilities_for(history_with(look), "phone"), strict=True))
        for look in looks[:2]
    )
    assert oil[looks[0].pk] > 0.6
    assert ink[looks[1].pk] > 0.6
    promote(learned)
    assert live_snapshot() == learned
    collecting.refresh_from_db()
    assert collecting.state == SnapshotState.RETIRED
    assert collecting.retired_at is not None


def test_thin_evidence_is_refused(crowd, looks):
    promote(fit_snapshot(NOW))
    crowd(shoppers=6, each=30)
    snapshot = fit_snapshot(NOW)
    assert gate.FEW in snapshot.refusals
    with pytest.raises(NotPromotedError, match="effective sample size"):
        promote(snapshot)
    with pytest.raises(CommandError, match="effective sample size"):
        call_command("fit_taste", "--promote")


def test_automatic_promotion_waits_for_the_evidence(crowd, settings):
    settings.STYLETRANSFER = {
        **settings.STYLETRANSFER,
        "TASTE_PROMOTION": "automatic",
        "TASTE_EFFECTIVE_SIZE": 400,
    }
    assert fit_snapshot(NOW).state == SnapshotState.CANDIDATE  # staff start it
    promote(TasteSnapshot.objects.get())
    crowd()
    assert fit_snapshot(NOW).state == SnapshotState.LIVE


def test_what_shoppers_chose_themselves_teaches_nothing(shopper, looks, log):
    log.impression(shopper, looks[0], looks, propensity=1.0, policy="cookie")
    log.impression(shopper, looks[0], looks, propensity=1.0, policy="default")
    log.write()
    assert fit_snapshot(NOW).summary["impressions"] == 1


def test_snapshots_never_change_and_one_is_live(looks):
    snapshot = fit_snapshot(NOW)
    snapshot.summary = {}
    with pytest.raises(TypeError, match="fit another"):
        snapshot.save()
    promote(snapshot)
    other = fit_snapshot(NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        TasteSnapshot.objects.update(state=SnapshotState.LIVE)
    assert live_snapshot() == other
    assert switch_off()
    assert not switch_off()
    assert live_snapshot() is None


def test_parameters_survive_their_bytes(crowd, looks):
    crowd(shoppers=6, each=30)
    snapshot = fit_snapshot(NOW)
    stored = bytes(snapshot.parameters)
    policy = TastePolicy.from_bytes(stored)
    assert policy.to_bytes() == stored
    assert len(stored) < 20_000
    assert policy.digest() == snapshot.digest
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("styletransfer.personalization.taste.policy.FORMAT", 2)
        with pytest.raises(UnknownFormatError, match="format 1 is not 2"):
            TastePolicy.from_bytes(stored)


def test_an_erasure_fits_anew_and_forgets_what_knew_them(crowd, looks, small_sample):
    promote(fit_snapshot(NOW))
    people = crowd()
    promote(fit_snapshot(NOW))
    before = live_snapshot()
    people[0].delete()
    privacy.run_erasure_hooks()
    after = live_snapshot()
    assert after.pk > before.pk
    assert after.summary["shoppers"] == len(people) - 1
    assert not StyleEvent.objects.filter(shopper_id=people[0].pk).exists()
    assert [bytes(old.parameters) for old in TasteSnapshot.objects.exclude(pk=after.pk)] == [b"", b""]
    with pytest.raises(NotPromotedError, match="deleted after an erasure"):
        promote(TasteSnapshot.objects.get(pk=before.pk))


def test_a_fit_during_which_somebody_is_erased_begins_again_without_them(
    crowd, looks, small_sample, monkeypatch
):
    people = crowd()

    def erase_first(*args):
        if Shopper.objects.filter(pk=people[0].pk).exists():
            erasure.erase(people[0])
        return learn(*args)

    monkeypatch.setattr(snapshots, "learn", erase_first)
    fitted = fit_snapshot(NOW)
    assert fitted.summary["shoppers"] == len(people) - 1
    assert list(TasteSnapshot.objects.all()) == [fitted]


def test_the_command_fits_reports_and_switches_off(crowd, looks, small_sample, capsys):
    call_command("fit_taste")
    assert "may start to collect" in capsys.readouterr().out
    call_command("fit_taste", "--promote")
    crowd()
    call_command("fit_taste")
    said = capsys.readouterr().out
    assert "effective sample" in said
    assert "24 histories" in said
    call_command("fit_taste", "--off")
    assert live_snapshot() is None
