"""A check for django-health-check 4 that sees a lane whose work does not move.

Add it to the project's view::

    HealthCheckView.as_view(checks=[..., "styletransfer.contrib.health_check.StyleLanes"])

Name lanes to watch only some, for example the GPU's::

    ("styletransfer.contrib.health_check.StyleLanes", {"lanes": ("interactive", "bulk")})
"""

from __future__ import annotations

import dataclasses

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, close_old_connections
from django.utils.translation import gettext as _

from styletransfer.conf import LANES
from styletransfer.jobs.health import read_health

try:
    from health_check.base import HealthCheck
    from health_check.exceptions import ServiceUnavailable
except ImportError as error:
    raise ImproperlyConfigured(
        "Run pip install django-health-check (4.0 or newer) to use its check."
    ) from error


@dataclasses.dataclass
class StyleLanes(HealthCheck):  # type: ignore[misc]  # the package ships no types
    """Fails when work waits in one of the lanes and nothing is finished there.

    Unlike a ping of the workers it notices one that answers but hangs in its driver, and a queue that
    nobody serves.

    Attributes:
        lanes: "interactive", "bulk", "encode" and "planning".
    """

    lanes: tuple[str, ...] = (*LANES, "planning")

    def run(self) -> None:
        """Read the lanes.

        Raises:
            ServiceUnavailable: a lane is stuck, or the database does not answer.
        """
        try:
            problems = read_health().problems
        except DatabaseError as error:
            raise ServiceUnavailable(_("The lanes cannot be read from the database.")) from error
        finally:
            close_old_connections()  # The check runs in a thread of its own.
        stuck = [f"{lane} ({reason})" for lane, reason in problems.items() if lane in self.lanes]
        if stuck:
            raise ServiceUnavailable(_("Stuck lanes: %(lanes)s") % {"lanes": ", ".join(stuck)})
