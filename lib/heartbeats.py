"""Signs of life of processes that have no web address: a row each for `/readyz` and `/metrics`, and the watchdog.

Times are the database's, so that the clocks of two machines need not agree.
"""

import faulthandler
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType

from django.db import DatabaseError, InterfaceError, connection
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now

from lib import watchdog
from lib.models import Heartbeat

logger = logging.getLogger(__name__)

EVERY_S = 5.0
FORGOTTEN_AFTER = timedelta(days=1)  # a worker that was killed and never came back, perhaps under another name
FIRST_STEP_S = 60.0


@dataclass(frozen=True, slots=True)
class SignOfLife:
    name: str
    age_s: float
    problem: str


def beat(name: str, problem: str = "") -> None:
    """Tell the watchdog, and write the row. A database that is away only costs the row."""
    watchdog.beat()
    try:
        Heartbeat.objects.bulk_create(
            [Heartbeat(name=name, beat_at=Now(), problem=problem)],
            update_conflicts=True,
            unique_fields=["name"],
            update_fields=["beat_at", "problem"],
        )
    except (DatabaseError, InterfaceError) as error:
        logger.debug("No heartbeat of %s: %s", name, error)
        connection.close()


def forget(name: str) -> None:
    """The process ends as it was asked to: nobody has to miss it."""
    try:
        Heartbeat.objects.filter(name=name).delete()
    except (DatabaseError, InterfaceError) as error:
        logger.debug("The heartbeat of %s stays: %s", name, error)
        connection.close()


def signs_of_life() -> list[SignOfLife]:
    age = ExpressionWrapper(Now() - F("beat_at"), output_field=DurationField())
    rows = Heartbeat.objects.filter(beat_at__gt=Now() - FORGOTTEN_AFTER).annotate(age=age).order_by("name")
    return [SignOfLife(row.name, max(0.0, row.age.total_seconds()), row.problem) for row in rows]


class SteadyBeat:
    """Beats from a thread, as long as the main loop keeps its word: it says how long its next step may take.

    A stopped process (SIGSTOP, swapping, a blocked machine) and a main loop that hangs both fall silent.
    """

    def __init__(self, name: str, *, every_s: float = EVERY_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._every_s, self._clock = name, every_s, clock
        self._due_at_s = clock() + FIRST_STEP_S
        self._is_late = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> "SteadyBeat":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join(self._every_s)
        if error is None:
            forget(self._name)

    def allow(self, seconds: float) -> None:
        """The main loop is here, and comes again within this time."""
        self._due_at_s = self._clock() + seconds

    def beat(self) -> None:
        if self._clock() <= self._due_at_s:
            self._is_late = False
            beat(self._name)
        elif not self._is_late:
            self._is_late = True
            logger.error("The main loop of %s hangs: no heartbeat from now on. Where it is:", self._name)
            faulthandler.dump_traceback()

    def _run(self) -> None:
        while True:
            self.beat()
            connection.close()  # this thread's own
            if self._stopping.wait(self._every_s):
                return
