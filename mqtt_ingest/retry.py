"""Repeats work while nothing can be stored (no database, no disk space), with growing pauses, until it succeeds.

Nothing is acknowledged meanwhile, so the queue fills up: this is the back-pressure.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, InternalError, OperationalError, connection

logger = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 5.0
LOG_EVERY_S = 60.0
# OperationalError: also a disk that PostgreSQL found full. InternalError: a server that fell back to read-only, or a
# transaction that the connection lost half-way.
CANNOT_STORE = (OperationalError, InterfaceError, InternalError)


class StoppedWaitingError(RuntimeError):
    """We were told to stop while nothing could be stored."""


def until_it_can_be_stored(
    work: Callable[[], T], stop: threading.Event, meanwhile: Callable[[Exception], None] = lambda error: None
) -> T:
    """The result of `work`, repeated until it succeeds; after each failure `meanwhile` is told of it.

    Raises StoppedWaitingError when `stop` is set and the attempt after that fails too.
    """
    wait_s, attempts, log_at_s = FIRST_WAIT_S, 0, 0.0
    while True:
        is_last_attempt = stop.is_set()
        try:
            result = work()
        except CANNOT_STORE as error:
            connection.close()
            if is_last_attempt:
                raise StoppedWaitingError(str(error)) from error
            attempts += 1
            if time.monotonic() >= log_at_s:
                log_at_s = time.monotonic() + LOG_EVERY_S
                why = " ".join(str(error).split())
                logger.warning("Cannot store, nothing is acknowledged meanwhile (attempt %d): %s", attempts, why)
            meanwhile(error)
            stop.wait(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - spreads retries
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)
        else:
            if attempts:
                logger.warning("Storing again after %d attempts", attempts)
            return result
