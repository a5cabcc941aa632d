"""Background tasks: claimed once, finished once, held to their limits, done again when their worker dies."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psutil
import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from factories.models import Factory
from lib import background_worker
from lib.background import LARGEST_ATTEMPTS, LEASE, BackgroundTask, Limits, TaskLostError, TaskState, claim
from lib.background_worker import BackgroundWorker, limited
from logbook.models import SheetImport
from tests import make
from tests.waiting import TIMEOUT_S, wait_until

SLEEP_S = 120.0  # of work that must not come to its end
SIZES = {"cpu_s": 30, "wall_s": 30, "memory_bytes": 1_000_000_000}
Work = Callable[[Any, Any], None]


def waiting(user: User | None = None) -> SheetImport:
    return make.make_import(user or make.make_user(password=None), make.make_factory())


def claimed() -> BackgroundTask:
    task = claim()
    assert task is not None
    return task


def state_of(task: BackgroundTask) -> tuple[str, int]:
    task.refresh_from_db()
    return task.state, task.attempt


# --- Claims ------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_oldest_waits_shortest_and_nobody_gets_a_task_twice() -> None:
    first, second = waiting(), waiting()

    assert [claimed().pk, claimed().pk, claim()] == [first.pk, second.pk, None]
    assert state_of(first) == (TaskState.RUNNING, 1)


@pytest.mark.django_db
def test_a_task_of_a_dead_worker_is_claimed_again_and_its_first_process_cannot_finish() -> None:
    waiting()
    of_the_dead = claimed()
    assert of_the_dead.renew(10, 100)
    assert claim() is None
    SheetImport.objects.update(alive_at=timezone.now() - LEASE - timedelta(seconds=1))

    again = claimed()

    assert (again.pk, again.attempt) == (of_the_dead.pk, 2)
    assert not of_the_dead.renew(20, 100)
    with pytest.raises(TaskLostError):
        written_and_finished(of_the_dead)
    assert not Factory.objects.filter(name="Written by the dead").exists()
    again.finish(status_code=200)
    assert state_of(again) == (TaskState.DONE, 2)


@transaction.atomic
def written_and_finished(task: BackgroundTask) -> None:
    make.make_factory(name="Written by the dead")
    task.finish(status_code=200)


@pytest.mark.django_db
def test_a_task_is_tried_three_times() -> None:
    task = waiting()

    outcomes = [claimed().requeue() for _attempt in range(LARGEST_ATTEMPTS)]

    assert outcomes == [True, True, False]
    assert state_of(task)[1] == 3


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_an_outcome_holds_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    task, held = waiting(), []
    monkeypatch.setattr("lib.background.sleep", lambda _s: held.append(connection.connection is not None))

    assert not task.wait(1.0)
    assert set(held) == {False}


# --- Limits: real processes --------------------------------------------------------------------
def supervised(monkeypatch: pytest.MonkeyPatch, work: Work, limits: Limits | None = None) -> BackgroundTask:
    """A task that does `work`, after its process has ended."""
    monkeypatch.setattr(SheetImport, "perform", work)
    monkeypatch.setattr(SheetImport, "limits", limits or Limits(**SIZES))
    waiting()
    task = claimed()
    background_worker._supervise(task)
    return task


def take_memory(_task: Any, _progress: Any) -> None:
    kept = [bytes(1_000_000) for _megabyte in range(1_000)]
    raise AssertionError(len(kept))


def take_time(_task: Any, _progress: Any) -> None:
    while True:
        pass


def sleep_long(_task: Any, _progress: Any) -> None:
    time.sleep(SLEEP_S)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("work", "limit"),
    [(take_memory, {"memory_bytes": 200_000_000}), (take_time, {"cpu_s": 1}), (sleep_long, {"wall_s": 1})],
    ids=["memory", "processor", "time"],
)
def test_a_task_over_a_limit_is_ended_and_answered(
    monkeypatch: pytest.MonkeyPatch, work: Work, limit: dict[str, int]
) -> None:
    began_s = time.monotonic()

    task: Any = supervised(monkeypatch, work, Limits(**SIZES | limit))

    assert state_of(task) == (TaskState.FAILED, 1)
    assert (task.status_code, task.answer["code"], task.content) == (413, "too_large", None)
    assert time.monotonic() - began_s < SLEEP_S


@pytest.mark.django_db(transaction=True)
def test_a_task_whose_process_dies_waits_again_and_is_given_up_after_three_deaths(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def die(_task: Any, _progress: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    task: Any = supervised(monkeypatch, die)
    assert state_of(task) == (TaskState.WAITING, 1)
    for _attempt in range(2):
        background_worker._supervise(claimed())

    assert state_of(task) == (TaskState.FAILED, 3)
    assert (task.status_code, task.answer["code"]) == (500, "import_failed")


@pytest.mark.django_db(transaction=True)
def test_a_task_that_takes_its_workers_with_it_is_given_up_too() -> None:
    task: Any = waiting()
    claimed_at = timezone.now() - LEASE - timedelta(seconds=1)
    SheetImport.objects.update(state=TaskState.RUNNING, attempt=LARGEST_ATTEMPTS, alive_at=claimed_at)

    background_worker.run_waiting()

    assert state_of(task)[0] == TaskState.FAILED
    assert (task.status_code, task.answer["code"], task.content) == (500, "import_failed", None)


@pytest.mark.django_db(transaction=True)
def test_progress_is_seen_and_a_cancelled_task_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def half(_task: Any, progress: Any) -> None:
        progress(50, 100)
        time.sleep(SLEEP_S)

    monkeypatch.setattr(SheetImport, "perform", half)
    task, began_s = waiting(), time.monotonic()
    thread = threading.Thread(target=supervise_claimed)
    thread.start()
    while (task.done_count, task.total_count) != (50, 100):
        assert time.monotonic() - began_s < TIMEOUT_S
        time.sleep(0.1)
        task.refresh_from_db()

    assert task.cancel(status_code=409)
    thread.join(timeout=TIMEOUT_S)

    assert not thread.is_alive()
    assert state_of(task) == (TaskState.CANCELLED, 1)
    assert not task.cancel()


def supervise_claimed() -> None:
    background_worker._supervise(claimed())
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_stops_lets_its_task_wait_and_counts_no_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SheetImport, "perform", sleep_long)
    task = waiting()

    background_worker._supervise(claimed(), lambda: False)

    assert state_of(task) == (TaskState.WAITING, 0)


# --- The process that serves -------------------------------------------------------------------
@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[BackgroundWorker]:
    monkeypatch.setattr("gc.freeze", lambda: None)  # for a worker only: it would last as long as the tests
    monkeypatch.setattr(background_worker, "START_AGAIN_AFTER_S", 1.0)
    worker = BackgroundWorker()
    yield worker
    worker.stop()


@pytest.mark.django_db(transaction=True)
def test_a_frozen_process_is_replaced_and_a_dead_one_after_a_pause(
    monkeypatch: pytest.MonkeyPatch, worker: BackgroundWorker
) -> None:
    worker.keep()
    first = worker._process
    os.kill(first.pid, signal.SIGSTOP)
    worker.keep()
    assert worker._process is first
    monkeypatch.setattr(background_worker, "FROZEN_AFTER_S", 2.0)
    wait_until(lambda: worker.keep() or worker._process is not first)
    assert not first.is_alive()

    second = worker._process
    second.kill()
    second.join()
    monkeypatch.setattr(background_worker, "START_AGAIN_AFTER_S", 600.0)
    worker.keep()
    assert worker._process is second
    monkeypatch.setattr(background_worker, "START_AGAIN_AFTER_S", 0.1)
    wait_until(lambda: worker.keep() or worker._process is not second)
    assert worker._process.is_alive()


@pytest.mark.django_db(transaction=True)
def test_a_task_ends_with_the_process_that_serves(monkeypatch: pytest.MonkeyPatch, worker: BackgroundWorker) -> None:
    monkeypatch.setattr(SheetImport, "perform", sleep_long)
    worker.keep()
    serving, task = psutil.Process(worker._process.pid), waiting()
    wait_until(lambda: bool(serving.children()))
    of_task = serving.children()[0]

    serving.kill()

    of_task.wait(timeout=TIMEOUT_S)
    assert state_of(task)[0] == TaskState.RUNNING  # until its claim ends


def test_the_limits_of_a_process_end_with_what_they_are_for() -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(MemoryError), limited(Limits(cpu_s=60, wall_s=60, memory_bytes=50_000_000)):
        bytes(100_000_000)

    assert resource.getrlimit(resource.RLIMIT_AS) == before
    bytes(100_000_000)
