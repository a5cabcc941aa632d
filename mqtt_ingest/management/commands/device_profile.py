"""`manage.py device_profile`: makes a profile of a foreign sensor, tries it on refused messages, replays them."""

from argparse import ArgumentParser
from dataclasses import fields
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from devices.models import DeviceProfile, MCUDevice
from devices.profile_spec import TimeFormat
from devices.profiles import ProfileInput, assign_profile, save_profile, unsaved
from lib.numbers import number
from mqtt_ingest.models import RejectedGroup
from mqtt_ingest.replay import previews_of, replay

TEXTS = {
    "topic": "like tele/{device}/SENSOR",
    "status-topic": "like tele/{device}/LWT",
    "online-text": "",
    "offline-text": "",
    "time-path": "without it the time of arrival counts",
}


class Command(BaseCommand):
    help = (
        "Show what the last refused messages of a device become by a profile. With --save the profile is stored (a "
        "known name: its next version; what is not given stays) and the device gets it; with --replay its refused "
        "messages are read again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("device_id", help="the device that sends")
        parser.add_argument("--name", required=True, help="of the profile, in the organisation of the device")
        for name, help_text in TEXTS.items():
            parser.add_argument(f"--{name}", help=help_text)
        parser.add_argument("--time-format", choices=TimeFormat.values)
        parser.add_argument(
            "--interval", type=number, dest="interval_s", metavar="SECONDS", help="how often it reports (300)"
        )
        parser.add_argument(
            "--map",
            action="append",
            dest="mappings",
            metavar="PATH=FIELD=UNIT",
            help="like SCD40.CarbonDioxide=co2_ppm=ppm; a fourth part is a factor. UNIT may be @PATH, where the "
            "message names its unit. These replace all mappings",
        )
        parser.add_argument("--save", action="store_true")
        parser.add_argument("--replay", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        devices = MCUDevice.objects.select_related("factory__organisation", "profile")
        device = devices.filter(device_id=options["device_id"]).first()
        if device is None:
            raise CommandError(f"there is no device {options['device_id']!r}; provision_device registers it")
        organisation = device.factory.organisation
        known = DeviceProfile.objects.filter(organisation=organisation, name=options["name"]).first()
        if known is None and not options["topic"]:
            raise CommandError(f"there is no profile {options['name']!r} yet: give its --topic")
        try:
            given = _given(options, known)
            profile = unsaved(organisation, given)
            if options["save"]:
                profile = save_profile(organisation, given, None, known)
                assign_profile(device, profile)
                self.stdout.write(f"{device} has version {profile.version} of {profile.name}")
        except ValidationError as refusal:
            raise CommandError("; ".join(refusal.messages)) from refusal
        for one in previews_of(device, profile):
            values = ", ".join(f"{name}={value:.6g}" for name, value in one.values.items())
            at = f"{one.measured_at:%Y-%m-%d %H:%M:%S} UTC" if one.measured_at else ""
            self.stdout.write(f"{one.received_at:%Y-%m-%d %H:%M:%S} {one.topic}: {one.problem or f'{at} {values}'}")
        if options["replay"]:
            done = replay(list(RejectedGroup.objects.filter(topic_device_id=device.device_id)))
            self.stdout.write(
                f"{done.messages} messages read again: received {done.received} readings: stored {done.stored}, "
                f"duplicate {done.duplicate}, rejected {sum(done.rejected.values())}"
            )


def _given(options: dict[str, Any], known: DeviceProfile | None) -> ProfileInput:
    values = {each.name: getattr(known, each.name) for each in fields(ProfileInput)} if known else {"mappings": []}
    values |= {each.name: options[each.name] for each in fields(ProfileInput) if options.get(each.name) is not None}
    if options["mappings"]:
        values["mappings"] = [_mapping(text) for text in options["mappings"]]
    return ProfileInput(**values)


def _mapping(text: str) -> dict[str, Any]:
    parts = text.split("=")
    if len(parts) not in (3, 4):
        raise CommandError(f"--map {text!r} is not PATH=FIELD=UNIT")
    path, field, unit = parts[:3]
    named = "unit_path" if unit.startswith("@") else "unit"
    row: dict[str, Any] = {"path": path, "field": field, named: unit.lstrip("@")}
    if len(parts) > 3:
        try:
            row["scale"] = float(parts[3])
        except ValueError:
            raise CommandError(f"--map {text!r}: {parts[3]!r} is no number") from None
    return row
