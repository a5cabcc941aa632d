"""The settings of one node as its firmware reads them: one JSON object, and the part that fits into a QR code.

The keys are those of firmware/README.md "Settings"; every value is checked again by the node. Pasted into the
node's set-up page or its serial console, or given to `node_host --settings`.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices.models import Assignment
from devices.services import ProvisionedDevice
from factories.choices import Shape
from lib.environment import LOOPBACK_HOSTS
from lib.qr_code import MOST_BYTES

# The protocol of a CO2 sensor, by the beginning of its name in the registry.
PROTOCOLS = {
    "mh-z19": "mhz19",
    "mhz19": "mhz19",
    "sprintir": "gss",
    "explorir": "gss",
    "cozir": "gss",
    "stc31": "stc31",
}
CO2_SENSORS = tuple(dict.fromkeys(PROTOCOLS.values()))
THERMOCOUPLES = ("max31855", "max6675")
VELOCITY_SENSORS = ("sdp8xx", "pulse", "loop")
BAROMETERS = ("bme280", "none")
MOST_CA_CHARACTERS = 2_559  # firmware/lib/core/src/settings.h, kCaBytes
MOST_SENSOR_BYTES, LEAST_INTERVAL_S = 40, 0.02  # the same, sensor and read_measuring
# In bytes, as the node counts.
MOST_WIFI_NAME_BYTES, LEAST_WIFI_PASSWORD, MOST_WIFI_PASSWORD = 32, 8, 63
_WIFI_KEY = re.compile(r"[0-9A-Fa-f]{64}", re.ASCII)  # the key itself, instead of a password for it
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\n.+?\n-----END CERTIFICATE-----\n", re.DOTALL)


class FirmwareConfigError(ValueError):
    """The node would refuse these settings, or would have no connection with them."""


@dataclass(frozen=True, slots=True)
class NodeBuild:
    """The settings of a node that the registry does not have: its wiring and its network."""

    co2_sensor: str
    thermocouple: str = "max31855"
    velocity_sensor: str = "sdp8xx"
    barometer: str = "bme280"
    wifi_ssid: str = ""
    wifi_password: str = ""


def co2_sensor_of(sensor: str, requested: str | None) -> str:
    """`requested`, or the type that the registry's name of the sensor shows."""
    if requested:
        return requested
    for beginning, protocol in PROTOCOLS.items():
        if sensor.casefold().startswith(beginning):
            return protocol
    raise FirmwareConfigError(
        f"sensor={sensor!r} does not tell how it talks: add --co2-sensor, one of {', '.join(CO2_SENSORS)}."
    )


def pinned_ca(path: str, host: str) -> str:
    """The certificates in the file as text; empty if the broker runs on this machine and has none."""
    if not path:
        if host in LOOPBACK_HOSTS:
            return ""
        raise FirmwareConfigError(
            "MQTT_CA_FILE is empty, and a node trusts one certificate and no other: give its PEM file with --ca "
            "(HiveMQ Cloud: ISRG Root X1)."
        )
    try:
        text = Path(path).read_text(encoding="ascii").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise FirmwareConfigError(f"The certificate {path} cannot be read: {error}.") from error
    certificates = "".join(_CERTIFICATE.findall(text if text.endswith("\n") else f"{text}\n"))
    if not certificates or len(certificates) > MOST_CA_CHARACTERS:
        raise FirmwareConfigError(
            f"{path} holds {len(certificates)} characters of PEM certificates; the node takes from one "
            f"certificate up to {MOST_CA_CHARACTERS} characters. Give the root alone with --ca."
        )
    return certificates


def check_wifi(ssid: str, password: str) -> None:
    if not 1 <= len(ssid.encode()) <= MOST_WIFI_NAME_BYTES:
        raise FirmwareConfigError(
            f"wifi_ssid has {len(ssid.encode())} bytes; a network's name has 1 to {MOST_WIFI_NAME_BYTES}."
        )
    size = len(password.encode())
    if password and not LEAST_WIFI_PASSWORD <= size <= MOST_WIFI_PASSWORD and not _WIFI_KEY.fullmatch(password):
        raise FirmwareConfigError(
            f"The Wi-Fi password has {size} bytes; WPA takes {LEAST_WIFI_PASSWORD} to {MOST_WIFI_PASSWORD}, "
            "or a key of 64 hex digits; an open network none."
        )


def check_measuring(sensor: str, interval_s: float) -> None:
    if len(sensor.encode()) > MOST_SENSOR_BYTES:
        raise FirmwareConfigError(
            f"sensor={sensor!r} has {len(sensor.encode())} bytes; the node takes at most {MOST_SENSOR_BYTES}: "
            "shorten --sensor."
        )
    if interval_s < LEAST_INTERVAL_S:
        raise FirmwareConfigError(
            f"interval_s={interval_s:g} s; the node measures every {LEAST_INTERVAL_S:g} s at most: give the device "
            "a longer interval."
        )


def firmware_config(
    provisioned: ProvisionedDevice, assignment: Assignment, build: NodeBuild, ca: str
) -> dict[str, Any]:
    """All settings of the node. `assignment`: its place and its sensor by the registry."""
    chimney = assignment.chimney
    check_measuring(assignment.sensor, assignment.device.interval_s)
    config: dict[str, Any] = {
        "device_id": provisioned.device_id,
        "password": provisioned.password,
        "host": provisioned.host,
        "port": provisioned.port,
        "interval_s": assignment.device.interval_s,
        "co2_sensor": build.co2_sensor,
        "sensor": assignment.sensor or build.co2_sensor,
        "range_ppm": assignment.range_ppm,
        "co2_basis": assignment.co2_basis,
        "pressure_compensation": assignment.pressure_compensation,
        "thermocouple": build.thermocouple,
        "velocity_sensor": build.velocity_sensor,
        "barometer": build.barometer,
        "moisture_fraction": chimney.moisture_fraction,
        "altitude_m": assignment.factory.altitude_m,
    }
    if chimney.shape:  # the node does without: the server computes every total
        config["velocity_profile_factor"] = chimney.velocity_profile_factor
    if chimney.shape == Shape.CIRCLE:
        config["diameter_m"] = chimney.diameter_m
    elif chimney.shape == Shape.RECTANGLE:
        config |= {"width_m": chimney.width_m, "height_m": chimney.height_m}
    if build.wifi_ssid:
        config |= {"wifi_ssid": build.wifi_ssid, "wifi_password": build.wifi_password}
    return config | ({"ca": ca} if ca else {})


def as_text(config: dict[str, Any]) -> str:
    """One line, so that a serial console takes it as one."""
    return json.dumps(config, ensure_ascii=False, separators=(",", ":"))


def code_text(config: dict[str, Any]) -> tuple[str, bool]:
    """The text of a QR code of these settings, and whether it has all of them: a long certificate does not fit."""
    text = as_text(config)
    if len(text.encode()) <= MOST_BYTES:
        return text, True
    return as_text({name: value for name, value in config.items() if name != "ca"}), False
