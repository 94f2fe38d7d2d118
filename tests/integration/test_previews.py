"""Somebody who waits for a preview does not wait for a bulk job."""

import time

import pytest

from tests.integration.project.runner import REQUEST
from tests.integration.test_faults_brokers import start_beat, start_worker

PREVIEW = """
import sys, time
from styletransfer.jobs.previews import request_preview
from styletransfer.models import StylePreset
from styletransfer.sources import get_source
from tests.testapp.models import Photo
preset = StylePreset.objects.get()
for number, strength in enumerate((0.3, 0.4, 0.5)):
    begun = time.perf_counter()
    variant = request_preview(preset, get_source(Photo), Photo.objects.all()[number], {"strength": strength})
    while variant.state != "ready":
        time.sleep(0.02)
        variant.refresh_from_db(fields=["state"])
        assert time.perf_counter() - begun < 20
    print(time.perf_counter() - begun)
"""


@pytest.mark.alone
@pytest.mark.parametrize("kind", ["embedded", "celery"])
def test_a_preview_passes_a_bulk_job(make_project, new_database, request, kind, record_property):
    """A picture takes 0.2 s, a bulk batch 1.6 s, a Celery task's slice 5 s."""
    environment = {"PROJECT_PAINT_SECONDS": "0.2"}
    if kind == "celery":
        environment |= {**new_database, "PROJECT_BROKER": request.getfixturevalue("redis")}
    project = make_project(400, **environment)
    project.python(REQUEST)
    if kind == "celery":
        # One child for all lanes: it is busy with the bulk lane when the preview is asked for.
        start_worker(project, "only")
        start_beat(project)
    else:
        project.start("django", "restyle_worker", "--encode-threads", "1")
    project.wait_until(lambda: len(project.painted()) >= 8)
    begun = time.monotonic()
    seconds = [float(line) for line in project.python(PREVIEW).split()]
    record_property("seconds until ready", [round(second, 2) for second in seconds])
    bulk = project.sql(
        "SELECT count(*) FROM styletransfer_styledvariant WHERE lane = 'bulk' AND state = 'queued'"
    )
    assert bulk[0][0] > 100
    assert time.monotonic() - begun < 30
    assert sorted(seconds)[1] < 1.5
