"""Signs of life that workers leave: what the health report goes by."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class WorkerSign(models.Model):
    """One process on one lane: when it last looked for work there, and when it last got some done.

    ``worker`` is a random name that a process gives itself at its start; it tells nothing about the
    machine. ``rate`` is in pictures per second over the last minute of work.
    """

    worker = models.CharField(_("worker"), max_length=32)
    lane = models.CharField(_("lane"), max_length=16)
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    seen_at = models.DateTimeField(_("seen"), db_index=True)
    worked_at = models.DateTimeField(_("last worked"), null=True)
    done = models.PositiveBigIntegerField(_("pictures done"), default=0)
    rate = models.FloatField(_("pictures a second"), default=0.0)

    class Meta:
        verbose_name = _("sign of a worker")
        verbose_name_plural = _("signs of workers")
        constraints = [
            models.UniqueConstraint(fields=["worker", "lane"], name="styletransfer_sign_once"),
        ]

    def __str__(self) -> str:
        return f"{self.worker[:8]} · {self.lane}"
