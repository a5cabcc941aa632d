"""`python -m tests.bench.yardsticks receive|orm|shared-311|shared-5`: what ingest is compared with.

`receive` only receives and acknowledges, by the same client library as ingest in its usual way: what a subscriber in
Python costs that does nothing. The shared ones receive as a worker with a name does, by MQTT 3.1.1 and 5. `orm` is the
usual first ingest: one `objects.create` a message, acknowledged after it. Each is a process of its own and prints how
many messages it has dealt with, once a second, until SIGTERM.
"""

# ruff: noqa: T201  # a program that prints
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import django
import paho.mqtt.client as mqtt
from django.conf import settings
from paho.mqtt.enums import CallbackAPIVersion

CLIENT_ID = "carbontrack-ingest-yardstick"


class Yardstick:
    """A plain paho client on all readings, or as one of a group of which it is the only one."""

    def __init__(self, protocol: Any = mqtt.MQTTv311, *, is_shared: bool = False) -> None:
        from lib.broker_address import BrokerAddress, set_up_client

        self.count = 0
        self._topic = ("$share/yardstick/" if is_shared else "") + "carbontrack/v1/+/readings"
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=CLIENT_ID, protocol=protocol, manual_ack=False
        )
        set_up_client(self._client, BrokerAddress.from_url(settings.MQTT_BROKER_URL, settings.MQTT_CA_FILE))
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message

    def run(self) -> None:
        threading.Thread(target=self._report, daemon=True).start()
        url = settings.MQTT_BROKER_URL
        port = int(url.rpartition(":")[2])
        self._client.connect("127.0.0.1", port)
        self._client.loop_forever()

    def _report(self) -> None:
        while True:
            time.sleep(1.0)
            print(f"count {self.count}", flush=True)

    def _on_connect(self, client: mqtt.Client, *_arguments: Any) -> None:
        client.subscribe(self._topic, qos=1)
        print("Connected to broker", flush=True)

    def _on_message(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        self.take(message.topic, bytes(message.payload))
        self.count += 1

    def take(self, topic: str, payload: bytes) -> None:
        """Nothing: paho acknowledges when this returns."""


class OrmYardstick(Yardstick):
    """A row a message, committed before it is acknowledged."""

    def __init__(self) -> None:
        super().__init__()
        from devices.models import MCUDevice
        from emissions.partitions import ensure_partitions

        now = datetime.now(UTC)
        ensure_partitions(now, now)
        self._devices: dict[str, int] = dict(MCUDevice.objects.values_list("device_id", "pk"))

    def take(self, topic: str, payload: bytes) -> None:
        from emissions.models import STREAM_OFFSET, Emission

        message = json.loads(payload)
        for reading in message["readings"]:
            Emission.objects.create(
                device_id=self._devices[topic.split("/")[2]],
                timestamp=datetime.fromtimestamp(reading["t"] / 1000, UTC),
                stream=message["stream"] - STREAM_OFFSET,
                seq=reading["seq"],
                received_at=datetime.now(UTC),
                interval_s=message["interval_s"],
                co2_ppm=reading["co2_ppm"],
                temperature_c=reading["temperature_c"],
                velocity_ms=reading["velocity_ms"],
                pressure_pa=reading.get("pressure_pa"),
                flags=reading.get("flags", 0),
            )


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "carbontrack.settings")
    django.setup()
    made: dict[str, Callable[[], Yardstick]] = {
        "receive": Yardstick,
        "orm": OrmYardstick,
        "shared-311": lambda: Yardstick(is_shared=True),
        "shared-5": lambda: Yardstick(mqtt.MQTTv5, is_shared=True),
    }
    made[sys.argv[1]]().run()


if __name__ == "__main__":
    main()
