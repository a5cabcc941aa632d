"""A device for trials, on its own chimney; `publish_reading` uses it.

Its login is kept in DATA_DIR/spare_device.json, mode 0600, because a password is shown only once. It
publishes as any device does: over TLS, with its own login, and waits for `committed`.
"""

import json
import queue
import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from django.conf import settings
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from devices.access import DeviceRevokedError, rotate_secret
from devices.credentials import check_broker_login
from devices.dynsec import BrokerUnreachableError
from devices.models import MCUDevice
from devices.registration import Geometry, provision_device
from devices.services import ProvisionedDevice, describe
from factories.models import Factory
from lib.broker_address import BrokerAddress, set_up_client
from lib.private_files import read_object, write_privately
from mqtt_ingest.messages import LARGEST_STREAM

DEVICE_ID = "spare-device"
CHIMNEY_NAME = "Spare device"
FILE_NAME = "spare_device.json"


class PublishError(RuntimeError):
    """A reading could not be published or was not answered; the message says why and what to do."""


def spare_device(factory_name: str | None = None, geometry: Geometry | None = None) -> ProvisionedDevice:
    """The spare device with a password that works; registered first if there is none.

    Without a geometry its readings are stored and have no mass.
    """
    path = settings.DATA_DIR / FILE_NAME
    try:
        return _known_or_new(path, factory_name, geometry)
    except BrokerUnreachableError as error:
        raise PublishError(f"{error.sentence} ({error})") from error
    except DeviceRevokedError as error:
        raise PublishError(f"{error}: write another device_id into {path}") from error


def _known_or_new(path: Path, factory_name: str | None, geometry: Geometry | None) -> ProvisionedDevice:
    kept = read_object(path)
    device_id, password = kept.get("device_id", DEVICE_ID), kept.get("password", "")
    device = MCUDevice.objects.filter(device_id=device_id).first()
    if device is None:
        provisioned = provision_device(
            factory_name=factory_name or _any_factory_name(),
            device_id=device_id,
            geometry=geometry or Geometry(CHIMNEY_NAME),
        )
    elif check_broker_login(device_id, device_id, password):
        return describe(device, password)
    else:
        provisioned = describe(device, rotate_secret(device))
    write_privately(path, json.dumps({"device_id": device_id, "password": provisioned.password}))
    return provisioned


def _any_factory_name() -> str:
    name = Factory.objects.order_by("pk").values_list("name", flat=True).first()
    if name is None:
        raise PublishError("There is no factory yet: add one first, or start the demo with `make run`.")
    return name


def plausible_message(t_ms: int) -> dict[str, Any]:
    """One reading of a wood boiler in the afternoon, as the first reading of a new boot."""
    reading = {
        "seq": 1,
        "t": t_ms,
        "co2_ppm": 96_000.0,
        "temperature_c": 210.0,
        "velocity_ms": 4.1,
        "pressure_pa": 79_495.5,
        "flags": 0,
    }
    return {"v": 1, "stream": secrets.randbelow(LARGEST_STREAM + 1), "interval_s": 5, "readings": [reading]}


def publish_and_wait(device: ProvisionedDevice, message: dict[str, Any], timeout_s: float = 15.0) -> dict[str, Any]:
    """Publish as the device, over TLS, and return what the server answered in `committed`.

    Raises PublishError when the broker refuses the login or cannot be reached, or nobody answers in time.
    """
    answers: queue.SimpleQueue[dict[str, Any] | str] = queue.SimpleQueue()
    client = _client(device, message, answers)
    try:
        client.connect(device.host, device.port)
    except OSError as error:
        raise PublishError(
            f"Cannot reach the broker at {device.host}:{device.port} ({error}): is `make run` running?"
        ) from error
    client.loop_start()
    try:
        deadline_s = time.monotonic() + timeout_s
        while True:
            answer = answers.get(timeout=max(0.01, deadline_s - time.monotonic()))
            if isinstance(answer, str):
                raise PublishError(answer)
            if answer.get("stream") == message["stream"]:
                return answer
    except queue.Empty:
        raise PublishError(
            f"No answer on {device.topics['committed']} within {timeout_s:.0f} s: is ingest_mqtt running?"
        ) from None
    finally:
        client.disconnect()
        client.loop_stop()


def _client(
    device: ProvisionedDevice, message: dict[str, Any], answers: "queue.SimpleQueue[dict[str, Any] | str]"
) -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=device.device_id, protocol=mqtt.MQTTv311)
    address = BrokerAddress.from_url(settings.MQTT_BROKER_URL, device.ca_file)
    set_up_client(client, replace(address, username=device.username, password=device.password))

    def on_connect(mqtt_client: mqtt.Client, data: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        if reason.is_failure:
            answers.put(f"The broker refuses the login of {device.device_id}: {reason}. Has sync_broker run?")
        else:
            mqtt_client.subscribe(device.topics["committed"], qos=1)

    def on_subscribe(mqtt_client: mqtt.Client, data: Any, mid: int, reasons: Any, properties: Any) -> None:
        mqtt_client.publish(device.topics["readings"], json.dumps(message), qos=1)

    def on_message(mqtt_client: mqtt.Client, data: Any, received: mqtt.MQTTMessage) -> None:
        answers.put(json.loads(received.payload))

    client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
    return client
