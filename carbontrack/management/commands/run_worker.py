"""manage.py run_worker: the periodic work of all apps, until SIGTERM."""

import logging
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from lib.background_worker import BackgroundWorker, run_waiting
from lib.heartbeats import SteadyBeat
from lib.jobs import Schedule, all_jobs

logger = logging.getLogger(__name__)

NAME = "worker"
LONGEST_SLEEP_S = 5.0  # so that the main loop shows soon that it moves
GRACE_S = 60.0  # for a machine that is busy


class Command(BaseCommand):
    help = (
        "Do periodic work (roll up new readings, make partitions, drop old rejects) and background tasks (imports), "
        "each task in a process of its own. Touches the database only; "
        "safe to run twice at once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="run every job and waiting task once and stop")

    def handle(self, *args: Any, **options: Any) -> None:
        schedule = Schedule(all_jobs())
        if options["once"]:
            run_waiting()
            self.stdout.write(f"jobs run: {', '.join(schedule.run_due())}")
            return
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        logger.info("worker started: %s", ", ".join(f"{j.name} every {j.every_s:g} s" for j in schedule.jobs))
        background = BackgroundWorker()
        background.keep()  # forked before the heart has a thread
        try:
            with SteadyBeat(NAME) as heart:
                while not stopping.is_set():
                    background.keep()
                    schedule.run_due(heart.allow)
                    heart.allow(GRACE_S)
                    stopping.wait(min(schedule.seconds_to_next(), LONGEST_SLEEP_S))
        finally:
            background.stop()
        logger.info("worker stopped")
