"""A true Celery worker on Redis and PostgreSQL: nothing is lost, nothing is painted twice for nothing."""

from tests.integration.project.runner import REQUEST, kill_group
from tests.integration.services import free_port

WORKER = (
    "celery",
    "-A",
    "tests.integration.project.celery",
    "worker",
    "-l",
    "INFO",
    "--without-gossip",
    "--without-mingle",
)
ALL_QUEUES = "styletransfer.interactive,styletransfer.bulk,styletransfer.encode"


def test_a_killed_celery_worker_loses_nothing(make_project, new_database, redis):
    project = make_project(60, **new_database, PROJECT_BROKER=redis, PROJECT_PAINT_SECONDS="0.02")
    first = project.start(*WORKER, "-Q", ALL_QUEUES, "-c", "1", "-n", "first@test")
    beat = project.start(
        "celery", "-A", "tests.integration.project.celery", "beat", "-s", str(project.var / "beat")
    )
    project.python(REQUEST)
    project.wait_until(lambda: len(project.painted()) >= 16)
    kill_group(first)
    before = len(project.painted())
    assert before < 60
    project.start(*WORKER, "-Q", ALL_QUEUES, "-c", "1", "-n", "second@test")
    project.wait_until(lambda: len(project.painted()) >= 60)
    project.wait_until(lambda: project.states() == {"ready": 60})
    assert beat.poll() is None
    # What was painted but not handed over when the worker died is painted again, and nothing else.
    assert len(project.painted()) <= 60 + 2 * 8


def test_a_broker_that_is_down_costs_the_request_nothing(make_project, new_database):
    project = make_project(20, **new_database, PROJECT_BROKER=f"redis://127.0.0.1:{free_port()}/0")
    # The first call also imports Celery; a web process has done so at start.
    milliseconds = float(project.python("import styletransfer.tasks, kombu.pools\n" + REQUEST))
    assert milliseconds < 300
    project.manage("restyle_worker", "--until-idle")
    assert project.states() == {"ready": 20}
