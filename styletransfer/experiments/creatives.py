"""Exports of ad pictures: asked for by staff, made at once if small, else by the encode lane's workers."""

from __future__ import annotations

import tempfile
import uuid
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.files import File
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from styletransfer.conf import get_settings
from styletransfer.experiments.archive import Entry, write_archive
from styletransfer.experiments.slots import Options
from styletransfer.experiments.targets import Target
from styletransfer.jobs import dispatch
from styletransfer.jobs.log import get_logger
from styletransfer.models import CreativeExport, Experiment
from styletransfer.models.storage import variant_storage

logger = get_logger(__name__)

AT_ONCE = 48
MOST_PICTURES = 5000
LEASE = timedelta(minutes=15)
MOST_TRIES = 3


def number_of_pictures(experiment: Experiment, options: Options) -> int:
    """How many pictures an export would hold at most."""
    photos = sum(rows.count() for _source, rows in Target.of(experiment).photos())
    return min(photos, options.most_products) * experiment.arms.count() * len(options.slots)


def request_export(experiment: Experiment, options: Options, *, user: Any = None) -> CreativeExport:
    """Make an archive now if it is small, else ask a worker for it.

    Raises:
        ValueError: there would be none or too many pictures; the text says what to change.
    """
    number = number_of_pictures(experiment, options)
    if not number:
        raise ValueError(_("There is no picture to make. Choose at least one size."))
    if number > MOST_PICTURES:
        text = _("These would be %(number)d pictures; at most %(most)d are made. Choose fewer.")
        raise ValueError(text % {"number": number, "most": MOST_PICTURES})
    with transaction.atomic():
        export = CreativeExport.objects.create(
            experiment=experiment, options=asdict(options), requested_by=user
        )
        if number > AT_ONCE:
            dispatch.hint("encode")
    if number <= AT_ONCE:
        work_on(export)
        export.refresh_from_db()
    return export


def has_waiting() -> bool:
    """Whether a worker could make an archive now."""
    return _due().exists()


def work_once() -> bool:
    """Make one waiting archive; whether there was one."""
    export = _due().order_by("pk").first()
    return export is not None and work_on(export)


def work_on(export: CreativeExport) -> bool:
    """Make an archive unless somebody else is at it; whether it was this one's turn."""
    now = timezone.now()
    claimed = _due().filter(pk=export.pk, attempts=export.attempts)
    if not claimed.update(
        state=CreativeExport.State.WORKING, lease_until=now + LEASE, attempts=export.attempts + 1
    ):
        return False
    mine = CreativeExport.objects.filter(
        pk=export.pk, state=CreativeExport.State.WORKING, attempts=export.attempts + 1
    )
    options = Options(**{**export.options, "slots": tuple(export.options["slots"])})
    try:
        with tempfile.TemporaryFile() as file:
            entries, problems = write_archive(file, export.experiment, options)
            _refuse_empty(entries, problems)
            file.seek(0)
            name = f"{get_settings().upload_prefix}/exports/{uuid.uuid4().hex}.zip"
            name = variant_storage().save(name, File(file))
    except Exception as error:
        is_over = isinstance(error, ValueError) or export.attempts + 1 >= MOST_TRIES
        state = CreativeExport.State.FAILED if is_over else CreativeExport.State.WAITING
        mine.update(state=state, lease_until=None, error=str(error)[:500])
        logger.exception("Ad pictures of export %d could not be made.", export.pk)
        return True
    mine.update(
        state=CreativeExport.State.READY,
        lease_until=None,
        archive=name,
        summary={"pictures": len(entries), "problems": problems[:20]},
        error="",
        finished_at=timezone.now(),
    )
    return True


def _refuse_empty(entries: list[Entry], problems: list[str]) -> None:
    if not entries:
        raise ValueError(" ".join(problems[:3]) or _("No picture could be made."))


def _due() -> QuerySet[CreativeExport]:
    is_lost = Q(state=CreativeExport.State.WORKING, lease_until__lt=timezone.now())
    return CreativeExport.objects.filter(Q(state=CreativeExport.State.WAITING) | is_lost)
