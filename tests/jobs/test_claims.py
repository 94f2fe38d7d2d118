"""Every move of a variant is one conditional UPDATE; whoever lost the lease is refused.

These tests also run on PostgreSQL, see ``tests/integration/test_postgresql.py``.
"""

import uuid
from datetime import timedelta
from itertools import chain

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from styletransfer.jobs import claims
from styletransfer.models import StyledVariant
from styletransfer.testing import make_variant
from tests.jobs.conftest import configure

pytestmark = pytest.mark.django_db

PAINTED = {"master_name": "masters/1.png", "width": 64, "height": 48, "timings": {"paint": 0.5}}
ENCODED = {
    "renditions": [{"width": 64, "height": 48, "format": "jpeg", "name": "a.jpg", "bytes": 3}],
    "placeholder": "data:,",
    "measures": {"ssim": 0.5},
    "timings": {"paint": 0.5, "encode": 0.25},
}


@pytest.fixture
def queue(make_preset, make_photos):
    """Queued variants of one preset, one photo each."""
    presets = {}

    def make(number=1, slug="oil", **values):
        if slug not in presets:
            presets[slug] = make_preset(slug)
        values = {"state": "queued", "bucket": "64x64", **values}
        return [make_variant(photo, presets[slug], **values) for photo in make_photos(number)]

    return make


def expire(*variants):
    StyledVariant.objects.filter(pk__in=[variant.pk for variant in variants]).update(
        lease_until=Now() - timedelta(seconds=1)
    )


def state_of(variant):
    variant.refresh_from_db()
    return variant.state


def finish_one(variant):
    """Take one queued variant all the way."""
    claim = claims.claim_for_painting(variant.lane, limit=1)
    assert claim.ids == [variant.pk]
    assert claims.to_encoding(claim.token, {variant.pk: PAINTED}) == {variant.pk}
    claim = claims.claim_for_encoding()
    assert claims.finish(claim.token, {variant.pk: ENCODED}) == {variant.pk}


def test_a_variant_goes_from_the_queue_to_ready(queue):
    (variant,) = queue()
    finish_one(variant)
    assert state_of(variant) == "ready"
    assert (variant.width, variant.height) == (64, 48)
    assert variant.renditions == ENCODED["renditions"]
    assert variant.measures == {"ssim": 0.5}
    assert variant.timings == {"paint": 0.5, "encode": 0.25}
    assert (variant.token, variant.lease_until, variant.master_name, variant.error) == (None, None, "", "")
    assert abs(variant.finished_at - timezone.now()) < timedelta(minutes=1)


def test_a_batch_shares_lane_bucket_and_engine_and_is_oldest_first(queue):
    first = queue(2, bucket="128x64")
    queue(1, bucket="64x64")
    queue(1, bucket="128x64", lane="interactive")
    more = queue(3, bucket="128x64", slug="ink")
    claim = claims.claim_for_painting("bulk", limit=4)
    assert claim.ids == [variant.pk for variant in (*first, *more[:2])]
    assert {variant.preset.engine for variant in claim.variants} == {"fake"}
    assert claims.claim_for_painting("bulk", limit=4).variants[0].bucket == "64x64"


def test_another_engine_is_not_mixed_into_a_batch(queue, make_preset, make_photos):
    (first,) = queue()
    other = make_preset("other")
    type(other).objects.filter(pk=other.pk).update(engine="painter")
    (photo,) = make_photos()
    make_variant(photo, other, state="queued", bucket="64x64")
    assert claims.claim_for_painting("bulk", limit=4).ids == [first.pk]
    assert claims.claim_for_painting("bulk", limit=4, without_engines=["painter"]) is None


def test_a_picture_of_unknown_size_is_painted_alone(queue):
    queue(3, bucket="")
    assert len(claims.claim_for_painting("bulk", limit=4).variants) == 1


def test_two_claims_share_nothing(queue):
    queue(5)
    taken = [claims.claim_for_painting("bulk", limit=2).ids for _ in range(3)]
    assert sorted(chain.from_iterable(taken)) == sorted(StyledVariant.objects.values_list("pk", flat=True))
    assert claims.claim_for_painting("bulk", limit=2) is None


def test_a_late_write_is_refused_once_the_lease_is_lost(queue):
    (variant,) = queue()
    lost = claims.claim_for_painting("bulk")
    expire(variant)
    assert claims.sweep() == 1
    new = claims.claim_for_painting("bulk")
    assert claims.to_encoding(lost.token, {variant.pk: PAINTED}) == set()
    assert claims.renew(lost.token) == 0
    assert claims.release(lost.token) == 0
    assert not claims.fail(lost.variants[0], lost.token, "late")
    assert state_of(variant) == "painting"
    assert claims.to_encoding(new.token, {variant.pk: PAINTED}) == {variant.pk}


def test_a_late_finish_is_refused(queue):
    (variant,) = queue()
    claim = claims.claim_for_painting("bulk")
    claims.to_encoding(claim.token, {variant.pk: PAINTED})
    lost = claims.claim_for_encoding()
    expire(variant)
    claims.sweep()
    new = claims.claim_for_encoding()
    assert claims.finish(lost.token, {variant.pk: ENCODED}) == set()
    assert claims.finish(new.token, {variant.pk: ENCODED}) == {variant.pk}
    assert claims.finish(new.token, {variant.pk: ENCODED}) == set()


def test_a_token_opens_no_other_row(queue):
    mine, other = queue(2)
    claim = claims.claim_for_painting("bulk", limit=1)
    assert claims.to_encoding(claim.token, {mine.pk: PAINTED, other.pk: PAINTED}) == {mine.pk}
    assert state_of(other) == "queued"
    assert claims.to_encoding(uuid.uuid4(), {other.pk: PAINTED}) == set()


def test_the_lease_follows_the_databases_clock(queue, monkeypatch):
    (variant,) = queue()
    real = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: real() + timedelta(hours=1))
    claim = claims.claim_for_painting("bulk")
    assert abs(claim.variants[0].lease_until - real() - timedelta(seconds=60)) < timedelta(seconds=5)
    assert claims.sweep() == 0
    assert state_of(variant) == "painting"


def test_renewing_prolongs_the_lease(queue):
    (variant,) = queue()
    claim = claims.claim_for_painting("bulk")
    expire(variant)
    assert claims.renew(claim.token) == 1
    assert claims.sweep() == 0


def test_a_failed_try_waits_and_the_last_one_fails_for_good(queue):
    (variant,) = queue()
    for attempt in (1, 2):
        claim = claims.claim_for_painting("bulk")
        assert claims.fail(claim.variants[0], claim.token, "no luck")
        assert state_of(variant) == "queued"
        assert variant.attempts == attempt
        assert abs(variant.run_after - timezone.now() - timedelta(seconds=2**attempt)) < timedelta(
            seconds=1.5
        )
        assert claims.claim_for_painting("bulk") is None
        StyledVariant.objects.update(run_after=Now() - timedelta(seconds=1))
    claim = claims.claim_for_painting("bulk")
    claims.fail(claim.variants[0], claim.token, "no luck at all")
    assert state_of(variant) == "failed"
    assert (variant.attempts, variant.error, variant.token) == (3, "no luck at all", None)


def test_a_permanent_error_fails_at_once(queue):
    (variant,) = queue()
    claim = claims.claim_for_painting("bulk")
    claims.fail(claim.variants[0], claim.token, "this is an SVG", permanent=True)
    assert (state_of(variant), variant.error, variant.attempts) == ("failed", "this is an SVG", 1)


def test_a_failed_encode_keeps_its_master_unless_that_is_lost(queue):
    (variant,) = queue()
    claim = claims.claim_for_painting("bulk")
    claims.to_encoding(claim.token, {variant.pk: PAINTED})
    claim = claims.claim_for_encoding()
    claims.fail(claim.variants[0], claim.token, "odd")
    assert (state_of(variant), variant.master_name) == ("encoding", "masters/1.png")
    assert claims.claim_for_encoding() is None
    StyledVariant.objects.update(run_after=None)
    claim = claims.claim_for_encoding()
    claims.fail(claim.variants[0], claim.token, "gone", repaint=True)
    assert (state_of(variant), variant.master_name, variant.attempts) == ("queued", "", 2)


def test_a_dead_worker_costs_one_try_and_then_the_variant_is_taken_alone(queue):
    variants = queue(4)
    claims.claim_for_painting("bulk", limit=4)
    expire(*variants)
    assert claims.sweep() == 4
    assert {(v.state, v.attempts, v.token) for v in StyledVariant.objects.all()} == {("queued", 1, None)}
    assert len(claims.claim_for_painting("bulk", limit=4).variants) == 1


def test_a_picture_that_kills_its_worker_three_times_has_failed(queue):
    (variant,) = queue()
    for _attempt in range(3):
        assert claims.claim_for_painting("bulk") is not None
        expire(variant)
        claims.sweep()
    assert state_of(variant) == "failed"
    assert "died" in variant.error
    assert claims.claim_for_painting("bulk") is None


def test_a_dead_encoder_leaves_the_master_for_the_next(queue):
    (variant,) = queue()
    claim = claims.claim_for_painting("bulk")
    claims.to_encoding(claim.token, {variant.pk: PAINTED})
    claims.claim_for_encoding()
    expire(variant)
    assert claims.sweep() == 1
    assert (state_of(variant), variant.attempts, variant.master_name) == ("encoding", 1, "masters/1.png")
    assert claims.claim_for_encoding().ids == [variant.pk]


def test_giving_back_costs_no_try(queue):
    variants = queue(2)
    claim = claims.claim_for_painting("bulk")
    assert claims.release(claim.token, among=[variants[0].pk]) == 1
    assert (state_of(variants[0]), variants[0].attempts) == ("queued", 0)
    assert state_of(variants[1]) == "painting"
    claims.release(claim.token, pause_seconds=60, error="disk full")
    assert (state_of(variants[1]), variants[1].error) == ("queued", "disk full")
    assert claims.claim_for_painting("bulk").ids == [variants[0].pk]


def test_cancelling_voids_the_claim(queue):
    painting, queued = queue(2)
    claim = claims.claim_for_painting("bulk", limit=1)
    assert claims.cancel(StyledVariant.objects.all()) == 2
    assert (state_of(painting), state_of(queued)) == ("cancelled", "cancelled")
    assert claims.to_encoding(claim.token, {painting.pk: PAINTED}) == set()
    assert claims.requeue(StyledVariant.objects.all()) == 2
    assert (state_of(painting), painting.attempts) == ("queued", 0)


def test_the_old_variant_is_shown_until_the_new_one_is_ready(queue, make_preset):
    (old,) = queue()
    finish_one(old)
    others = make_variant(old.source, make_preset("ink"))
    new = make_variant(old.source, old.preset, state="queued", bucket="64x64")
    claim = claims.claim_for_painting("bulk")
    claims.to_encoding(claim.token, {new.pk: PAINTED})
    assert state_of(old) == "ready"
    claim = claims.claim_for_encoding()
    claims.finish(claim.token, {new.pk: ENCODED})
    assert (state_of(old), state_of(new), state_of(others)) == ("superseded", "ready", "ready")


def test_a_superseded_variant_comes_back(queue):
    (old,) = queue()
    finish_one(old)
    new = make_variant(old.source, old.preset, state="queued", bucket="64x64")
    finish_one(new)
    assert claims.revive(StyledVariant.objects.filter(pk=old.pk)) == 1
    assert (state_of(old), state_of(new)) == ("ready", "superseded")
    assert claims.revive(StyledVariant.objects.filter(pk=old.pk)) == 0


def test_interactive_pictures_are_encoded_first(queue):
    bulk, interactive = queue(1) + queue(1, lane="interactive")
    for lane, variant in (("bulk", bulk), ("interactive", interactive)):
        claim = claims.claim_for_painting(lane)
        claims.to_encoding(claim.token, {variant.pk: PAINTED})
    assert claims.claim_for_encoding().ids == [interactive.pk]
    assert claims.claim_for_encoding(among=[interactive.pk]) is None
    assert claims.claim_for_encoding().ids == [bulk.pk]


def test_a_waiting_variant_can_be_hurried(queue):
    (variant,) = queue()
    assert claims.hurry(StyledVariant.objects.all()) == 1
    assert claims.claim_for_painting("bulk") is None
    assert claims.claim_for_painting("interactive").ids == [variant.pk]


def test_limits_come_from_the_settings(queue, settings):
    configure(settings, BATCH_SIZE=2, LEASE_SECONDS=600, MAX_ATTEMPTS=1)
    queue(3)
    claim = claims.claim_for_painting("bulk")
    assert len(claim.variants) == 2
    assert claim.variants[0].lease_until > timezone.now() + timedelta(seconds=500)
    claims.fail(claim.variants[0], claim.token, "once is enough")
    assert state_of(claim.variants[0]) == "failed"
