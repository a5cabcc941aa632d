"""Periodic work: apps list theirs as `JOBS` in `<app>/jobs.py`, `run_worker` does it.

A job must be idempotent and safe in two workers at once, because it may run more often than its interval.
"""

import importlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec

from django.apps import apps
from django.db import close_old_connections

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    every_s: float
    run: Callable[[], object]


@dataclass(slots=True)
class Schedule:
    """When each job is due, on the monotonic clock. The first round runs every job once."""

    jobs: list[Job]
    due_at: dict[str, float] = field(default_factory=dict)

    def run_due(self) -> list[str]:
        """Run the jobs that are due, each separately: a failing job is logged and runs again at its next time."""
        ran = []
        for job in self.jobs:
            now = time.monotonic()
            if self.due_at.get(job.name, 0.0) > now:
                continue
            self.due_at[job.name] = now + job.every_s
            close_old_connections()
            try:
                job.run()
            except Exception:  # this is one of the loops that must survive
                logger.exception("job %s failed", job.name)
            ran.append(job.name)
        return ran

    def seconds_to_next(self) -> float:
        return max(0.0, min(self.due_at.values(), default=0.0) - time.monotonic())


def all_jobs() -> list[Job]:
    jobs: list[Job] = []
    for app in apps.get_app_configs():
        module = f"{app.name}.jobs"
        if app.name != "lib" and find_spec(module) is not None:
            jobs += getattr(importlib.import_module(module), "JOBS", [])
    return jobs
