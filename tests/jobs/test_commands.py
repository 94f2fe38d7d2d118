"""``restyle`` and ``restyle_worker`` as a shopkeeper meets them."""

import io
import subprocess
import sys

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from styletransfer.engine.base import EngineUnavailableError
from styletransfer.jobs.requests import request_restyle
from styletransfer.models import RestyleJob, StyledVariant
from styletransfer.testing import FakeEngine
from tests.testapp.models import Article, Photo

pytestmark = pytest.mark.django_db


def run(*args):
    out = io.StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


@pytest.fixture
def painted():
    requests = []
    FakeEngine.on_paint = requests.extend
    return requests


def test_restyle_paints_once_and_says_so(make_preset, make_photos, painted):
    make_preset("oil")
    make_photos(3)
    first = run("restyle", "testapp.photo", "--preset", "oil", "--all", "--wait")
    assert "painted and ready │        3" in first
    assert "pictures/s" in first
    assert len(painted) == 3
    again = run("restyle", "testapp.Photo", "--preset", "oil", "--wait")
    assert "Nothing to do: 3 pictures are ready already." in again
    assert len(painted) == 3


def test_only_what_is_new_is_painted(make_preset, make_photos, painted):
    make_preset("oil")
    make_photos(2)
    run("restyle", "testapp.photo", "--preset", "oil", "--wait")
    make_photos(1)
    make_preset("ink", seed=30)
    out = run("restyle", "testapp.photo", "--preset", "oil", "--preset", "ink", "--wait")
    assert "painted and ready │        4" in out
    assert "already ready     │        2" in out
    assert len(painted) == 6


def test_photos_can_be_chosen(make_preset, make_photos):
    make_preset("oil")
    photos = make_photos(4)
    Article.objects.create(name="Lamp")
    run(
        "restyle", "testapp.photo", "--preset", "oil", "--ids", str(photos[0].pk), str(photos[2].pk), "--wait"
    )
    assert StyledVariant.objects.count() == 2
    Photo.objects.filter(pk=photos[1].pk).update(alt="a=b")
    run("restyle", "testapp.photo", "--preset", "oil", "--filter", "alt=a=b", "article__name=Chair", "--wait")
    assert StyledVariant.objects.count() == 3


def test_failures_are_listed_and_the_exit_is_not_zero(make_preset, make_photos):
    make_preset("oil")
    bad, _good = make_photos(2)
    default_storage.delete(bad.image.name)
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 pictures failed"):
        call_command("restyle", "testapp.photo", "--preset", "oil", "--wait", stdout=out)
    assert "failed            │        1" in out.getvalue()
    assert "missing" in out.getvalue()
    assert StyledVariant.objects.filter(state="ready").count() == 1


def test_force_tries_failures_again(make_preset, make_photos):
    make_preset("oil")
    make_photos(1)
    run("restyle", "testapp.photo", "--preset", "oil")
    run("restyle_worker", "--once")
    StyledVariant.objects.update(state="failed", error="bad day", width=None)
    with pytest.raises(CommandError):
        run("restyle", "testapp.photo", "--preset", "oil", "--wait")
    assert "painted and ready │        1" in run(
        "restyle", "testapp.photo", "--preset", "oil", "--wait", "--force"
    )


def test_without_wait_it_says_how_to_go_on(make_preset, make_photos):
    make_preset("oil")
    make_photos(2)
    out = run("restyle", "testapp.photo", "--preset", "oil")
    assert f"Job {RestyleJob.objects.get().pk}: 2 photos in 1 presets requested." in out
    assert "restyle_worker" in out
    assert not StyledVariant.objects.exists()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("shop.nothing", "--preset", "oil"), "registered are: .*testapp.photo"),
        (("testapp.photo", "--preset", "oli"), "No preset 'oli'; there are: oil"),
        (("testapp.photo", "--preset", "oil", "--filter", "colour=red"), "Its fields are: .*article"),
        (("testapp.photo", "--preset", "oil", "--filter", "colour"), "FIELD=VALUE, not 'colour'"),
        (("testapp.photo", "--preset", "oil", "--ids", "77"), "has no 77"),
        (("testapp.photo", "--preset", "oil", "--ids", "x"), "cannot be filtered"),
    ],
)
def test_mistakes_are_explained(make_preset, args, words):
    make_preset("oil")
    with pytest.raises(CommandError, match=words):
        run("restyle", *args)
    assert not RestyleJob.objects.exists()


def test_an_engine_that_cannot_run_here_is_named(make_preset, make_photos):
    make_preset("oil")
    make_photos(1)

    def missing(requests):
        raise EngineUnavailableError("torch is not installed")

    FakeEngine.on_paint = missing
    with pytest.raises(CommandError, match="torch is not installed"):
        run("restyle", "testapp.photo", "--preset", "oil", "--wait")
    assert StyledVariant.objects.get().state == "queued"


def test_a_preset_with_an_unknown_engine_is_refused(make_preset):
    preset = make_preset("oil")
    type(preset).objects.update(engine="nowhere")
    with pytest.raises(CommandError, match="no engine"):
        run("restyle", "testapp.photo", "--preset", "oil")


def test_the_worker_does_what_waits_and_stops(source, make_preset, make_photos):
    make_photos(3)
    request_restyle(source, Photo.objects.all(), [make_preset()])
    assert "3 painted, 3 ready, 0 tries failed" in run("restyle_worker", "--until-idle")
    assert "0 painted" in run("restyle_worker", "--once")


def test_the_worker_can_be_bound_to_lanes(source, make_preset, make_photos):
    make_photos(2)
    request_restyle(source, Photo.objects.all(), [make_preset()])
    assert "0 painted" in run("restyle_worker", "--once", "--lanes", "interactive")
    assert "2 painted, 0 ready" in run("restyle_worker", "--until-idle", "--lanes", "bulk")
    assert "0 painted, 2 ready" in run("restyle_worker", "--until-idle", "--lanes", "encode")


@pytest.mark.parametrize("args", [("--lanes", "fast"), ("--lanes", ""), ("--encode-threads", "0")])
def test_the_worker_explains_mistakes(args):
    with pytest.raises(CommandError, match=r"Use interactive, bulk, encode|1 or more"):
        run("restyle_worker", *args)


def test_a_worker_of_no_use_says_why(source, make_preset, make_photos):
    make_photos(1)
    request_restyle(source, Photo.objects.all(), [make_preset()])

    def missing(requests):
        raise EngineUnavailableError("torch is not installed")

    FakeEngine.on_paint = missing
    with pytest.raises(CommandError, match="fake: torch is not installed"):
        run("restyle_worker", "--once")


WITHOUT_CELERY = """
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "celery" else find(name, package)
sys.modules["celery"] = None
import styletransfer.tasks, shop
assert not hasattr(shop, "celery_app")
"""


def test_tasks_and_shop_can_be_imported_without_celery():
    subprocess.run([sys.executable, "-c", WITHOUT_CELERY], check=True, capture_output=True, timeout=30)
