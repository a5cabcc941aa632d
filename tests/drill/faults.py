"""The faults of the drill: what each does when it begins, and what has to be undone when it ends."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.drill.devices import DrillDevice
from tests.drill.parts import FLOOR_MB, Parts

HOUR_MS = 3_600_000
Devices = list[DrillDevice]


def _nothing(parts: Parts, devices: Devices) -> None:
    """`ensure_up` at the end of the round does the rest."""


@dataclass(frozen=True, slots=True)
class Fault:
    name: str
    begin: Callable[[Parts, Devices, random.Random], None]
    end: Callable[[Parts, Devices], None] = _nothing
    needs_small_disk: bool = False


def _kill_worker(parts: Parts, devices: Devices, rng: random.Random) -> None:
    """In the middle of whatever it does: devices are sending all the while."""
    rng.choice(parts.workers).kill()


def _freeze_worker(parts: Parts, devices: Devices, rng: random.Random) -> None:
    """In the middle of whatever it does; its connections stay, and nothing answers on them."""
    rng.choice(parts.workers).freeze()


def _thaw_workers(parts: Parts, devices: Devices) -> None:
    """It goes on where it was, as after a machine that was asleep."""
    for worker in parts.workers:
        worker.thaw()


def _replace_frozen(parts: Parts, devices: Devices) -> None:
    """What a supervisor does."""
    for process in (*parts.workers, parts.rollups):
        if process.is_frozen:
            process.kill()
        process.ensure_running()


def _kill_all(parts: Parts, devices: Devices, rng: random.Random) -> None:
    """The database, and a moment later, while messages come in that nobody can store, all that might keep them."""
    parts.kill_postgres()
    for _ in range(10):
        for device in devices:
            device.produce(1)
            device.send()
        time.sleep(0.05)
    for worker in parts.workers:
        worker.kill()
    _forget_and_kill(parts)


def _restart_workers(parts: Parts, devices: Devices) -> None:
    for worker in parts.workers:
        worker.ensure_running()


def _kill_broker(parts: Parts, persistence: bool) -> None:
    parts.broker.kill()
    parts.broker.set_persistence(persistence)  # as it comes back: with what it had saved, or with nothing


def _start_broker(parts: Parts, devices: Devices) -> None:
    if not parts.broker.is_running:
        parts.broker.restart()


def _heal(parts: Parts, devices: Devices) -> None:
    parts.device_side.heal()
    parts.worker_side.heal()


def _lose_answers(parts: Parts, devices: Devices, rng: random.Random) -> None:
    for device in devices:
        device.mischief.lost_answers = 1 / 7


def _repeat(parts: Parts, devices: Devices, rng: random.Random) -> None:
    for device in devices:
        device.mischief.repeats = 0.5


def _behave(parts: Parts, devices: Devices) -> None:
    for device in devices:
        device.mischief.lost_answers = device.mischief.repeats = 0.0


def _jump_clocks(parts: Parts, devices: Devices, rng: random.Random) -> None:
    """Up to an hour either way; and one reading that lies ahead of ours and has to be refused."""
    for device in devices:
        device.jump_clock(rng.randint(-HOUR_MS // 10, HOUR_MS // 10))
    rng.choice(devices).produce_in_the_future()


def _empty_disk(parts: Parts, devices: Devices) -> None:
    parts.disk.empty()


def _restart_rollups(parts: Parts, devices: Devices) -> None:
    parts.rollups.ensure_running()


_ALL = (
    Fault("worker killed", _kill_worker, _restart_workers),
    Fault("roll-up worker killed", lambda parts, _d, _r: parts.rollups.kill(), _restart_rollups),
    Fault("database killed", lambda parts, _d, _r: parts.kill_postgres()),
    Fault("database process killed", lambda parts, _d, _r: parts.kill_backend()),
    Fault("database frozen", lambda parts, _d, _r: parts.freeze_postgres(), lambda parts, _d: parts.thaw_postgres()),
    Fault("worker frozen and thawed", _freeze_worker, _thaw_workers),
    Fault("worker frozen and replaced", _freeze_worker, _replace_frozen),
    Fault("roll-up worker frozen and replaced", lambda parts, _d, _r: parts.rollups.freeze(), _replace_frozen),
    Fault("disk full, says PostgreSQL", lambda parts, _d, _r: parts.refuse_inserts()),
    Fault("disk full", lambda parts, _d, _r: parts.disk.fill(leave_bytes=0), _empty_disk, needs_small_disk=True),
    Fault(
        "disk full to its floor",
        lambda parts, _d, _r: parts.disk.fill(leave_bytes=FLOOR_MB * 500_000),
        _empty_disk,
        needs_small_disk=True,
    ),
    Fault("broker killed", lambda parts, _d, _r: _kill_broker(parts, True), _start_broker),
    Fault("broker killed, nothing saved", lambda parts, _d, _r: _forget_and_kill(parts), _start_broker),
    Fault("all killed at once", _kill_all, _start_broker),
    Fault("devices cut off", lambda parts, _d, _r: parts.device_side.cut(), _heal),
    Fault("workers cut off", lambda parts, _d, _r: parts.worker_side.cut(), _heal),
    Fault("network stalled", lambda parts, _d, _r: parts.device_side.stall(), _heal),
    Fault("answers lost", _lose_answers, _behave),
    Fault("messages repeated out of order", _repeat, _behave),
    Fault("clocks jump", _jump_clocks),
)


def _forget_and_kill(parts: Parts) -> None:
    _kill_broker(parts, False)
    (parts.folder / "mosquitto.db").unlink(missing_ok=True)


def possible_faults(*, has_small_disk: bool) -> list[Fault]:
    """Those that do something here: what does nothing must not count as a fault that was survived."""
    return [fault for fault in _ALL if has_small_disk or not fault.needs_small_disk]
