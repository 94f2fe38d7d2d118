"""What to tell staff when nothing picks up their work."""

from __future__ import annotations

from django.conf import settings
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from styletransfer.conf import Lane, get_settings
from styletransfer.models import StyledVariant


def worker_command(lane: Lane) -> str:
    """The command that starts a worker for ``lane`` under the configured dispatcher."""
    configured = get_settings()
    if configured.dispatcher == "embedded":
        return "python manage.py restyle_worker"
    project = settings.ROOT_URLCONF.partition(".")[0]
    return f"celery -A {project} worker -Q {configured.queues[lane]},{configured.queues['encode']}"


def worker_hint(lane: Lane) -> str:
    """One sentence for a page whose work waits longer than it should; one query."""
    if StyledVariant.objects.filter(lease_until__gt=Now()).exists():
        return _("The workers are busy with other pictures; this comes next in line.")
    return _("No worker has picked this up yet. Start one with “%(command)s”.") % {
        "command": worker_command(lane)
    }
