"""manage.py provision_device: registers a device and prints its password once."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from devices.choices import Co2Basis, PressureCompensation
from devices.services import Geometry, provision_device


class Command(BaseCommand):
    help = (
        "Register a device as device of record of a chimney, and print its login once. Without --chimney it "
        "adds a round chimney of 0.9 m. The broker of `make run` lets it in at once; for Mosquitto run sync_broker."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--factory", required=True, help='name, in any case, with or without "Tea Factory"'
        )
        parser.add_argument("--device-id", required=True, help="3 to 64 of A-Z a-z 0-9 _ -")
        parser.add_argument("--chimney", help="name of a chimney of the factory; a new name adds one")
        parser.add_argument(
            "--width", type=float, help="inner width in m, with --height: a rectangular chimney"
        )
        parser.add_argument("--height", type=float, help="inner height in m")
        parser.add_argument("--diameter", type=float, help="inner diameter in m (default 0.9)")
        parser.add_argument("--profile", type=float, help="velocity profile factor (default 1)")
        parser.add_argument("--basis", choices=Co2Basis.values, default=Co2Basis.WET.value)
        parser.add_argument(
            "--compensation", choices=PressureCompensation.values, default=PressureCompensation.NONE.value
        )
        parser.add_argument("--sensor", default="", help="what the device reports as its sensor")
        parser.add_argument("--range-ppm", type=float, help="full scale of the CO2 sensor")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            provisioned = provision_device(
                factory_name=options["factory"],
                device_id=options["device_id"],
                geometry=Geometry(
                    options["chimney"],
                    options["width"],
                    options["height"],
                    options["diameter"],
                    options["profile"],
                ),
                co2_basis=options["basis"],
                compensation=options["compensation"],
                sensor=options["sensor"],
                range_ppm=options["range_ppm"],
            )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from None
        if options["json"]:
            self.stdout.write(json.dumps(provisioned.as_dict()))
            return
        self.stdout.write(f"Device {provisioned.device_id} is registered. Its password is shown this once:\n")
        for name, value in provisioned.as_dict().items():
            if name != "topics":
                self.stdout.write(f"  {name:<10} {value}")
        for kind, topic in provisioned.topics.items():
            self.stdout.write(f"  {kind:<10} {topic}")
