"""Erasing leaves nothing, exporting leaves nothing out, whatever models are registered."""

import hashlib
import json
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import models
from django.utils import timezone

from styletransfer.models import ErasureTombstone, Shopper, StyleEvent
from styletransfer.personalization import erasure, privacy
from styletransfer.personalization.export import export, people_of
from styletransfer.personalization.retention import retain
from styletransfer.personalization.shoppers import merge

pytestmark = pytest.mark.django_db

LIMIT = 8


def fill(model, given, depth=0):
    """A row of any model with something in every field; relations that must be there are made too."""
    values = dict(given)
    number = model._default_manager.count() + 1
    for field in model._meta.local_concrete_fields:
        if field.name in values or (field.primary_key and isinstance(field, models.AutoField)):
            continue
        if field.is_relation:
            if not field.null:
                assert depth < LIMIT, f"{model._meta.label}.{field.name} refers to itself"
                values[field.name] = related(field.related_model, given, depth)
        elif field.has_default() or field.null:
            continue
        elif field.choices:
            values[field.name] = field.choices[-1][0]
        else:
            values[field.name] = sample(field, number)
    row = model(**values)
    row.save(force_insert=True)
    return row


def related(model, given, depth):
    people = {Shopper: "shopper", get_user_model(): "user"}
    if model in people and people[model] in given:
        return given[people[model]]
    if model._meta.label == "contenttypes.ContentType":
        return model.objects.get_for_model(Shopper)
    return fill(model, {}, depth + 1)


def sample(field, number):
    samples = {
        models.DateTimeField: timezone.now(),
        models.DateField: timezone.now().date(),
        models.BooleanField: True,
        models.FloatField: 0.5,
        models.DecimalField: 1,
        models.JSONField: {"a": [1]},
        models.BinaryField: b"\x01",
        models.IntegerField: number,
        models.CharField: f"text-{number}"[: field.max_length],
        models.TextField: "text",
    }
    return next(value for kind, value in samples.items() if isinstance(field, kind))


def populate(shopper):
    """One row of every registered model that leads to this shopper; returns them by model."""
    rows = {Shopper: shopper}
    for personal in privacy.registered():
        if personal.model is Shopper:
            continue
        links = dict.fromkeys(personal.account, shopper.user)
        if personal.subject is not None:
            assert "__" not in personal.subject, (
                f"{personal.label}: teach this test the path {personal.subject}"
            )
            links[personal.subject] = shopper
        rows[personal.model] = fill(personal.model, links)
    return rows


def left(shoppers, users):
    """Rows of every registered model that still lead to these people."""
    found = {}
    for personal in privacy.registered():
        condition = models.Q(**{f"{personal.subject}__in": shoppers}) if personal.subject else models.Q()
        for link in personal.account:
            condition |= models.Q(**{f"{link}__in": users})
        found[personal.label] = personal.model._default_manager.filter(condition).count()
    return found


@pytest.fixture
def person(make_shopper, user):
    shopper = make_shopper("measurement", user=user)
    earlier = make_shopper()
    merge(earlier, shopper)
    return Shopper.objects.get(pk=shopper.pk)


def test_erasing_leaves_no_row_in_any_registered_table(person, make_shopper):
    other = make_shopper("measurement", user=get_user_model().objects.create_user("eve"))
    populate(other)
    populate(person)
    everybody = [one.pk for one in people_of(person)]
    assert len(everybody) == 2
    before = left(everybody, [person.user_id])
    assert all(before.values()), f"this test made no row of {[k for k, n in before.items() if not n]}"
    others = left([other.pk], [other.user_id])

    erasure.erase(person)

    assert set(left(everybody, [person.user_id]).values()) == {0}
    assert left([other.pk], [other.user_id]) == others
    # Nothing else in the app's tables points at them either, declared or not.
    for model in apps.get_app_config("styletransfer").get_models(include_auto_created=True):
        for field in model._meta.local_concrete_fields:
            if field.is_relation and field.related_model is Shopper:
                assert not model._default_manager.filter(**{f"{field.name}__in": everybody}).exists(), field


def test_the_export_holds_every_registered_table(person):
    populate(person)
    exported = json.loads(json.dumps(export(person)))
    tables = exported["tables"]
    assert set(tables) == {personal.label for personal in privacy.registered()}
    for personal in privacy.registered():
        table = tables[personal.label]
        shown = {name for name, field in personal.fields.items() if field.is_exported}
        assert set(table["fields"]) == shown
        assert all(set(row) == shown for row in table["rows"])
        assert all(field["purpose"] and field["kept"] for field in table["fields"].values())
    assert len(tables["styletransfer.shopper"]["rows"]) == 2
    assert str(person.key) in json.dumps(tables["styletransfer.shopper"])


def test_the_export_of_nobody_is_empty():
    assert export(None)["tables"] == {}


def test_a_tombstone_hashes_the_key_and_erases_again(person, settings, tmp_path):
    log = tmp_path / "erasures.log"
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "ERASURE_LOG": str(log)}
    keys = [one.key for one in people_of(person)]
    erasure.erase(person)
    digests = {hashlib.sha256(key.bytes).hexdigest() for key in keys}
    assert set(ErasureTombstone.objects.values_list("digest", flat=True)) == digests
    assert {json.loads(line)["digest"] for line in log.read_text().splitlines()} == digests
    assert not any(str(key) in log.read_text() or key.hex in log.read_text() for key in keys)

    # A backup from before the erasure: the shoppers are back and the tombstones are gone.
    ErasureTombstone.objects.all().delete()
    back = Shopper.objects.create(key=keys[0])
    StyleEvent.objects.create(shopper=back, kind="click", consent_basis="both", occurred_at=timezone.now())
    innocent = Shopper.objects.create()
    assert erasure.replay() == 1
    assert list(Shopper.objects.all()) == [innocent]
    assert StyleEvent.objects.count() == 0
    assert erasure.replay() == 0


def test_nothing_is_erased_when_the_log_cannot_be_written(person, settings, tmp_path):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "ERASURE_LOG": str(tmp_path / "missing" / "log")}
    with pytest.raises(FileNotFoundError):
        erasure.erase(person)
    assert Shopper.objects.filter(pk=person.pk).exists()
    assert ErasureTombstone.objects.count() == 0


def test_hooks_run_after_the_commit_and_do_not_stop_each_other(
    person, django_capture_on_commit_callbacks, caplog
):
    seen = []

    def fail():
        raise RuntimeError("taste")

    privacy.register_erasure_hook("bad", fail)
    privacy.register_erasure_hook("good", lambda: seen.append(Shopper.objects.count()))
    try:
        with django_capture_on_commit_callbacks(execute=True):
            erasure.erase(person)
            assert seen == []
    finally:
        privacy.unregister_hooks("bad")
        privacy.unregister_hooks("good")
    assert seen == [0]
    assert "bad could not be brought up to date" in caplog.text
    assert str(person.key) not in caplog.text


def test_commands_export_erase_and_replay(person, capsys, tmp_path, user):
    output = tmp_path / "data.json"
    call_command("styletransfer_export", user="ada", output=output)
    assert str(person.key) in output.read_text()
    assert output.stat().st_mode & 0o077 == 0
    call_command("styletransfer_export", shopper=str(person.key))
    assert json.loads(capsys.readouterr().out)["tables"]
    call_command("styletransfer_erase", user="ada", no_input=True)
    assert "styletransfer.shopper: 2" in capsys.readouterr().out
    assert get_user_model().objects.filter(pk=user.pk).exists()
    call_command("styletransfer_erase", tombstones=True)
    file = tmp_path / "tombstones"
    file.write_text(capsys.readouterr().out)
    ErasureTombstone.objects.all().delete()
    Shopper.objects.create(key=person.key)
    call_command("styletransfer_erase", replay=str(file))
    assert "Erased again: 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "options", "text"),
    [
        ("styletransfer_export", {}, "Name one person"),
        ("styletransfer_export", {"user": "ada", "shopper": "x"}, "Name one person"),
        ("styletransfer_export", {"user": "nobody"}, "no account"),
        ("styletransfer_export", {"user": "ada"}, "Nothing is kept"),
        ("styletransfer_erase", {"shopper": "x"}, "A key looks like"),
        ("styletransfer_erase", {"shopper": "00000000-0000-0000-0000-000000000000"}, "no shopper"),
        ("styletransfer_erase", {"replay": "/no/such/file"}, "Cannot use /no/such/file"),
        ("styletransfer_erase", {"replay": __file__}, "no erasure tombstone"),
    ],
)
def test_commands_say_what_is_wrong(command, options, text, user):
    with pytest.raises(CommandError, match=text):
        call_command(command, **options)


def test_erase_asks_first(person, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda _: "n")
    with pytest.raises(CommandError, match="Nothing was erased"):
        call_command("styletransfer_erase", user="ada")
    assert Shopper.objects.filter(pk=person.pk).exists()


def test_retention_command_counts_without_changing(person, capsys):
    StyleEvent.objects.create(
        shopper=person,
        kind="click",
        consent_basis="both",
        occurred_at=timezone.now() - timedelta(days=91),
    )
    call_command("styletransfer_retention", dry_run=True)
    assert "found" in capsys.readouterr().out
    assert StyleEvent.objects.count() == 1
    call_command("styletransfer_retention")
    assert "removed" in capsys.readouterr().out
    assert StyleEvent.objects.count() == 0
    assert retain().rows["styletransfer.styleevent"] == 0
