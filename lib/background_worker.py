"""The processes of background tasks: one that serves, kept by `run_worker`, and one for each task, with limits.

On Linux and macOS they are forks, which begin within milliseconds; where there is no fork they are new processes.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, MutableSequence
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

import django
import psutil
from django.apps import apps
from django.db import Error as DatabaseError
from django.db import connections

if TYPE_CHECKING:  # a new process imports this module before the apps are there
    from lib.background import BackgroundTask, Limits

try:
    import resource
except ImportError:  # Windows has no limits of a process; the time limit of `_supervise` holds there too
    resource = None  # type: ignore[assignment]

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
RENEW_EVERY_S = 1.0
AFTER_DATABASE_ERROR_S = 5.0
START_AGAIN_AFTER_S = 5.0
FROZEN_AFTER_S = 300.0  # it waits while a task commits, and machines are busy
NICENESS = 5
_EXIT_NO_MEMORY = 3
_TOO_LARGE = (_EXIT_NO_MEMORY, -getattr(signal, "SIGXCPU", 0))
_processes: Any = multiprocessing.get_context("fork" if hasattr(os, "fork") else "spawn")


class BackgroundWorker:
    """The process that serves; `keep` starts it again when it has ended, or gives no sign of life."""

    def __init__(self) -> None:
        self._process: Any = None
        self._alive_at_s = _processes.Value("d", 0.0, lock=False)  # by the monotonic clock, which processes share
        self._started_at_s = 0.0

    def keep(self) -> None:
        now_s = monotonic()
        if self._process is not None:
            if self._process.is_alive():
                if now_s - self._alive_at_s.value < FROZEN_AFTER_S:
                    return
                logger.error("the process of background tasks hangs and is killed")
                self._process.kill()  # its task ends with it
                self._process.join(timeout=5)
            if now_s - self._started_at_s < START_AGAIN_AFTER_S:
                return
            logger.error("the process of background tasks ended with %s and is started again", self._process.exitcode)
        self._started_at_s = self._alive_at_s.value = now_s
        connections.close_all()  # no fork may use a connection of another process
        # Frozen objects stay in pages that both processes share: the second one takes 9 MB instead of 37.
        gc.collect()
        gc.freeze()
        self._process = _processes.Process(target=_serve, args=(self._alive_at_s,), name="background tasks")
        try:
            self._process.start()
        except OSError:  # no memory or no process left: roll-ups go on
            logger.exception("the process of background tasks cannot be started")

    def stop(self) -> None:
        """End it; a task that runs waits for the next worker."""
        if self._process is None or not self._process.is_alive():
            return
        self._process.terminate()
        self._process.join(timeout=5)
        if self._process.is_alive():
            self._process.kill()


def run_waiting() -> None:
    """Run the tasks that wait, each in a process of its own, and return: for `run_worker --once`."""
    from lib.background import claim

    while (task := claim()) is not None:
        _supervise(task)


@contextmanager
def limited(limits: Limits) -> Iterator[None]:
    """Hold this process to its limits. Over that of memory Python raises MemoryError, over that of processor time the
    system ends the process with SIGXCPU, in the middle of a parser's C code too."""
    if resource is None:
        yield
        return
    usage = resource.getrusage(resource.RUSAGE_SELF)
    wanted = {
        resource.RLIMIT_AS: psutil.Process().memory_info().vms + limits.memory_bytes,
        resource.RLIMIT_CPU: int(usage.ru_utime + usage.ru_stime) + limits.cpu_s,
        resource.RLIMIT_CORE: 0,  # SIGXCPU would write all of the memory to the disk
    }
    before = {kind: resource.getrlimit(kind) for kind in wanted}
    try:
        for kind, soft in wanted.items():
            hard = before[kind][1]
            resource.setrlimit(kind, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
        yield
    finally:
        for kind, both in before.items():
            resource.setrlimit(kind, both)


# --- The process that serves -------------------------------------------------------------------
def _serve(alive_at_s: Any) -> None:
    if not apps.ready:
        django.setup()
    from lib.background import claim

    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, and it says when to end
    parent = multiprocessing.parent_process()

    def goes_on() -> bool:
        alive_at_s.value = monotonic()
        return not stopping.is_set() and (parent is None or parent.is_alive())

    while goes_on():
        try:
            task = claim()
            if task is not None:
                _supervise(task, goes_on)
                continue
        except DatabaseError:
            logger.exception("background tasks wait for the database")
            connections.close_all()
            stopping.wait(AFTER_DATABASE_ERROR_S)
        stopping.wait(LOOK_EVERY_S)


def _supervise(task: BackgroundTask, goes_on: Callable[[], bool] = lambda: True) -> None:
    """Run a task in a process of its own and renew the claim meanwhile; end the process when it is over its time,
    cancelled, or when the worker does not go on."""
    from lib.background import LARGEST_ATTEMPTS, TaskLostError

    try:
        if task.attempt > LARGEST_ATTEMPTS:
            logger.error("%s %d is given up: in every attempt its worker died", task._meta.label, task.pk)
            task.give_up(is_too_large=False)
            return
        counts = _processes.Array("q", 2, lock=False)
        connections.close_all()
        process = _processes.Process(target=_run, args=(task._meta.label, task.pk, task.attempt, counts), daemon=True)
        process.start()
        deadline_s, is_overdue = monotonic() + task.limits.wall_s, False
        try:
            while process.is_alive():
                process.join(timeout=RENEW_EVERY_S)
                is_overdue = monotonic() > deadline_s
                if not task.renew(*counts) or is_overdue or not goes_on():
                    break
        finally:
            process.kill()
            process.join()
        if task.renew(*counts):  # it has neither finished nor been cancelled
            _settle(task, process.exitcode, is_overdue=is_overdue, is_stopping=not goes_on())
    except TaskLostError as lost:
        logger.info("%s was cancelled", lost)


def _settle(task: BackgroundTask, exit_code: int, *, is_overdue: bool, is_stopping: bool) -> None:
    """What becomes of a task whose process has not finished it. Raises TaskLostError when it is cancelled meanwhile."""
    logger.warning("%s %d, attempt %d, ended with %d", task._meta.label, task.pk, task.attempt, exit_code)
    if is_stopping:
        task.release()
    elif is_overdue or exit_code in _TOO_LARGE:
        task.give_up(is_too_large=True)
    elif not task.requeue():
        task.give_up(is_too_large=False)


# --- The process of one task -------------------------------------------------------------------
def _run(label: str, pk: int, attempt: int, counts: MutableSequence[int]) -> None:
    if not apps.ready:
        django.setup()
    from lib.background import TaskLostError

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # a whole group gets them; the parent ends this process
    _end_with_parent()
    if hasattr(os, "nice"):
        os.nice(NICENESS)  # people who wait for a page come first
    task: Any = apps.get_model(label)._default_manager.filter(pk=pk, attempt=attempt).first()
    if task is None:
        return  # claimed by another worker meanwhile

    def progress(done_count: int, total_count: int) -> None:
        counts[0], counts[1] = done_count, total_count

    try:
        with limited(task.limits):
            task.perform(progress)
    except MemoryError:
        sys.exit(_EXIT_NO_MEMORY)
    except TaskLostError as lost:  # cancelled in its last second
        logger.info("%s was cancelled", lost)


def _end_with_parent() -> None:
    """Nobody sees the time limit of a task whose parent was killed."""
    parent: Any = multiprocessing.parent_process()

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="end with parent", daemon=True).start()
