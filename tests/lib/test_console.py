"""The log on standard error: the same traceback once a minute, with a count of those left out."""

import gc
import io
import logging
import weakref
from collections.abc import Iterator

import pytest

from lib import console
from lib.console import ConsoleHandler


class Clock:
    now_s = 1000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    monkeypatch.setattr(console.time, "monotonic", lambda: Clock.now_s)
    return Clock


@pytest.fixture
def log(clock: type[Clock]) -> Iterator[tuple[logging.Logger, io.StringIO]]:
    handler, logger = ConsoleHandler(), logging.Logger("under.test")
    handler.setStream(written := io.StringIO())
    logger.addHandler(handler)
    yield logger, written
    handler.close()


def fail(logger: logging.Logger, who: str) -> None:
    try:
        raise RuntimeError("no space left")
    except RuntimeError:
        logger.exception("client %s failed", who)


def test_a_hundred_equal_tracebacks_are_one_and_a_count(
    log: tuple[logging.Logger, io.StringIO], clock: type[Clock]
) -> None:
    logger, written = log
    for number in range(101):
        fail(logger, f"device-{number}")
    assert written.getvalue().count("Traceback") == 1

    clock.now_s += 60
    logger.info("anything")

    assert "client device-0 failed (the same fault 100 times more within 60 s)" in written.getvalue()
    fail(logger, "device-200")
    assert written.getvalue().count("Traceback") == 2


def test_a_fault_keeps_nothing_of_its_frames_in_memory(log: tuple[logging.Logger, io.StringIO]) -> None:
    class Body:
        """A large upload, say."""

    bodies: list[weakref.ref[Body]] = []

    def read() -> None:
        body = Body()
        bodies.append(weakref.ref(body))
        raise RuntimeError("no space left")

    try:
        read()
    except RuntimeError:
        log[0].exception("import failed")
    gc.collect()

    assert bodies[0]() is None


def test_lines_without_a_traceback_are_all_there(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = log
    for _ in range(3):
        logger.error("the same")

    assert written.getvalue() == "the same\n" * 3


def test_another_fault_is_not_taken_for_the_same(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = log
    fail(logger, "a")
    try:
        int("x")
    except ValueError:
        logger.exception("client %s failed", "a")

    assert written.getvalue().count("Traceback") == 2


def test_what_was_left_out_is_said_at_the_end(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = log
    fail(logger, "a")
    fail(logger, "b")

    logger.handlers[0].close()

    assert "the same fault 1 times more" in written.getvalue()
