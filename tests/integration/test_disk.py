"""A disk that is full, by the kernel's own word: nothing half written is visible, and all is done later."""

import resource
import subprocess
from contextlib import contextmanager

import pytest
from django.core.files.storage import default_storage
from django.db.models.functions import Now

from styletransfer.jobs.lanes import drain
from styletransfer.jobs.leftovers import walk
from styletransfer.jobs.planning import plan_job
from styletransfer.jobs.requests import request_restyle
from styletransfer.models import StyledVariant
from tests.jobs.conftest import fresh_process, make_photos, make_preset, source
from tests.jobs.test_drain import drain_all
from tests.testapp.models import Photo

pytestmark = pytest.mark.django_db
fixtures = (fresh_process, make_photos, make_preset, source)


@pytest.fixture
def job(source, make_photos, make_preset):
    make_photos(4, width=400, height=300)
    job = request_restyle(source, Photo.objects.all(), [make_preset(widths=[320])])
    plan_job(job)
    return job


@contextmanager
def files_of_at_most(size):
    """Every write beyond ``size`` bytes of a file fails, after the bytes before it were written."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def written():
    return [name for name in walk(default_storage, "styled") if "/references/" not in name]


@pytest.mark.parametrize("stage", ["bulk", "encode"])
def test_writes_that_the_kernel_cuts_short_leave_nothing(job, stage):
    if stage == "encode":
        drain("bulk")
    before = written()
    with files_of_at_most(1024):
        drain(stage)
    assert written() == before
    state = {"bulk": "queued", "encode": "encoding"}[stage]
    assert set(job.variants.values_list("state", "attempts", "token")) == {(state, 0, None)}
    assert "File too large" in job.variants.first().error
    StyledVariant.objects.update(run_after=Now())
    drain_all()
    assert job.counts()["ready"] == 4
    assert len(written()) == 4


@pytest.fixture
def small_disk(tmp_path, settings):
    """A file system of its own for the pictures; needs the right to mount."""
    folder = tmp_path / "media"
    folder.mkdir(exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"NOT TESTED: a small tmpfs cannot be mounted here ({mounted.stderr.strip()})")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk(small_disk, job):
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space left"):
        filler.write_bytes(b"x" * 2**20)
    before = written()
    drain("bulk")
    assert written() == before == []
    assert "No space left" in job.variants.first().error
    assert set(job.variants.values_list("state", "attempts", "token")) == {("queued", 0, None)}
    filler.unlink()
    for _round in range(20):
        StyledVariant.objects.filter(state__in=["queued", "encoding"]).update(run_after=Now())
        drain_all()
    assert job.counts()["ready"] == 4
    assert all(
        default_storage.size(rendition["name"]) == rendition["bytes"]
        for variant in job.variants.all()
        for rendition in variant.renditions
    )
