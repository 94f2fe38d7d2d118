"""The adapters are tested on the same host as the jobs."""

from tests.jobs.conftest import fresh_process, make_photos, make_preset, source

__all__ = ["fresh_process", "make_photos", "make_preset", "source"]
