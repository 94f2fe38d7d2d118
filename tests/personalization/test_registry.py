"""Every model that leads to a person is in the registry, with all of its fields."""

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Model, UniqueConstraint

from styletransfer.models import ConsentRecord, Shopper, StyleEvent
from styletransfer.personalization import privacy
from styletransfer.personalization.privacy import Field, PersonalModel, Retention


def links_to_a_person(model: type[Model]) -> bool:
    people = (Shopper, get_user_model())
    return model is Shopper or any(
        field.is_relation and field.related_model in people
        for field in (*model._meta.concrete_fields, *model._meta.many_to_many)
    )


def declared():
    return {personal.model: personal for personal in privacy.registered()}


@pytest.mark.parametrize(
    "model", list(apps.get_app_config("styletransfer").get_models(include_auto_created=True))
)
def test_every_model_that_leads_to_a_person_is_declared(model):
    assert links_to_a_person(model) == (model in declared()), (
        f"{model._meta.label} leads to a shopper or user: register it with privacy.register()."
    )


def test_every_field_has_a_purpose_and_a_retention():
    for personal in privacy.registered():
        names = {field.name for field in personal.model._meta.local_concrete_fields}
        assert set(personal.fields) == names
        assert all(str(field.purpose) and str(field.retention.label) for field in personal.fields.values())


def test_a_model_whose_uniqueness_includes_the_subject_says_how_it_merges():
    for personal in privacy.registered():
        constraints = [
            set(one.fields) for one in personal.model._meta.constraints if isinstance(one, UniqueConstraint)
        ]
        subject = personal.subject
        own = next((one for one in personal.model._meta.local_fields if one.name == subject), None)
        is_unique = any(subject in fields for fields in constraints) or (own is not None and own.unique)
        assert not is_unique or personal.merge is not None, personal.label


def test_a_forgotten_or_invented_field_is_refused():
    fields = dict(declared()[ConsentRecord].fields)
    del fields["source"]
    with pytest.raises(ValueError, match="missing source"):
        privacy.register(PersonalModel(ConsentRecord, fields=fields))
    fields["soruce"] = Field("why", Retention.PROOF)
    with pytest.raises(ValueError, match="unknown soruce"):
        privacy.register(PersonalModel(ConsentRecord, fields=fields))
    with pytest.raises(ValueError, match="leads to a person"):
        privacy.register(PersonalModel(StyleEvent, subject=None, fields=declared()[StyleEvent].fields))
