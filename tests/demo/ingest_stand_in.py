"""A stand-in for ingest: hears every device over TLS, remembers received messages, and answers on command."""

import json
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import paho.mqtt.client as mqtt

from devices.credentials import INGEST_USER, TOPIC_ROOT
from tests.waiting import TIMEOUT_S


class IngestStandIn:
    """`wait_for(condition)` until what was heard satisfies it; `answers`: whether it sends `committed`."""

    def __init__(self, *, port: int, ca_file: str, password: str) -> None:
        self.answers = True
        self.readings: dict[str, dict[tuple[int, int], dict[str, Any]]] = defaultdict(dict)
        self.statuses: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.alerts: list[dict[str, Any]] = []
        self.acks: list[dict[str, Any]] = []
        self.batch_sizes: list[int] = []
        self.subscription_count = 0
        self._changed = threading.Condition()
        self._port = port
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=INGEST_USER, clean_session=False)
        self._client.username_pw_set(INGEST_USER, password)
        self._client.tls_set(ca_file)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *rest: client.subscribe(f"{TOPIC_ROOT}/#", qos=1)
        self._client.on_subscribe = self._subscribed
        self._client.on_message = self._heard

    def __enter__(self) -> "IngestStandIn":
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        self.wait_for(lambda: self.subscription_count > 0)
        return self

    def __exit__(self, *error: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def wait_for(self, condition: Callable[[], bool], timeout_s: float = TIMEOUT_S) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, timeout_s), "what was waited for did not come"

    def command(self, device_id: str, command: dict[str, Any]) -> None:
        self._client.publish(f"{TOPIC_ROOT}/{device_id}/commands", json.dumps(command), qos=1)

    def seqs(self, device_id: str) -> list[int]:
        """The seqs that arrived, sorted, each once; of the stream heard last."""
        streams = [stream for stream, _seq in self.readings[device_id]]
        return sorted(seq for stream, seq in self.readings[device_id] if stream == streams[-1]) if streams else []

    def _subscribed(self, *arguments: object) -> None:
        with self._changed:
            self.subscription_count += 1
            self._changed.notify_all()

    def _heard(self, client: mqtt.Client, data: object, message: mqtt.MQTTMessage) -> None:
        with suppress(json.JSONDecodeError), self._changed:
            _root, _version, device_id, kind = message.topic.split("/")
            content = json.loads(message.payload)
            if kind == "readings":
                self._take_readings(device_id, content)
            elif kind == "status":
                self.statuses[device_id].append(content)
            elif kind == "alerts":
                self.alerts.append(content)
            elif kind == "acks":
                self.acks.append(content)
            self._changed.notify_all()

    def _take_readings(self, device_id: str, content: dict[str, Any]) -> None:
        self.batch_sizes.append(len(content["readings"]))
        for reading in content["readings"]:
            self.readings[device_id][content["stream"], reading["seq"]] = reading
        if self.answers:
            ranges = [[reading["seq"], reading["seq"]] for reading in content["readings"]]
            answer = {"v": 1, "stream": content["stream"], "ranges": ranges, "refused": []}
            self._client.publish(f"{TOPIC_ROOT}/{device_id}/committed", json.dumps(answer), qos=1)
