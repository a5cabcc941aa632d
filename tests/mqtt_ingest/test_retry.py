"""Work waits while nothing can be stored, logs it once a minute, and gives up only on a stop."""

import itertools
import logging
import threading
from types import SimpleNamespace

import pytest
from django.db import OperationalError, ProgrammingError

from mqtt_ingest import retry
from mqtt_ingest.retry import StoppedWaitingError, until_it_can_be_stored

pytestmark = pytest.mark.django_db(transaction=True)


class Work:
    def __init__(self, failures: int, error: type[Exception] = OperationalError) -> None:
        self.failures, self.error, self.attempts = failures, error, 0

    def __call__(self) -> str:
        self.attempts += 1
        if self.attempts <= self.failures:
            raise self.error("server closed the connection")
        return "done"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.001)
    monkeypatch.setattr(retry, "LONGEST_WAIT_S", 0.002)


def test_work_is_tried_until_it_is_done_and_the_outage_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    work = Work(failures=5)

    with caplog.at_level(logging.WARNING):
        assert until_it_can_be_stored(work, threading.Event()) == "done"

    assert work.attempts == 6
    assert [record.getMessage().split(",")[0].split(":")[0] for record in caplog.records] == [
        "Cannot store",
        "Storing again after 5 attempts",
    ]


def test_a_long_outage_is_logged_once_a_minute_and_always_told(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments_s = itertools.count(1000.0, 20.0)  # each look at the clock is 20 s later
    monkeypatch.setattr(retry, "time", SimpleNamespace(monotonic=lambda: next(moments_s)))
    told: list[Exception] = []

    until_it_can_be_stored(Work(failures=9), threading.Event(), told.append)

    lines = [record.getMessage() for record in caplog.records if "Cannot store" in record.getMessage()]
    # Logged at 1000 s (until 1020 + 60), then at the first attempt from 1080 s on: the fourth; then the seventh.
    assert [line.partition("(")[2].partition(")")[0] for line in lines] == ["attempt 1", "attempt 4", "attempt 7"]
    assert len(told) == 9


def test_a_fault_of_ours_is_not_waited_out() -> None:
    with pytest.raises(ProgrammingError):
        until_it_can_be_stored(Work(1, ProgrammingError), threading.Event())


def test_after_a_stop_it_tries_once_more() -> None:
    stop = threading.Event()
    stop.set()
    work = Work(failures=99)

    with pytest.raises(StoppedWaitingError, match="server closed"):
        until_it_can_be_stored(work, stop)

    assert work.attempts == 1
