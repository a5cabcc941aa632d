"""Records the traces of `silence_traces.jsonl`: `python -m tests.devices.silence_recorder`, about ten minutes.

Real: the firmware's host build with its outbox, clock rules, reconnects, sensors made of bytes; Mosquitto with
passwords and an access list; our parser's refusals; last wills, restarts, lost connections, refused logins.
Simulated: time runs 90 times as fast; supply and signal are drawn by the rules of `_supply` and `_signal` and spoken by
the host build as a board speaks its own; a radio link is a relay that we cut; a power cut is SIGKILL, so its last will
comes at once and not after 45 s. Of a dead broker the other sites are the other nodes of that broker; else their number
is drawn, and one of ten traces has one that fell silent by chance.
Every second seed is held out: the limits of `devices.silence` were chosen on the others.
"""

# ruff: noqa: E402  # the environment first, then Django
import json
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

import tests.environment  # noqa: F401  # before Django's settings are read

os.environ["DJANGO_SETTINGS_MODULE"] = "carbontrack.settings"
django.setup()

from demo.firmware_build import build
from devices.credentials import mosquitto_hash
from mqtt_ingest.announce import merge
from mqtt_ingest.parse import parse
from tests.devices.relay import Relay
from tests.firmware.node_process import FastTime
from tests.processes import free_port

Act = tuple[float, Callable[[], None]]

ROOT = Path(__file__).parents[2]
FILE = Path(__file__).parent / "silence_traces.jsonl"
PER_CAUSE = 50
AT_ONCE = 26
SPEED = 90.0
MINUTES = 45
SETTINGS: dict[str, Any] = {
    "password": "of-the-traces",
    "host": "127.0.0.1",
    "interval_s": 60,
    "co2_sensor": "gss",
    "range_ppm": 200000,
    "warm_up_s": 5,
    "diameter_m": 0.9,
    "altitude_m": 1980,
}
# Cause -> variants with their weights. Where nothing in a trace can show the cause, "unknown" is the right answer.
VARIANTS: dict[str, dict[str, int]] = {
    "power": {"slow_fall": 18, "brownouts": 13, "mains_flickers": 9, "sudden": 10},
    "radio": {"fades": 20, "weak": 10, "flaps": 10, "sudden": 10},
    "broker": {"password_changed": 20, "broker_down": 18, "not_allowed": 12},
    "clock": {"unset": 10, "unset_again": 12, "ahead": 18, "behind": 10},
    "sensor": {"co2": 18, "thermocouple": 12, "pitot": 10, "saturation": 10},
    "unknown": {"sudden": 25, "hangs": 13, "stopped": 12},
}


@dataclass(slots=True)
class Heard:
    """What the observer hears of one node, in the true time of the node."""

    statuses: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    wills: list[int] = field(default_factory=list)
    readings: list[tuple[int, int, int, bool]] = field(default_factory=list)  # received, t, flags, has CO2
    streams: set[int] = field(default_factory=set)
    refusals: dict[str, int] = field(default_factory=dict)


class Broker:
    """Mosquitto without TLS, with a password and rights for each node; our observer answers as ingest does."""

    def __init__(self, folder: Path, names: list[str], fast: FastTime) -> None:
        self._folder, self._fast = folder, fast
        self._passwords = {name: mosquitto_hash(SETTINGS["password"]) for name in [*names, "observer"]}
        self._may_not_read: set[str] = set()
        self._lock = threading.Lock()
        self.heard = {name: Heard() for name in names}
        self.port = free_port()
        self._write()
        lines = f"listener {self.port} 127.0.0.1\npassword_file {folder}/passwords\nacl_file {folder}/acl\nuser root\n"
        (folder / "broker.conf").write_text(lines)
        self._process = subprocess.Popen(["mosquitto", "-c", str(folder / "broker.conf")], stderr=subprocess.DEVNULL)
        time.sleep(1)
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="observer")
        self._client.username_pw_set("observer", SETTINGS["password"])
        self._client.on_message = self._on_message
        self._client.on_connect = _subscribe
        self._client.connect("127.0.0.1", self.port)
        self._client.loop_start()

    def _write(self) -> None:
        passwords = "".join(f"{name}:{stored}\n" for name, stored in self._passwords.items())
        rules = "user observer\ntopic readwrite carbontrack/v1/#\n"
        for name in self.heard if hasattr(self, "heard") else ():
            kinds = ["status", "alerts", "acks"] + ([] if name in self._may_not_read else ["readings"])
            rules += f"user {name}\n" + "".join(f"topic write carbontrack/v1/{name}/{kind}\n" for kind in kinds)
            rules += f"topic read carbontrack/v1/{name}/#\n"
        (self._folder / "passwords").write_text(passwords)
        (self._folder / "passwords").chmod(0o600)
        (self._folder / "acl").write_text(rules)
        (self._folder / "acl").chmod(0o600)

    def change_password(self, name: str) -> None:
        with self._lock:
            self._passwords[name] = mosquitto_hash("another")
            self._reload()

    def forbid_readings(self, name: str) -> None:
        with self._lock:
            self._may_not_read.add(name)
            self._reload()

    def _reload(self) -> None:
        self._write()
        self._process.send_signal(signal.SIGHUP)

    def allow_all(self) -> None:
        with self._lock:
            self._reload()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        self._client.loop_stop()
        if self._process.poll() is None:
            self.kill()

    def _on_message(self, client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        name, kind = message.topic.split("/")[2:4]
        now_ms = self._fast.now_ms()
        heard = self.heard[name]
        if kind == "status":
            said = json.loads(message.payload)
            if said["online"] and not message.retain:
                heard.statuses.append((now_ms, said))
            elif not said["online"]:
                heard.wills.append(now_ms)
        if kind == "readings":
            parsed = parse(message.topic, message.payload, now_ms)
            for one in parsed.readings:
                heard.readings.append((now_ms, one.t, one.flags, one.co2_ppm is not None))
                heard.streams.add(parsed.stream)
            for each in parsed.rejections:
                heard.refusals[each.reason.value] = now_ms
            ranges = merge([(one.seq_from or one.seq, one.seq) for one in parsed.readings])
            refused = [[each.seq, each.seq, each.reason.value] for each in parsed.rejections]
            answer = {"v": 1, "stream": parsed.stream, "ranges": ranges, "refused": refused}
            client.publish(f"carbontrack/v1/{name}/committed", json.dumps(answer), qos=1)


def _subscribe(client: mqtt.Client, *_rest: object) -> None:
    client.subscribe("carbontrack/v1/#", qos=1)


class Recording:
    """One node, from its start to its silence."""

    def __init__(self, cause: str, variant: str, seed: int, program: Path, fast: FastTime) -> None:
        self.cause, self.variant, self.seed = cause, variant, seed
        self.name = f"{cause}-{seed}"
        self._rng = random.Random(f"{cause} {seed}")
        self._program, self._fast = program, fast
        self._folder = Path(tempfile.mkdtemp(prefix="silence-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.login_changed_ms: int | None = None
        self.fault_minute = self._rng.uniform(24, 36)

    def run(self, broker: Broker, begin: threading.Barrier) -> None:
        self._broker, self._relay = broker, Relay(broker.port)
        text = json.dumps(SETTINGS | {"device_id": self.name, "port": self._relay.port})
        (self._folder / "settings.json").write_text(text)
        begin.wait()
        self.began_ms = self._fast.now_ms()
        events = self._events()
        self._launch(events)
        for minute, act in sorted(self._acts(), key=lambda pair: pair[0]):
            time.sleep(max(0.0, self._left_s(minute)))
            act()
        time.sleep(max(0.0, self._left_s(MINUTES)))
        self.ended_ms = self._fast.now_ms()

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._relay.close()

    def _left_s(self, minute: float) -> float:
        return (self.began_ms + minute * 60_000 - self._fast.now_ms()) / 1000 / SPEED

    # --- What the board says of itself ---
    def _supply(self) -> list[float]:
        """A 5 V converter, or a lithium cell with the day's slow course; a fall is that of an emptying battery."""
        is_cell = self._rng.random() < 0.4
        level = self._rng.gauss(3.95, 0.08) if is_cell else self._rng.gauss(5.02, 0.05)
        course = self._rng.uniform(-0.08, 0.05) if is_cell else 0.0
        noise = 0.015 if is_cell else 0.025
        volts = [level + course * i / MINUTES + self._rng.gauss(0, noise) for i in range(MINUTES)]
        if self.variant == "slow_fall":
            takes, depth = self._rng.uniform(15, 34), self._rng.uniform(0.45, 0.9)
            for i in range(MINUTES):
                share = min(1.0, max(0.0, (i - self.fault_minute + takes) / takes))
                volts[i] -= depth * share**1.5
        if self.variant == "brownouts":
            volts = [v - abs(self._rng.gauss(0, 0.08)) for v in volts]
        return volts

    def _signal(self) -> list[float]:
        level = self._rng.uniform(-77, -52)
        if self.variant == "weak":
            level = self._rng.uniform(-88, -82)
        dbm = [level + self._rng.gauss(0, 2) for _ in range(MINUTES)]
        if self.variant == "fades":
            takes, depth = self._rng.uniform(6, 25), max(14.0, 86 + level) + self._rng.uniform(0, 6)
            for i in range(MINUTES):
                dbm[i] -= depth * min(1.0, max(0.0, (i - self.fault_minute + takes) / takes))
        return dbm

    def _events(self) -> list[str]:
        lines: list[tuple[float, str]] = []
        for i, (volts, dbm) in enumerate(zip(self._supply(), self._signal(), strict=True)):
            lines.append((i, f"supply {volts:.2f}"))
            lines.append((i, f"signal {round(dbm)}"))
        at = self.fault_minute
        if self.variant in ("co2", "thermocouple", "pitot"):
            lines.append((at, f"unplug {self.variant}"))
        if self.variant == "saturation":
            lines.append((at, "saturation"))
        if self.variant in ("unset", "unset_again"):
            lines += [(at, "clock unset"), (at, "reboot")]
        if self.variant == "unset_again" or self._rng.random() < 0.04:
            lines += [(0, "clock unset"), (3, "reboot"), (3.1, "clock set")]
        if self.variant == "brownouts":
            lines += [(at - self._rng.uniform(1, 20), "power_cut") for _ in range(self._rng.randint(1, 3))]
        # Something harmless in one trace of seven.
        if self._rng.random() < 0.14:
            lines.append((self._rng.uniform(3, 12), "reboot"))
        return [f"{minute * 60 / SPEED:.3f} {what}" for minute, what in sorted(lines, key=lambda line: line[0])]

    # --- What happens to it ---
    def _acts(self) -> list[Act]:
        at, rng = self.fault_minute, self._rng
        acts: list[Act] = [(rng.uniform(3, 14), self._relay.drop)] if rng.random() < 0.14 else []
        cut: Act = (at, self._relay.cut)
        kill: Act = (at, self._kill)
        if self.variant in ("slow_fall", "brownouts") or (self.variant == "sudden" and self.cause != "radio"):
            acts.append(kill if self.cause != "unknown" or rng.random() < 0.5 else cut)
        if self.variant == "mains_flickers":
            for back in sorted((rng.uniform(2, 18) for _ in range(rng.randint(2, 3))), reverse=True):
                acts.append((at - back, self._flicker))
            acts.append(kill)
        if self.variant in ("fades", "weak") or (self.variant == "sudden" and self.cause == "radio"):
            acts.append(cut)
        if self.variant == "flaps":
            acts += [(at - 3.5 * (1 + i), self._relay.drop) for i in range(rng.randint(3, 6))] + [cut]
        if self.variant == "password_changed":
            acts.append((at, self._lose_login))
        if self.variant == "broker_down":
            acts.append((at, lambda: self._broker.kill()))
        if self.variant == "not_allowed":
            acts.append((at - 8, lambda: self._broker.forbid_readings(self.name)))
        if self.variant in ("ahead", "behind"):
            acts.append((at - 8, self._restart_with_wrong_clock))
        if self.variant == "hangs":
            acts.append((at, lambda: self._running.send_signal(signal.SIGSTOP)))
        if self.variant == "stopped":
            acts.append((at, lambda: self._running.terminate()))
        return acts

    def _launch(self, events: list[str], start: str = "poweron", equal_at_s: int | None = None) -> None:
        (self._folder / "scenario.txt").write_text("\n".join(events) + "\n")
        self._launched_ms = self._fast.now_ms()
        fast = FastTime(SPEED, equal_at_s or self._fast.equal_at_s)
        arguments = ["--settings", str(self._folder / "settings.json"), "--data", str(self._folder / "flash")]
        arguments += ["--scenario", str(self._folder / "scenario.txt"), "--start", start, *fast.options()]
        output = (self._folder / "log").open("a")
        self._process = subprocess.Popen([str(self._program), *arguments], stdout=output, stderr=output)

    @property
    def _running(self) -> "subprocess.Popen[bytes]":
        assert self._process
        return self._process

    def _kill(self) -> None:
        self._running.kill()
        self._running.wait()

    def _rest(self) -> list[str]:
        """What is still to happen, for a new process, whose seconds begin again."""
        gone_s = (self._fast.now_ms() - self._launched_ms) / 1000 / SPEED
        lines = (self._folder / "scenario.txt").read_text().splitlines()
        timed = [(float(line.split()[0]), line.split(maxsplit=1)[1]) for line in lines]
        states = [what for at_s, what in timed if at_s <= gone_s and what.split()[0] in ("supply", "signal")][-2:]
        later = [f"{at_s - gone_s:.3f} {what}" for at_s, what in timed if at_s > gone_s]
        return [*(f"0 {what}" for what in states), *later]

    def _flicker(self) -> None:
        self._kill()
        self._launch(self._rest())

    def _restart_with_wrong_clock(self) -> None:
        """The time of day is moved by whole steps of SPEED - 1 seconds: see FastTime."""
        self._kill()
        wrong_s = self._rng.uniform(300, 7200) if self.variant == "ahead" else -400 * 86400
        moved_s = -math.ceil(wrong_s / (SPEED - 1))
        self._launch(self._rest(), equal_at_s=self._fast.equal_at_s + moved_s)

    def _lose_login(self) -> None:
        self._broker.change_password(self.name)
        self.login_changed_ms = self._fast.now_ms()
        time.sleep(self._rng.uniform(0.2, 2.0))
        self._relay.drop()

    # --- The record ---
    def record(self, others: list[Heard]) -> dict[str, Any]:
        heard = self._broker.heard[self.name]
        together = [self._rng.randint(4, 66), int(self._rng.random() < 0.1)]
        if self.variant == "broker_down":
            together = [len(others), sum(_fell_silent_with(heard, other) for other in others)]
        now_ms = self.ended_ms + round(60_000 * self._rng.uniform(4, 20))
        if self.cause == "sensor" or self.variant in ("not_allowed", "ahead", "behind"):
            now_ms = max([self.ended_ms, *(at for at, _said in heard.statuses)])
        kept = heard.statuses[-20:]
        kept = heard.statuses[: max(0, len(heard.statuses) - 20) : 2] + kept
        begin_ms = kept[0][0] if kept else self.began_ms
        streams = list(dict.fromkeys(said["stream"] for _at, said in kept))
        boots: list[list[Any]] = []
        seen: set[int] = set()
        for place, (at, said) in enumerate(kept):
            if said["stream"] not in seen:
                seen.add(said["stream"])
                boots.append(
                    [
                        place,
                        round((at - begin_ms) / 1000 - said["uptime_s"]),
                        said.get("reset_reason", ""),
                        said["undatable"],
                    ]
                )
        last_t = max((t for _at, t, _flags, _has in heard.readings), default=0)
        last = [(flags, has) for _at, t, flags, has in heard.readings if t > last_t - 600_000]
        faulty = [flags for flags, has in last if flags & 23 or not has]
        return {
            "cause": self.cause,
            "variant": self.variant,
            "seed": self.seed,
            "now_s": _s(now_ms, begin_ms),
            "at_s": [_s(at, begin_ms) for at, _said in kept],
            "rssi_dbm": [said.get("rssi_dbm") for _at, said in kept],
            "supply_cv": [round(100 * said.get("supply_v", 0)) for _at, said in kept],
            "outbox": [said["outbox"] for _at, said in kept],
            "boots": boots,
            "boots_with_readings": [i for i, stream in enumerate(streams) if stream in heard.streams],
            "wills_s": [_s(at, begin_ms) for at in heard.wills if at >= begin_ms],
            "last_reading_s": _s(max((at for at, *_ in heard.readings), default=None), begin_ms),
            "faulty_pct": round(100 * len(faulty) / len(last)) if last else 0,
            "fault_flags": _union(faulty),
            "refusals": {reason: _s(at, begin_ms) for reason, at in heard.refusals.items()},
            "login_changed_s": _s(self.login_changed_ms, begin_ms),
            "others": together,
        }


def _s(at_ms: int | None, begin_ms: int) -> int | None:
    return None if at_ms is None else round((at_ms - begin_ms) / 1000)


def _union(flags: list[int]) -> int:
    union = 0
    for each in flags:
        union |= each
    return union


def _last_ms(heard: Heard) -> int:
    return max([at for at, _said in heard.statuses] + [at for at, *_ in heard.readings], default=0)


def _fell_silent_with(heard: Heard, other: Heard) -> bool:
    return abs(_last_ms(heard) - _last_ms(other)) <= 180_000


def batch(recordings: list[Recording], fast: FastTime) -> list[dict[str, Any]]:
    folder = Path(tempfile.mkdtemp(prefix="silence-broker-"))
    broker = Broker(folder, [one.name for one in recordings], fast)
    broker.allow_all()
    time.sleep(0.3)
    if recordings[0].variant == "broker_down":  # one moment for all
        for one in recordings:
            one.fault_minute = recordings[0].fault_minute
    begin = threading.Barrier(len(recordings))
    with ThreadPoolExecutor(len(recordings)) as pool:
        list(pool.map(lambda one: one.run(broker, begin), recordings))
    found = []
    for place, one in enumerate(recordings):
        others = [broker.heard[other.name] for other in recordings if other is not one]
        # Only nodes that were heard when this one was last heard; the gatherer asks the same of the registry.
        last_ms = _last_ms(broker.heard[one.name])
        found.append(one.record([other for other in others if _last_ms(other) >= last_ms - 180_000]))
        sys.stdout.write(f"{place} {one.name} {one.variant}: {len(found[-1]['at_s'])} statuses\n")
        sys.stdout.flush()
    for one in recordings:
        one.close()
    broker.close()
    return found


def plan(program: Path, fast: FastTime) -> list[list[Recording]]:
    """Batches; the nodes of a dead broker fall silent together, so they have batches of their own."""
    mixed: list[Recording] = []
    down: list[Recording] = []
    for cause, variants in VARIANTS.items():
        drawn = [variant for variant, weight in variants.items() for _ in range(weight)]
        random.Random(cause).shuffle(drawn)
        for seed, variant in enumerate(drawn[:PER_CAUSE]):
            one = Recording(cause, variant, seed, program, fast)
            (down if variant == "broker_down" else mixed).append(one)
    random.Random("batches").shuffle(mixed)
    return [mixed[i : i + AT_ONCE] for i in range(0, len(mixed), AT_ONCE)] + [down[i : i + 6] for i in (0, 6, 12)]


def main() -> int:
    program = build(ROOT / "firmware", ROOT / "var" / "firmware-release")
    fast = FastTime(SPEED, int(time.time()) + 3600)
    records = [record for recordings in plan(program, fast) for record in batch(recordings, fast)]
    records.sort(key=lambda record: (list(VARIANTS).index(record["cause"]), record["seed"]))
    FILE.write_text("".join(json.dumps(record, separators=(",", ":")) + "\n" for record in records))
    return 0


if __name__ == "__main__":
    sys.exit(main())
