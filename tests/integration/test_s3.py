"""Everything on a real S3 server: what arrives is whole, private and cached for ever, or it is not there."""

import time
import urllib.error
import urllib.request
from datetime import timedelta

import pytest
from botocore.config import Config
from django.core.files.storage import default_storage, storages
from django.db.models.functions import Now

from styletransfer.delivery import picture_for
from styletransfer.jobs.files import StorageDownError, write_once
from styletransfer.jobs.lanes import drain
from styletransfer.jobs.leftovers import walk
from styletransfer.jobs.planning import plan_job
from styletransfer.jobs.requests import request_restyle
from styletransfer.jobs.sweep import Sweep
from styletransfer.models import StyledVariant, StylePreset, StyleReference
from styletransfer.testing import count_calls
from tests.integration.conftest import running
from tests.integration.cutting_proxy import cutting_proxy
from tests.integration.s3_server import s3_server
from tests.jobs.conftest import configure, fresh_process, make_photos, make_preset, source
from tests.jobs.test_drain import drain_all
from tests.testapp.models import Photo

pytestmark = pytest.mark.django_db
fixtures = (fresh_process, make_photos, make_preset, source)

# What a test waits for a server that has gone: once, and not for a minute.
IMPATIENT = Config(
    signature_version="s3v4",
    s3={"addressing_style": "path"},
    retries={"total_max_attempts": 1},
    connect_timeout=2,
    read_timeout=10,
)


@pytest.fixture(scope="module")
def server():
    yield from running(s3_server)


class Bucket:
    """An empty bucket, looked into with a client of its own."""

    def __init__(self, server):
        self.server = server
        self.name = f"shop-{time.monotonic_ns()}"
        self._client = server.client()
        self._client.create_bucket(Bucket=self.name)

    def keys(self, prefix="styled/"):
        found = self._client.list_objects_v2(Bucket=self.name, Prefix=prefix)
        return sorted(item["Key"] for item in found.get("Contents", []))

    def head(self, key):
        return self._client.head_object(Bucket=self.name, Key=key)


@pytest.fixture
def bucket(server):
    return Bucket(server)


@pytest.fixture
def restyle(source, make_photos, make_preset):
    """Requests so many new photos in a new preset; a planned job."""

    def request(number=1, widths=(32, 64), **values):
        make_photos(number, **values)
        job = request_restyle(source, Photo.objects.all(), [make_preset(widths=list(widths))])
        plan_job(job)
        return job

    return request


@pytest.fixture
def use(settings, bucket, monkeypatch):
    """Make an alias "pictures" for the bucket, and the app use it."""

    def configure_storage(**options):
        settings.STORAGES = {
            **settings.STORAGES,
            "pictures": bucket.server.storage(bucket.name, client_config=IMPATIENT, **options),
        }
        configure(settings, STORAGE="pictures")
        # A field asks for its storage once, when its model is loaded.
        monkeypatch.setattr(StyleReference._meta.get_field("image"), "storage", storages["pictures"])
        return storages["pictures"]

    return configure_storage


def contents(storage):
    found = {}
    for name in walk(storage, "styled"):
        with storage.open(name) as file:
            found[name] = file.read()
    return found


@pytest.mark.parametrize("are_photos_there_too", [False, True])
def test_the_same_pictures_come_out_as_on_a_local_disk(use, restyle, settings, are_photos_there_too):
    restyle(3)
    drain_all()
    local = contents(default_storage)
    StyledVariant.objects.all().delete()
    StylePreset.objects.all().delete()
    Photo.objects.all().delete()
    remote = use()
    if are_photos_there_too:
        settings.STORAGES = {**settings.STORAGES, "default": settings.STORAGES["pictures"]}
    job = restyle(3)
    drain_all()
    assert job.counts()["ready"] == 3
    assert contents(remote) == local
    assert len(local) == 3 * 2 + 1
    assert are_photos_there_too is (remote.listdir("photos")[1] != [])


def test_a_page_asks_the_bucket_nothing(use, restyle):
    use(custom_domain="cdn.shop.example", querystring_auth=False)
    restyle()
    drain_all()
    photo = Photo.objects.get()
    with count_calls() as counts:
        picture = picture_for(photo, "oil")
    assert picture.src.startswith("https://cdn.shop.example/styled/")
    assert "?" not in picture.src
    assert counts.storage == []


def test_objects_are_cached_for_ever_by_the_options_of_the_guide(use, bucket, restyle):
    use(object_parameters={"CacheControl": "public, max-age=31536000, immutable"})
    restyle()
    drain_all()
    variant = StyledVariant.objects.get()
    for rendition in variant.renditions:
        head = bucket.head(rendition["name"])
        assert head["CacheControl"] == "public, max-age=31536000, immutable"
        assert head["ContentType"] == "image/jpeg"
        assert head["ContentLength"] == rendition["bytes"]


def status(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_a_signed_address_opens_for_a_while_and_nothing_else_does(use):
    storage = use(querystring_auth=True, querystring_expire=2)
    write_once(storage, "styled/ab/cafe-32.jpg", b"picture")
    url = storage.url("styled/ab/cafe-32.jpg")
    assert status(url) == 200
    # Without a signature this server does not even take it for a request to its S3 side.
    assert status(url.partition("?")[0]) in {400, 401, 403}
    assert status(url.replace("cafe", "cafd")) == 403
    time.sleep(3)
    assert status(url) == 403


def test_a_wrong_secret_is_refused_and_costs_no_try(use, bucket, restyle):
    storage = use(secret_key="wrong")
    with pytest.raises(StorageDownError, match=r"403|Forbidden|SignatureDoesNotMatch"):
        write_once(storage, "styled/ab/cafe-32.jpg", b"picture")
    use()
    job = restyle(2)
    use(secret_key="wrong")
    drain("bulk")
    assert set(job.variants.values_list("state", "attempts", "token")) == {("queued", 0, None)}
    assert not any(
        "secret" in error or "only-for-tests" in error
        for error in job.variants.values_list("error", flat=True)
    )
    use()
    StyledVariant.objects.update(run_after=Now())
    drain_all()
    assert job.counts()["ready"] == 2


@pytest.mark.parametrize("stage", ["bulk", "encode"])
def test_an_upload_cut_off_half_way_leaves_nothing_visible_and_is_done_later(use, bucket, restyle, stage):
    with cutting_proxy(bucket.server.port) as proxy:
        use(endpoint_url=f"http://127.0.0.1:{proxy.port}")
        job = restyle(3, [320], width=400, height=300)
        if stage == "encode":
            drain("bulk")
        before = bucket.keys()
        proxy.cut_after = 4000
        begun = time.monotonic()
        drain(stage)
        assert proxy.cuts >= 3
        assert time.monotonic() - begun < 30
        assert bucket.keys() == before
        state = {"bulk": "queued", "encode": "encoding"}[stage]
        assert set(job.variants.values_list("state", "attempts", "token")) == {(state, 0, None)}
        proxy.cut_after = None
        StyledVariant.objects.update(run_after=Now())
        drain_all()
    assert job.counts()["ready"] == 3
    for variant in job.variants.all():
        for rendition in variant.renditions:
            head = bucket.head(rendition["name"])
            assert head["ContentLength"] == rendition["bytes"]
    assert bucket.keys("styled/masters/") == []


def test_a_server_that_is_away_costs_no_try(use, bucket, restyle):
    from tests.integration.services import free_port

    use()
    job = restyle(1)
    use(endpoint_url=f"http://127.0.0.1:{free_port()}")
    drain("bulk")
    assert set(job.variants.values_list("state", "attempts")) == {("queued", 0)}
    use()
    StyledVariant.objects.update(run_after=Now())
    drain_all()
    assert job.counts()["ready"] == 1


def test_the_sweep_walks_a_bucket(use, bucket, restyle):
    storage = use()
    restyle(2)
    drain_all()
    kept = bucket.keys()
    for name in ("styled/ab/cafe-32.jpg", "styled/masters/1-dead.png", "elsewhere/cafe.jpg"):
        write_once(storage, name, b"left over")
    assert Sweep(timedelta(hours=1)).run().files == 0
    report = Sweep(timedelta(seconds=-5)).run()
    assert (report.files, report.bytes) == (2, 18)
    assert bucket.keys() == kept
    assert bucket.keys("elsewhere/") == ["elsewhere/cafe.jpg"]


def test_the_same_bytes_are_uploaded_once_and_renewed_when_they_are_old(use, bucket, monkeypatch):
    storage = use()
    name = "styled/ab/cafe-32.jpg"
    write_once(storage, name, b"picture")

    def modified():
        return bucket.head(name)["LastModified"]

    first = modified()
    time.sleep(1.1)
    write_once(storage, name, b"picture")
    assert modified() == first
    monkeypatch.setattr("styletransfer.jobs.files.FRESH", timedelta(seconds=0))
    write_once(storage, name, b"picture")
    assert modified() > first
    assert bucket.keys() == [name]
