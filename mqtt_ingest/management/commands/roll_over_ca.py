"""`manage.py roll_over_ca`: give devices the authorities of the broker's certificate, and see who has them."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from cryptography import x509
from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from django.utils import timezone

from devices.models import MCUDevice
from mqtt_ingest.authority import AuthorityError, check_trusts_broker, read_bundle
from mqtt_ingest.choices import CommandKind, CommandState
from mqtt_ingest.commands import give_command, withdraw
from mqtt_ingest.models import DeviceCommand


class Command(BaseCommand):
    help = (
        "Give devices new authorities for the broker's certificate (command set_ca). Ingest sends it to each device "
        "while it is on line, until it answers. Without FILE: print which devices have answered the newest. "
        "Run again with the same FILE, only devices without it get it. See docs/operations.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="PEM; old and new authority in one file")
        parser.add_argument("--device", action="append", metavar="ID", help="only this device; may be repeated")
        parser.add_argument("--withdraw", action="store_true", help="send it no more to those that have not answered")

    def handle(self, *args: Any, **options: Any) -> None:
        devices = _devices(options["device"])
        if options["withdraw"]:
            self.stdout.write(f"withdrawn for {withdraw(CommandKind.SET_CA, devices)} devices")
        elif options["file"] is not None:
            self._give(options["file"], devices)
        self._show(devices)

    def _give(self, path: Path, devices: QuerySet[MCUDevice]) -> None:
        try:
            bundle = read_bundle(path, timezone.now())
            check_trusts_broker(bundle)
        except AuthorityError as error:
            raise CommandError(str(error)) from error
        newest, arguments = _newest(devices), {"ca": bundle}
        tried_again = (CommandState.WITHDRAWN, CommandState.FAILED, CommandState.EXPIRED)
        have_it = [pk for pk, one in newest.items() if one.arguments == arguments and one.state not in tried_again]
        given = give_command(devices.exclude(pk__in=have_it), CommandKind.SET_CA, arguments)
        for one in x509.load_pem_x509_certificates(bundle.encode()):
            self.stdout.write(f"{one.subject.rfc4514_string()} until {one.not_valid_after_utc:%Y-%m-%d}")
        self.stdout.write(f"given to {len(given)} devices; {len(have_it)} had it already")

    def _show(self, devices: QuerySet[MCUDevice]) -> None:
        newest = _newest(devices)
        counts: dict[str, int] = {}
        for device in devices:
            state, words = _state(newest.get(device.pk))
            counts[state] = counts.get(state, 0) + 1
            if state != "answered":
                self.stdout.write(f"{device.device_id}: {words}")
        self.stdout.write(", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "no devices")


def _devices(ids: list[str] | None) -> QuerySet[MCUDevice]:
    devices = MCUDevice.objects.filter(revoked_at=None)
    if not ids:
        return devices
    named = devices.filter(device_id__in=ids)
    if unknown := set(ids) - set(named.values_list("device_id", flat=True)):
        raise CommandError(f"no such device in use: {', '.join(sorted(unknown))}")
    return named


def _newest(devices: QuerySet[MCUDevice]) -> dict[int, DeviceCommand]:
    """The newest `set_ca` of each device."""
    commands = DeviceCommand.objects.filter(kind=CommandKind.SET_CA, device__in=devices)
    newest_first = commands.order_by("device_id", "-created_at", "-pk")
    return {one.device_id: one for one in newest_first.distinct("device_id")}


def _state(command: DeviceCommand | None) -> tuple[str, str]:
    if command is None:
        return "without", "not given"
    if command.state == CommandState.ACKNOWLEDGED:
        return "answered", ""
    if command.state == CommandState.FAILED:
        return "refused", f"refused at {command.ended_at:%Y-%m-%d %H:%M}: {command.error}"
    if command.state in (CommandState.WITHDRAWN, CommandState.EXPIRED):
        return command.state, command.state
    if command.last_sent_at is None:
        return "outstanding", "not sent yet: it was not on line"
    return "outstanding", f"sent {command.sent_count} times, last at {command.last_sent_at:%Y-%m-%d %H:%M}, no answer"
