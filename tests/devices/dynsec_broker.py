"""Devices that sign in at a Mosquitto with the plugin."""

import json
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt

from devices.models import MCUDevice
from devices.services import ProvisionedDevice
from tests.mosquitto import Watcher, publish
from tests.waiting import TIMEOUT_S, wait_until

Provision = Callable[[str], ProvisionedDevice]


class Connected:
    """A device that stays connected with its password, has said that it is online, and notices when it is cut."""

    def __init__(self, device: ProvisionedDevice) -> None:
        self.cut_at_s: float | None = None
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=device.device_id)
        self._client.username_pw_set(device.username, device.password)
        self._client.tls_set(ca_certs=device.ca_file)
        self._client.reconnect_delay_set(60)
        self._client.on_disconnect = self._on_disconnect
        self._client.connect("127.0.0.1", device.port)
        self._client.loop_start()
        status = self._client.publish(device.topics["status"], b'{"v":1,"online":true}', qos=1, retain=True)
        status.wait_for_publish(TIMEOUT_S)
        assert status.is_published()

    def _on_disconnect(self, *_arguments: Any) -> None:
        self.cut_at_s = time.monotonic()

    def seconds_to_cut(self, since_s: float) -> float:
        wait_until(lambda: self.cut_at_s is not None, every_s=0.005)
        self._client.loop_stop()
        return self.cut_at_s - since_s


def device_of(provisioned: ProvisionedDevice) -> MCUDevice:
    return MCUDevice.objects.get(device_id=provisioned.device_id)


def lets_in(device: ProvisionedDevice) -> bool:
    return publish(device, b"{}").returncode == 0


def retained_status(device: ProvisionedDevice) -> dict[str, Any]:
    watcher = Watcher(device, device.topics["status"])
    try:
        return dict(json.loads(watcher.next_message()))
    finally:
        watcher.close()
