"""Log records say which job, variants, lane and claim they are about."""

import json
import logging
import sys

import pytest

from styletransfer.jobs.lanes import drain
from styletransfer.jobs.log import FIELDS, JsonFormatter, bound, get_logger
from styletransfer.jobs.planning import plan_job
from styletransfer.jobs.requests import request_restyle
from styletransfer.testing import FakeEngine
from tests.testapp.models import Photo

logger = get_logger("styletransfer.jobs.test")


def last(caplog):
    return caplog.records[-1]


def test_records_carry_what_is_bound_and_no_more(caplog):
    logger.warning("alone")
    assert [getattr(last(caplog), name) for name in FIELDS] == [None] * 4
    with bound(lane="bulk", token="t"):
        with bound(variants=[1, 2]):
            logger.warning("inside")
            assert (last(caplog).lane, last(caplog).token, last(caplog).variants) == ("bulk", "t", [1, 2])
        logger.warning("outside again", extra={"job": 7})
        assert (last(caplog).variants, last(caplog).job, last(caplog).lane) == (None, 7, "bulk")
    logger.warning("after")
    assert last(caplog).lane is None


def test_an_unknown_field_is_refused():
    with pytest.raises(ValueError, match="user"), bound(user="anna"):
        pass


def test_json_lines():
    record = logging.LogRecord("styletransfer.jobs", logging.ERROR, "f.py", 1, "Lost %d … é", (3,), None)
    record.job, record.variants, record.token, record.lane = 5, [1], None, "bulk"
    record.user = "anna"
    parsed = json.loads(JsonFormatter().format(record))
    assert parsed.pop("time").endswith("+00:00")
    assert parsed == {
        "level": "ERROR",
        "logger": "styletransfer.jobs",
        "message": "Lost 3 … é",
        "job": 5,
        "variants": [1],
        "lane": "bulk",
    }


def test_json_lines_hold_the_traceback():
    try:
        int("bad\nkernel")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f.py", 1, "Lost", (), sys.exc_info())
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert "ValueError" in json.loads(line)["traceback"]


@pytest.mark.django_db
def test_a_failing_picture_is_logged_with_its_claim(source, make_preset, make_photos, caplog):
    def fail(requests):
        raise RuntimeError("bad kernel")

    make_photos(2)
    job = request_restyle(source, Photo.objects.all(), [make_preset()])
    plan_job(job)
    FakeEngine.on_paint = fail
    drain("bulk")
    record = next(record for record in caplog.records if "could not be painted" in record.getMessage())
    assert record.lane == "bulk"
    assert len(record.token) == 32
    assert set(record.variants) == set(job.variants.values_list("pk", flat=True))


@pytest.mark.django_db
def test_every_logger_of_the_package_is_a_bound_one():
    import importlib
    import pkgutil

    import styletransfer.jobs
    from styletransfer.jobs.log import BoundLogger

    plain = []
    for module in pkgutil.iter_modules(styletransfer.jobs.__path__, "styletransfer.jobs."):
        found = getattr(importlib.import_module(module.name), "logger", None)
        if found is not None and not isinstance(found, BoundLogger):
            plain.append(module.name)
    assert plain == []
