"""Attacks over MQTT: hostile messages with exact counts, other devices' topics, old passwords, broken packets."""

from __future__ import annotations

import json
import random
import secrets
import socket
import ssl
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.attack.instance import Instance
from tests.attack.tries import Attack, Tries

HOSTILE = 2_000
RETAINED = 500
CUT_WITHIN_S = 5.0
PATIENCE_S = 30.0
BROKER_GROWTH_MB = 100
CONNECT = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04evil"
BROKEN_PACKETS = (
    *(b"\x36\x05\x00\x01a\x00\x01", b"\x10\xff\xff\xff\xff\x7f", b"\x10\x00", b"\x00\x00", b"\xf0\x00", b"\x82\x00"),
    *(
        b"\x10\x02\x00\x99",
        b"\x30\x02\x00\x09",
        b"\xc0\x00",
        b"\x62\x02\x00\x01",
        b"\x10\x0c\x00\x04MQTT\x09\x02\x00\x3c\x00\x00",
    ),
    *(CONNECT, CONNECT + b"\x36\x05\x00\x01a\x00\x01", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 4096),
)


class Device:
    """A device on the wire, over TLS, with the login that it is given."""

    def __init__(self, instance: Instance, device_id: str, password: str) -> None:
        self.device_id = device_id
        self.is_connected, self.is_cut, self.is_refused = threading.Event(), threading.Event(), threading.Event()
        self.received: list[mqtt.MQTTMessage] = []
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=device_id, protocol=mqtt.MQTTv311)
        self.client.username_pw_set(device_id, password)
        self.client.tls_set_context(ssl.create_default_context(cafile=_authority(instance)))
        self.client.max_inflight_messages_set(200)
        self.client.reconnect_delay_set(60, 60)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = lambda *_: self.is_cut.set()
        self.client.on_message = lambda _client, _data, message: self.received.append(message)
        self.client.connect("127.0.0.1", instance.mqtt_port)
        self.client.loop_start()

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        (self.is_refused if reason.is_failure else self.is_connected).set()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> mqtt.MQTTMessageInfo:
        return self.client.publish(topic, payload, qos=1, retain=retain)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def _authority(instance: Instance) -> str:
    return str(instance.folder / "broker" / "ca.pem")


def _spare(instance: Instance) -> tuple[str, str]:
    """Device id and password of the spare device."""
    path = Path(instance.folder / "spare_device.json")
    if not path.exists():
        instance.manage("publish_reading")
    kept = json.loads(path.read_text())
    return kept["device_id"], kept["password"]


def _connected(instance: Instance) -> Device:
    device = Device(instance, *_spare(instance))
    assert device.is_connected.wait(PATIENCE_S), "the spare device cannot connect"
    return device


def _readings(stream: int, seqs: range) -> bytes:
    now_ms = time.time_ns() // 1_000_000
    rows = [
        {"seq": seq, "t": now_ms - 600_000 + seq * 100, "co2_ppm": 90_000, "temperature_c": 180, "velocity_ms": 3}
        for seq in seqs
    ]
    return json.dumps({"v": 1, "stream": stream, "interval_s": 5, "readings": rows}).encode()


def _hostile(rng: random.Random) -> bytes:
    """One message that holds no reading: it counts as one rejected."""
    choices = (
        lambda: rng.randbytes(rng.randint(0, 2_000)),
        lambda: b"[" * rng.randint(1, 20_000),
        lambda: b'{"v":1,"stream":' + b"9" * rng.randint(12, 500) + b',"readings":[]}',
        lambda: b'{"v":2}',
        lambda: json.dumps({"v": 1, "stream": "'; DROP TABLE emissions_emission; --", "readings": [{}]}).encode(),
        lambda: b"\xef\xbb\xbf{}",
        lambda: b'{"v":1,"readings":{"seq":1}}',
    )
    return rng.choice(choices)()


def hostile_messages(instance: Instance, tries: Tries) -> None:
    """Every message ends in exactly one count, and good readings between them are stored."""
    rng, stream = random.Random(secrets.randbits(32)), secrets.randbits(32)
    before = instance.counters()
    device = _connected(instance)
    topic = f"carbontrack/v1/{device.device_id}/readings"
    good = 0
    for number in range(HOSTILE):
        device.publish(topic, _hostile(rng))
        if number % 20 == 0:
            sent = device.publish(topic, _readings(stream, range(good + 1, good + 6)))
            good += 5
    sent.wait_for_publish(PATIENCE_S)
    wanted = {"received": HOSTILE + good, "stored": good, "rejected": HOSTILE}
    deadline_s = time.monotonic() + PATIENCE_S
    rise: dict[str, float] = {}
    while time.monotonic() < deadline_s:
        now = instance.counters()
        # The two devices of the demo go on: what they add is stored.
        rise = {name: now[name] - before[name] for name in now}
        if rise["rejected"] >= HOSTILE and rise["stored"] >= good:
            break
        time.sleep(0.5)
    device.close()
    tries.count += HOSTILE - 1
    tries.held(rise["rejected"] == HOSTILE, f"{HOSTILE} hostile messages, {rise['rejected']:.0f} counted as rejected")
    tries.held(rise["stored"] >= wanted["stored"], f"{good} good readings between them, {rise['stored']:.0f} stored")
    whole = rise["stored"] + rise["duplicate"] + rise["rejected"]
    tries.held(rise["received"] == whole, f"received {rise['received']:.0f}, accounted for {whole:.0f}")


def others_topics(instance: Instance, tries: Tries) -> None:
    device = _connected(instance)
    victim = instance.hq.get("/api/mcu-devices/", params={"page_size": 1}).json()["results"][0]["device_id"]
    rejected = instance.counters()["rejected"]
    for topic in (
        f"carbontrack/v1/{victim}/#",
        "#",
        "$SYS/#",
        "$CONTROL/#",
        "+/+/+/readings",
        "$share/x/carbontrack/#",
    ):
        device.client.subscribe(topic, qos=1)
    for topic in (
        f"carbontrack/v1/{victim}/readings",
        f"carbontrack/v1/{victim}/commands",
        "$CONTROL/dynamic-security/v1",
    ):
        device.publish(topic, b"not json", retain=True)
    # Until the demo's other devices have spoken, or there would be nothing to hear.
    stored, deadline_s = instance.counters()["stored"], time.monotonic() + PATIENCE_S
    while instance.counters()["stored"] < stored + 2 and time.monotonic() < deadline_s:
        time.sleep(0.5)
    assert instance.counters()["stored"] >= stored + 2, "no other device published"
    heard = {message.topic for message in device.received} - {f"carbontrack/v1/{device.device_id}/committed"}
    foreign = {topic for topic in heard if f"/{device.device_id}/" not in topic}
    device.close()
    tries.count += 8
    tries.held(not foreign, f"a device heard {sorted(foreign)}")
    tries.held(instance.counters()["rejected"] == rejected, "a device's message in another's name reached ingest")


def an_old_password(instance: Instance, tries: Tries) -> None:
    device_id, old = _spare(instance)
    device = _connected(instance)
    begun_s = time.monotonic()
    answer = instance.hq.post(f"/api/mcu-devices/{device_id}/rotate-secret/")
    assert answer.status_code == 200, answer.text
    tries.held(
        device.is_cut.wait(CUT_WITHIN_S), f"a connection with the old password was open {CUT_WITHIN_S:.0f} s later"
    )
    device.close()
    again = Device(instance, device_id, old)
    tries.held(again.is_refused.wait(PATIENCE_S), "the old password still opens a connection")
    again.close()
    new = Device(instance, device_id, answer.json()["password"])
    tries.held(new.is_connected.wait(PATIENCE_S), "the new password opens no connection")
    new.close()
    assert time.monotonic() - begun_s < 4 * PATIENCE_S


def broken_packets(instance: Instance, tries: Tries) -> None:
    before = instance.log("run_broker").count("Traceback")
    context = ssl.create_default_context(cafile=_authority(instance))
    rng = random.Random(7)
    packets = [*BROKEN_PACKETS, *(rng.randbytes(rng.randint(1, 300)) for _ in range(100))]
    for packet in packets:
        with (
            suppress(OSError),
            socket.create_connection(("127.0.0.1", instance.mqtt_port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as one,
        ):
            one.sendall(packet)
            one.settimeout(0.3)
            one.recv(64)
    tries.count += len(packets)
    tracebacks = instance.log("run_broker").count("Traceback") - before
    tries.held(tracebacks == 0, f"{tracebacks} tracebacks in the broker's log")
    device = _connected(instance)
    device.close()
    _after_login(instance, tries)


def _after_login(instance: Instance, tries: Tries) -> None:
    """QoS 3 from a device that is signed in."""
    before = instance.log("run_broker").count("Traceback")
    device = _connected(instance)
    topic = f"carbontrack/v1/{device.device_id}/readings".encode()
    body = len(topic).to_bytes(2, "big") + topic + b"\x00\x01{}"
    connection = device.client.socket()
    assert connection is not None
    connection.send(b"\x36" + bytes([len(body)]) + body)
    tries.held(device.is_cut.wait(PATIENCE_S), "a packet of QoS 3 did not end its connection")
    device.close()
    tries.held(instance.log("run_broker").count("Traceback") == before, "a packet of QoS 3 left a traceback")


def retained_messages(instance: Instance, tries: Tries) -> None:
    broker = instance.part("run_broker")
    before = broker.memory_info().rss
    device = _connected(instance)
    sent = None
    for number in range(RETAINED):
        sent = device.publish(
            f"carbontrack/v1/{device.device_id}/x/{number}", secrets.token_bytes(500_000), retain=True
        )
        with suppress(RuntimeError, ValueError):
            sent.wait_for_publish(2)
    device.close()
    grown_mb = (broker.memory_info().rss - before) / 1e6
    tries.count += RETAINED - 1
    tries.held(
        grown_mb < BROKER_GROWTH_MB, f"{RETAINED} retained messages of 0.5 MB made the broker {grown_mb:.0f} MB larger"
    )


ATTACKS = (
    Attack(f"Send {HOSTILE} hostile messages with good readings between them", hostile_messages),
    Attack("Hear and speak for other devices", others_topics),
    Attack("Send broken packets to the broker", broken_packets),
    Attack(f"Leave {RETAINED} large retained messages", retained_messages),
    Attack("Go on with a device's old password", an_old_password),
)
