"""Repeats work while the database is gone, with growing pauses, until it succeeds.

Nothing is acknowledged meanwhile, so the queue fills up: this is the back-pressure.
"""

import logging
import random
import threading
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, InternalError, OperationalError, connection

logger = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 5.0
# InternalError: a server that fell back to read-only, or a transaction that the connection lost half-way.
DATABASE_GONE = (OperationalError, InterfaceError, InternalError)


class StoppedWaitingError(RuntimeError):
    """We were told to stop while the database was gone."""


def until_database_answers(work: Callable[[], T], stop: threading.Event) -> T:
    """The result of `work`, repeated until it succeeds.

    Raises StoppedWaitingError when `stop` is set and the attempt after that fails too.
    """
    wait_s = FIRST_WAIT_S
    is_outage = False
    while True:
        is_last_attempt = stop.is_set()
        try:
            result = work()
        except DATABASE_GONE as error:
            connection.close()
            if is_last_attempt:
                raise StoppedWaitingError(str(error)) from error
            if not is_outage:
                logger.warning("Database is gone, nothing is acknowledged until it is back: %s", error)
                is_outage = True
            stop.wait(wait_s * random.uniform(0.5, 1.0))
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)
        else:
            if is_outage:
                logger.warning("Database is back")
            return result
