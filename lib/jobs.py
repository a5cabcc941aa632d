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

# A job that fails waits twice as long after each failure, up to this; one with a longer interval keeps its own.
LONGEST_PAUSE_S = 30.0


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    every_s: float
    run: Callable[[], object]
    longest_s: float = 1800.0  # one that takes longer hangs: the worker is restarted


@dataclass(slots=True)
class Schedule:
    """When each job is due, on the monotonic clock. The first round runs every job once."""

    jobs: list[Job]
    due_at: dict[str, float] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)

    def run_due(self, allow: Callable[[float], None] = lambda seconds: None) -> list[str]:
        """Run the jobs that are due, each separately: a failing job is logged and runs again later.

        `allow` is told before each job how long it may take.
        """
        ran = []
        for job in self.jobs:
            if self.due_at.get(job.name, 0.0) > time.monotonic():
                continue
            allow(job.longest_s)
            self._run(job)
            ran.append(job.name)
        return ran

    def _run(self, job: Job) -> None:
        began_s, failures = time.monotonic(), self.failures.pop(job.name, 0)
        close_old_connections()
        try:
            job.run()
        except Exception:  # this is one of the loops that must survive
            self.failures[job.name] = failures = failures + 1
            pause_s = max(job.every_s, min(job.every_s * 2.0**failures, LONGEST_PAUSE_S))
            logger.exception("job %s failed", job.name)
            self.due_at[job.name] = time.monotonic() + pause_s
            return
        if failures:
            logger.warning("job %s works again after %d failures", job.name, failures)
        self.due_at[job.name] = began_s + job.every_s

    def seconds_to_next(self) -> float:
        return max(0.0, min(self.due_at.values(), default=0.0) - time.monotonic())


def all_jobs() -> list[Job]:
    jobs: list[Job] = []
    for app in apps.get_app_configs():
        module = f"{app.name}.jobs"
        if app.name != "lib" and find_spec(module) is not None:
            jobs += getattr(importlib.import_module(module), "JOBS", [])
    return jobs
