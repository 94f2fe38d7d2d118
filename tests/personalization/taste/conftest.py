"""A small shop with three painted looks, and a way to write years of clicks in no time."""

from __future__ import annotations

import uuid
from datetime import timedelta

import numpy as np
import pytest
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from styletransfer.models import ConsentBasis, StyledVariant, StyleEvent, StylePreset
from tests.testapp.models import Article, Photo

NOW = timezone.now().replace(minute=30, second=0, microsecond=0)


def code_of(seed):
    return np.random.default_rng(seed).normal(size=128).astype("<f4")


@pytest.fixture
def make_look(db):
    def make(slug, seed=1, *, is_painted=True, **values):
        preset = StylePreset.objects.create(
            name=slug.title(), slug=slug, engine="fake", style_code=code_of(seed).tobytes(), **values
        )
        if is_painted:
            StyledVariant.objects.create(
                content_type=ContentType.objects.get_for_model(Photo),
                object_id=str(preset.pk),
                field="image",
                preset=preset,
                recipe=f"{preset.pk:064x}",
                state="ready",
            )
        return preset

    return make


@pytest.fixture
def looks(make_look):
    return [make_look(slug, seed) for seed, slug in enumerate(["oil", "ink", "woodcut"])]


class Log:
    """Writes events as the script and the shop would."""

    def __init__(self):
        self.rows = []

    def add(self, shopper, kind, look=None, *, ago=timedelta(hours=3), **values):
        event = StyleEvent(
            id=uuid.uuid4(),
            kind=kind,
            shopper=shopper,
            style=look.slug if look is not None else "original",
            preset=look,
            consent_basis=ConsentBasis.BOTH,
            occurred_at=NOW - ago,
            received_at=NOW - ago,
            **values,
        )
        self.rows.append(event)
        return event

    def impression(self, shopper, look, looks, *, propensity=0.25, clicked=False, policy="taste:1", **values):
        shown = self.add(
            shopper,
            "impression",
            look,
            candidates=[None, *(one.pk for one in looks)],
            propensity=propensity,
            policy=policy,
            **values,
        )
        if clicked:
            self.add(shopper, "click", look, impression_id=shown.pk, **values)
        return shown

    def write(self):
        StyleEvent.objects.bulk_create(self.rows)
        self.rows = []


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def crowd(make_shopper, looks, log):
    """Shoppers of two tastes who were shown styles at random: half like oil, half ink; 2,400 impressions."""

    def make(shoppers=24, each=100, liked=0.5, other=0.1):
        generator = np.random.default_rng(5)
        arms = [None, *looks]
        people = [make_shopper("personalisation") for _ in range(shoppers)]
        for number, shopper in enumerate(people):
            favourite = looks[number % 2]
            for turn in range(each):
                look = arms[generator.integers(4)]
                chance = liked if look == favourite else other
                ago = timedelta(days=20) * (1 - turn / each) + timedelta(hours=2)
                log.impression(
                    shopper,
                    look,
                    looks,
                    clicked=generator.random() < chance,
                    ago=ago,
                    category="mugs",
                    device="phone",
                )
        log.write()
        return people

    return make


@pytest.fixture
def article(db):
    return Article.objects.create(name="mugs")
