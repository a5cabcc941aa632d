"""Work waits for a database that is gone, logs it once, and gives up only on a stop."""

import logging
import threading

import pytest
from django.db import OperationalError, ProgrammingError

from mqtt_ingest import retry
from mqtt_ingest.retry import StoppedWaitingError, until_database_answers

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
        assert until_database_answers(work, threading.Event()) == "done"

    assert work.attempts == 6
    assert [record.getMessage().split(",")[0].split(":")[0] for record in caplog.records] == [
        "Database is gone",
        "Database is back",
    ]


def test_a_fault_of_ours_is_not_waited_out() -> None:
    with pytest.raises(ProgrammingError):
        until_database_answers(Work(1, ProgrammingError), threading.Event())


def test_after_a_stop_it_tries_once_more() -> None:
    stop = threading.Event()
    stop.set()
    work = Work(failures=99)

    with pytest.raises(StoppedWaitingError, match="server closed"):
        until_database_answers(work, stop)

    assert work.attempts == 1
