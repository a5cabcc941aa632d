"""Periodic work: each job at its own time, none stopped by another that fails."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from lib.jobs import Job, Schedule, all_jobs
from tests.waiting import TIMEOUT_S


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1000.0
        monkeypatch.setattr("lib.jobs.time.monotonic", lambda: self.now_s)
        monkeypatch.setattr("lib.jobs.close_old_connections", lambda: None)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_the_first_round_does_everything_and_then_each_at_its_time(clock: Clock) -> None:
    schedule = Schedule([Job("often", 1, lambda: None), Job("seldom", 10, lambda: None)])

    rounds = []
    for now_s in (1000.0, 1000.5, 1001.0, 1009.9, 1010.0):
        clock.now_s = now_s
        rounds.append(schedule.run_due())

    assert rounds == [["often", "seldom"], [], ["often"], ["often"], ["seldom"]]


def test_a_job_that_fails_stops_no_other_and_comes_again(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    ran: list[str] = []

    def fail() -> None:
        ran.append("failing")
        raise RuntimeError("disk full")

    schedule = Schedule([Job("failing", 5, fail), Job("other", 5, lambda: ran.append("other"))])
    schedule.run_due()
    clock.now_s += 10  # 5 s doubled
    schedule.run_due()

    assert ran == ["failing", "other"] * 2
    assert caplog.records[0].getMessage() == "job failing failed"
    assert caplog.records[0].exc_info is not None


def test_a_job_that_keeps_failing_comes_ever_more_rarely_and_then_as_before(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    ran_at_s: list[float] = []

    def fail() -> None:
        ran_at_s.append(clock.now_s - 1000.0)
        if len(ran_at_s) <= 7:
            raise RuntimeError("disk full")

    schedule = Schedule([Job("failing", 1, fail)])
    for _second in range(130):
        schedule.run_due()
        clock.now_s += 1

    # After 2, 4, 8, 16 s and then every 30 s; after the first success every second.
    assert ran_at_s[:10] == [0, 2, 6, 14, 30, 60, 90, 120, 121, 122]
    assert caplog.records[-1].getMessage() == "job failing works again after 7 failures"


def test_a_rare_job_that_fails_keeps_its_own_interval(clock: Clock) -> None:
    schedule = Schedule([Job("failing", 3600, lambda: 1 / 0)])

    schedule.run_due()

    assert schedule.seconds_to_next() == 3600


def test_each_job_says_how_long_it_may_take(clock: Clock) -> None:
    allowed: list[float] = []

    Schedule([Job("short", 1, lambda: None, longest_s=5), Job("long", 1, lambda: None)]).run_due(allowed.append)

    assert allowed == [5, 1800]


def test_ctrl_c_is_not_a_job_that_failed(clock: Clock) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Schedule([Job("interrupted", 1, interrupted)]).run_due()


def test_it_sleeps_until_the_next_is_due_and_never_less_than_nothing(clock: Clock) -> None:
    schedule = Schedule([Job("a", 3, lambda: None), Job("b", 7, lambda: None)])
    schedule.run_due()
    until_next = schedule.seconds_to_next()
    clock.now_s += 100

    assert until_next == 3
    assert schedule.seconds_to_next() == 0.0


def test_jobs_of_all_apps_are_found_and_each_name_is_one() -> None:
    names = [job.name for job in all_jobs()]

    assert {"roll up new readings", "make partitions"} <= set(names)
    assert len(names) == len(set(names))
    assert all(job.every_s > 0 for job in all_jobs())


@pytest.mark.django_db
def test_once_does_every_job_once_and_stops(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("run_worker", "--once")

    assert "roll up new readings" in capsys.readouterr().out


@pytest.mark.django_db
def test_the_worker_stops_when_it_is_asked_to() -> None:
    worker = subprocess.Popen(
        [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "run_worker"], stderr=subprocess.PIPE, text=True
    )
    assert worker.stderr is not None
    for line in worker.stderr:
        if "worker started" in line:
            break
    worker.send_signal(signal.SIGTERM)
    _out, rest = worker.communicate(timeout=TIMEOUT_S)

    assert worker.returncode == 0
    assert "worker stopped" in rest
