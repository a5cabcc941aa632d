"""Background tasks: what takes longer than a request may.

1. A web process stores a task, a row of a table of its own room (a subclass of `BackgroundTask`). 2. `run_worker` keeps
one process that serves: it claims the oldest waiting task. 3. Each task runs in a process of its own, with limits, so
that it can stop neither roll-ups nor the worker. 4. The task stores its outcome in the transaction of what it writes.

A claim lasts while its worker renews it. When a worker dies, the task waits again; its first process, if it still
runs, cannot finish any more, because it holds an older attempt. So nothing is written twice. `background_worker.py`
starts the processes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, repeat
from time import monotonic, sleep
from typing import Any, ClassVar, Self

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

Progress = Callable[[int, int], object]  # done, total; a total of 0 is not known yet

LEASE = timedelta(seconds=15)
LARGEST_ATTEMPTS = 3
# A wait for an outcome looks often at first, since most tasks take a second.
_WAITS_S = (0.1, 0.2, 0.3, 0.4)
_LAST_WAIT_S = 0.5


class TaskState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")
    FAILED = "failed", _("failed")


OPEN = (TaskState.WAITING, TaskState.RUNNING)


class TaskLostError(RuntimeError):
    """The task was cancelled, or another worker has it: what this process would store is not wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of the process that runs one task. `memory_bytes` are beyond what the process has when it begins."""

    cpu_s: int
    wall_s: int
    memory_bytes: int


class BackgroundTask(models.Model):
    """A task that waits, runs or is over. A subclass adds what it is about and what came of it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    state = models.CharField(max_length=9, choices=TaskState, default=TaskState.WAITING)
    attempt = models.PositiveSmallIntegerField(default=0)
    done_count = models.PositiveIntegerField(default=0)
    total_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    alive_at = models.DateTimeField(null=True)  # its claim was renewed
    finished_at = models.DateTimeField(null=True)

    limits: ClassVar[Limits]

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(condition=Q(state__in=TaskState.values), name="%(class)s_known_state"),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, finished_at__isnull=True)
                | (~Q(state__in=OPEN) & Q(finished_at__isnull=False)),
                name="%(class)s_over_has_a_time",
            ),
        ]

    def perform(self, progress: Progress) -> None:
        """Do the task and `finish` it, in the transaction that stores what it writes."""
        raise NotImplementedError

    def give_up(self, *, is_too_large: bool) -> None:
        """`finish` a task that went over its limits, or failed in every attempt."""
        raise NotImplementedError

    @property
    def is_over(self) -> bool:
        return self.state not in OPEN

    def finish(self, state: TaskState = TaskState.DONE, **columns: Any) -> None:
        """Store the outcome in the caller's transaction. Raises TaskLostError, so that the caller stores nothing."""
        if not self._mine().update(state=state, finished_at=Now(), **columns):
            raise TaskLostError(f"{self._meta.label} {self.pk}, attempt {self.attempt}")

    def renew(self, done_count: int, total_count: int) -> bool:
        """Keep the claim; False when it is lost: cancelled, over, or claimed by another worker."""
        return bool(self._mine().update(alive_at=Now(), done_count=done_count, total_count=total_count))

    def release(self) -> None:
        """Let the task wait again. An attempt that its worker ended in good order does not count."""
        self._mine().update(state=TaskState.WAITING, attempt=self.attempt - 1)

    def requeue(self) -> bool:
        """Let the task wait for its next attempt; False when it had all of them."""
        if self.attempt >= LARGEST_ATTEMPTS:
            return False
        return bool(self._mine().update(state=TaskState.WAITING))

    def cancel(self, **columns: Any) -> bool:
        """End a task that is not over yet; its process is ended within a second. False when it was over."""
        tasks = type(self)._default_manager.filter(pk=self.pk, state__in=OPEN)
        return bool(tasks.update(state=TaskState.CANCELLED, finished_at=Now(), **columns))

    def wait(self, limit_s: float) -> bool:
        """Wait for the outcome without holding a database connection; whether there is one."""
        deadline_s = monotonic() + limit_s
        for wait_s in chain(_WAITS_S, repeat(_LAST_WAIT_S)):
            if self.is_over or monotonic() + wait_s > deadline_s:
                return self.is_over
            if not connection.in_atomic_block:
                connection.close()
            sleep(wait_s)
            self.refresh_from_db(fields=["state"])
        return False

    def _mine(self) -> models.QuerySet[Self]:
        tasks: models.QuerySet[Self] = type(self)._default_manager.filter(
            pk=self.pk, state=TaskState.RUNNING, attempt=self.attempt
        )
        return tasks


def task_models() -> list[type[BackgroundTask]]:
    return [model for model in apps.get_models() if issubclass(model, BackgroundTask)]


def claim(kinds: Iterable[type[BackgroundTask]] | None = None) -> BackgroundTask | None:
    """The oldest task that waits, or whose worker does not renew its claim any more. Two workers never get one task."""
    for model in kinds or task_models():
        is_waiting = Q(state=TaskState.WAITING) | Q(state=TaskState.RUNNING, alive_at__lt=Now() - LEASE)
        with transaction.atomic():
            tasks = model._default_manager.select_for_update(skip_locked=True, of=("self",), no_key=True)
            # The rest is read by the process of the task: an upload of 20 MB is no matter of the one that serves.
            task = tasks.filter(is_waiting).order_by("pk").only("attempt").first()
            if task is None:
                continue
            task.state, task.attempt = TaskState.RUNNING, task.attempt + 1
            model._default_manager.filter(pk=task.pk).update(
                state=task.state, attempt=task.attempt, started_at=Now(), alive_at=Now(), done_count=0, total_count=0
            )
        return task
    return None
