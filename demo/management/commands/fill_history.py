"""`manage.py fill_history`: fills missing data of the simulated months, or one share of it. `run_demo` calls it."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from demo import history
from demo.history import Share


class Command(BaseCommand):
    help = (
        "Fill the simulated months that the database of the demo lacks: readings, roll-ups, what was logged. "
        "Prints how far it is. Safe to stop and to run again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--share", type=_share, default=Share(), help="one part of the work, as in 1/2")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IS_LOCAL:
            raise CommandError("DATABASE_URL is set: simulated figures only go into the demo's own database.")
        history.fill(options["share"], timezone.now(), self._report)

    def _report(self, done: float) -> None:
        self.stdout.write(f"done {done:.4f}")
        self.stdout.flush()


def _share(text: str) -> Share:
    try:
        number, of = (int(part) for part in text.split("/"))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a share; write it as 1/2") from None
    if not 1 <= number <= of:
        raise ArgumentTypeError(f"{text!r} is not a share; the first of two is 1/2")
    return Share(number - 1, of)
