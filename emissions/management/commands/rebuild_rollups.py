"""manage.py rebuild_rollups: recomputes minutes, hours and days from stored readings."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_datetime

from devices.models import MCUDevice
from emissions.rollups import roll_up_touched, touch_period


class Command(BaseCommand):
    help = "Recompute roll-ups of all devices or one, in a period or at all times. Safe to run at any moment."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--device", help="device id; default: all devices")
        parser.add_argument("--from", dest="start", default="1970-01-01T00:00:00Z", help="ISO 8601 with offset")
        parser.add_argument("--to", dest="end", help="ISO 8601 with offset, exclusive")

    def handle(self, *args: Any, **options: Any) -> None:
        start = _moment(options["start"])
        end = _moment(options["end"]) if options["end"] else None
        devices = MCUDevice.objects.all()
        if options["device"]:
            devices = devices.filter(device_id=options["device"])
            if not devices:
                raise CommandError(f"there is no device {options['device']!r}")
        touched = sum(touch_period(pk, start, end) for pk in devices.values_list("pk", flat=True))
        while roll_up_touched():
            pass
        self.stdout.write(f"{touched} minutes rolled up again")


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CommandError(
            f"{text!r} is not a time with an offset: write --from and --to like 2026-11-01T00:00:00+03:00"
        )
    return moment
