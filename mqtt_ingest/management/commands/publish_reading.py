"""`manage.py publish_reading`: one reading from a spare device, over TLS, and what the server answers."""

import json
import shlex
import time
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from devices.services import ProvisionedDevice
from lib.broker_address import BrokerSettingsError
from mqtt_ingest.spare_device import PublishError, plausible_message, publish_and_wait, spare_device


class Command(BaseCommand):
    help = (
        "Publish one plausible reading as a spare device on a chimney of its own, wait until the server has "
        "stored it, and print the mosquitto_pub line that does the same. Registers the device on first use; "
        "keeps its password in DATA_DIR/spare_device.json."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--factory", help="where to register the device on first use (default: the oldest)")
        parser.add_argument("--timeout", type=float, default=15.0, help="seconds to wait for an answer")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            device = spare_device(options["factory"])
            message = plausible_message(time.time_ns() // 1_000_000)
            answer = publish_and_wait(device, message, options["timeout"])
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from None
        except (PublishError, BrokerSettingsError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Published to {device.topics['readings']}:\n  {json.dumps(message)}")
        self.stdout.write(f"The server answered:\n  {json.dumps(answer)}")
        self.stdout.write(f"The same by mosquitto_pub:\n  {mosquitto_pub_line(device, message)}")


def mosquitto_pub_line(device: ProvisionedDevice, message: dict[str, Any]) -> str:
    """A line for a shell. Each run is a new boot; its stream is the time in seconds."""
    now = "'$(date +%s)'"
    reading = json.dumps(message["readings"][0]).replace(f'"t": {message["readings"][0]["t"]}', f'"t": {now}000')
    payload = f'{{"v": 1, "stream": {now}, "interval_s": 5, "readings": [{reading}]}}'
    tls = ["--cafile", device.ca_file] if device.ca_file else []
    words = ["mosquitto_pub", "-h", device.host, "-p", str(device.port), *tls]
    words += ["-i", device.device_id, "-u", device.username, "-P", device.password]
    words += ["-t", device.topics["readings"], "-q", "1", "-m"]
    return f"{shlex.join(words)} '{payload}'"
