"""manage.py provision_device: registers a device, prints its password once and writes the settings of its firmware."""

import getpass
import json
import os
import shutil
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from devices import firmware_config as node
from devices.broker import broker_state
from devices.choices import BrokerState, Co2Basis, PressureCompensation
from devices.dynsec import BrokerUnreachableError
from devices.models import Assignment, AssignmentHold, MCUDevice
from devices.registration import Geometry, provision_device
from devices.services import ProvisionedDevice, broker_address
from lib import qr_code
from lib.environment import LOOPBACK_HOSTS
from lib.errors import ApiError
from lib.numbers import number

NEXT_STEPS = """\
Next, at the node:
  1. Give it power. A node without settings opens a Wi-Fi network of its own, named in firmware/README.md.
  2. Put the settings in: paste the text of {file} into its set-up page or its serial console, or scan the
     code and paste what it says.
  3. It connects, and the device's page shows it on line with its sensor and range within a minute.
  4. Delete {file}{and_code}: they hold the device's password. Lost it? Rotate the device's secret."""

GEOMETRY_MISSING = """
The geometry of its chimney is not stated: readings are stored, and have no mass until it is. State the inner
dimensions in the admin site, or give --diameter, or --width and --height with --profile."""


class Command(BaseCommand):
    help = (
        "Register a device as device of record of a chimney, and print its login once. Without --chimney it adds a "
        "chimney; without inner dimensions its readings are stored and have no mass until the geometry is stated. The "
        "device counts from its first reading, or from --since. It prints whether the broker lets it in already "
        "(MQTT_ACCESS). With --firmware-config the login goes into a file for the node instead of to the "
        "terminal."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--factory", required=True, help='name, in any case, with or without "Tea Factory"')
        parser.add_argument("--device-id", required=True, help="3 to 64 of A-Z a-z 0-9 _ -")
        parser.add_argument("--chimney", help="name of a chimney of the factory; a new name adds one")
        parser.add_argument("--width", type=number, help="inner width in m, with --height: a rectangular chimney")
        parser.add_argument("--height", type=number, help="inner height in m")
        parser.add_argument("--diameter", type=number, help="inner diameter in m: a round chimney")
        parser.add_argument(
            "--profile", type=number, help="velocity profile factor (a round chimney, probe on its axis: 0.84)"
        )
        parser.add_argument("--since", type=_moment, help="it counts from that hour on: 2026-11-30T06:00+03:00")
        parser.add_argument("--basis", choices=Co2Basis.values, help="of a known sensor dry, else wet")
        parser.add_argument(
            "--compensation", choices=PressureCompensation.values, default=PressureCompensation.NONE.value
        )
        parser.add_argument("--sensor", default="", help="what the device reports as its sensor")
        parser.add_argument("--range-ppm", type=number, help="full scale of the CO2 sensor")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        self._add_firmware_arguments(parser)

    def _add_firmware_arguments(self, parser: ArgumentParser) -> None:
        ours = parser.add_argument_group("settings for our own firmware")
        ours.add_argument("--firmware-config", metavar="FILE", help="write them there, mode 0600")
        ours.add_argument("--qr", metavar="FILE", help="and as a QR code: FILE.svg or FILE.png")
        ours.add_argument("--wifi-ssid", default="", help="Wi-Fi network; its password is asked for")
        ours.add_argument("--wifi-password-file", metavar="FILE", help="first line of a file instead")
        ours.add_argument("--ca", metavar="FILE", help="PEM certificate to pin (default MQTT_CA_FILE)")
        ours.add_argument("--co2-sensor", choices=node.CO2_SENSORS, help="where --sensor does not tell")
        ours.add_argument("--thermocouple", choices=node.THERMOCOUPLES, default="max31855")
        ours.add_argument("--velocity-sensor", choices=node.VELOCITY_SENSORS, default="sdp8xx")
        ours.add_argument("--barometer", choices=node.BAROMETERS, default="bme280")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["firmware_config"]:
                self._provision_node(options)
                return
            if options["qr"] or options["wifi_ssid"]:
                raise CommandError("--qr and --wifi-ssid go with --firmware-config FILE.")
            self._print_login(_provision(options), options)
        except ValidationError as error:
            raise CommandError("; ".join(_told(error))) from None
        except node.FirmwareConfigError as error:
            raise CommandError(str(error)) from None
        except ApiError as error:  # an archived site
            raise CommandError(error.message) from None
        except BrokerUnreachableError as error:
            raise CommandError(f"{error.sentence} ({error})") from None

    def _provision_node(self, options: dict[str, Any]) -> None:
        """Everything that can be refused is refused before the device is registered: its password comes once."""
        host, _port, ca_file = broker_address()
        ca = node.pinned_ca(options["ca"] or ca_file, host)
        build = _build(options)
        code_file = Path(options["qr"]) if options["qr"] else None
        if code_file and code_file.suffix not in qr_code.SUFFIXES:
            raise CommandError(f"--qr={code_file} ends in none of {', '.join(qr_code.SUFFIXES)}.")
        config_file = Path(options["firmware_config"])
        files = [config_file, code_file] if code_file else [config_file]
        with _new_private_files(files), transaction.atomic():
            provisioned = _provision(options)
            assignment = Assignment.objects.select_related("chimney", "factory", "device").get(
                device__device_id=provisioned.device_id
            )
            config = node.firmware_config(provisioned, assignment, build, ca)
            config_file.write_text(node.as_text(config) + "\n", encoding="utf-8")
            in_code, is_all = node.code_text(config)
            if code_file:
                code_file.write_bytes(qr_code.image(in_code, code_file.suffix))
        if options["json"]:
            self._print_login(provisioned, options)
            return
        self.stdout.write(
            f"Device {provisioned.device_id} is registered. Its settings, with its password, are in {config_file}.\n"
            f"Its login: {_broker_state(provisioned).label}.\n"
        )
        self._show_code(in_code, code_file)
        if not is_all:
            self.stdout.write(
                "The certificate is too long for a QR code (2,953 bytes in all): the code holds the rest, and "
                f'"ca" has to be pasted from {config_file}.'
            )
        if host in LOOPBACK_HOSTS:
            self.stdout.write(
                f"host is {host}: only a node on this machine finds that (node_host). For a board set "
                "MQTT_PUBLIC_HOST, or HTTP_BIND=0.0.0.0 in the demo, and provision again."
            )
        self.stdout.write(NEXT_STEPS.format(file=config_file, and_code=f" and {code_file}" if code_file else ""))

    def _show_code(self, text: str, code_file: Path | None) -> None:
        """Prints only on a terminal that is wide enough, never into a file or a pipe, where a log would keep it."""
        if code_file:
            self.stdout.write(f"The same as a QR code is in {code_file}.")
        if not self.stdout.isatty():
            return
        lines = qr_code.terminal_lines(text, encoding=getattr(self.stdout, "encoding", None) or "ascii")
        columns = shutil.get_terminal_size().columns
        if lines and len(lines[0]) <= columns:
            self.stdout.write("\n".join(lines))
        elif lines:
            self.stdout.write(
                f"A QR code takes {len(lines[0])} columns here and the terminal has {columns}: widen it, or use --qr."
            )

    def _print_login(self, provisioned: ProvisionedDevice, options: dict[str, Any]) -> None:
        state = _broker_state(provisioned)
        if options["json"]:
            self.stdout.write(json.dumps(asdict(provisioned) | {"broker": state.value}))
            return
        self.stdout.write(f"Device {provisioned.device_id} is registered. Its password is shown this once:\n")
        for name, value in asdict(provisioned).items():
            if name != "topics":
                self.stdout.write(f"  {name:<10} {value}")
        self.stdout.write(f"  {'login':<10} {state.label}")
        for kind, topic in provisioned.topics.items():
            self.stdout.write(f"  {kind:<10} {topic}")
        if AssignmentHold.objects.filter(assignment__device__device_id=provisioned.device_id).exists():
            self.stdout.write(GEOMETRY_MISSING)


def _told(error: ValidationError) -> list[str]:
    """With the field before its words; what is of none stands alone."""
    if not hasattr(error, "error_dict"):
        return list(error.messages)
    of_none = ("", NON_FIELD_ERRORS)
    return [
        text if name in of_none else f"{name}: {text}" for name, texts in error.message_dict.items() for text in texts
    ]


def _broker_state(provisioned: ProvisionedDevice) -> BrokerState:
    return broker_state(MCUDevice.objects.get(device_id=provisioned.device_id))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ArgumentTypeError(f"{text!r} has no offset; write it like 2026-11-30T06:00+03:00.")
    return moment


def _provision(options: dict[str, Any]) -> ProvisionedDevice:
    return provision_device(
        factory_name=options["factory"],
        device_id=options["device_id"],
        geometry=Geometry(
            options["chimney"], options["width"], options["height"], options["diameter"], options["profile"]
        ),
        since=options["since"],
        co2_basis=options["basis"],
        pressure_compensation=options["compensation"],
        sensor=options["sensor"],
        range_ppm=options["range_ppm"],
    )


def _build(options: dict[str, Any]) -> node.NodeBuild:
    if options["range_ppm"] is None:
        raise CommandError("--range-ppm is missing: the node needs the full scale of its CO2 sensor, in ppm.")
    ssid, password = options["wifi_ssid"], ""
    if ssid and options["wifi_password_file"]:
        try:
            password = Path(options["wifi_password_file"]).read_text(encoding="utf-8").partition("\n")[0]
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"--wifi-password-file cannot be read: {error}") from None
    elif ssid:
        password = getpass.getpass(f"Password of the Wi-Fi network {ssid} (empty: an open network): ")
    if ssid:
        node.check_wifi(ssid, password)
    return node.NodeBuild(
        co2_sensor=node.co2_sensor_of(options["sensor"], options["co2_sensor"]),
        thermocouple=options["thermocouple"],
        velocity_sensor=options["velocity_sensor"],
        barometer=options["barometer"],
        wifi_ssid=ssid,
        wifi_password=password,
    )


@contextmanager
def _new_private_files(paths: list[Path]) -> Iterator[None]:
    """Makes empty files of mode 0600 before anything else; removes them if the command fails."""
    made: list[Path] = []
    is_done = False
    try:
        for path in paths:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            made.append(path)
        yield
        is_done = True
    except FileExistsError as error:
        raise CommandError(
            f"{error.filename} is there already, and may hold the password of another device: choose another name."
        ) from None
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be written: {error.strerror}.") from None
    finally:
        for path in [] if is_done else made:
            path.unlink(missing_ok=True)
