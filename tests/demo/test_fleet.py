"""The simulated fleet over real TLS connections: against Mosquitto, and against the demo's own broker."""

import errno
import io
import itertools
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from demo import cast, firmware_files, fleet, fleet_files
from demo.fleet import GOODBYE_S, LAST_FLUSH_S, Fleet
from demo.fleet_files import Progress
from demo.link import BrokerPlace, LinkState
from demo.simulated_device import FIRST_FILL_MS, INTERVAL_MS, SimulatedDevice
from devices.access import rotate_secret
from mqtt_ingest.messages import PAYLOAD_LIMIT_BYTES
from mqtt_ingest.parse import parse
from mqtt_ingest.topics import Kind
from tests import make
from tests.demo import running_broker as embedded
from tests.demo.ingest_stand_in import IngestStandIn
from tests.mosquitto import INGEST_PASSWORD, Mosquitto
from tests.waiting import wait_until

FLEET = cast.fleet(3)
FILL_COUNT = FIRST_FILL_MS // INTERVAL_MS


def up_count(fleet: Fleet) -> int:
    return sum(link.state is LinkState.UP for link in fleet.links)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def make_devices(before: dict[str, Progress] | None = None) -> list[SimulatedDevice]:
    return [
        SimulatedDevice(planned, now_ms=now_ms(), before=(before or {}).get(planned.device_id)) for planned in FLEET
    ]


def place_of(port: int, ca_file: Path) -> BrokerPlace:
    return BrokerPlace("127.0.0.1", port, ssl.create_default_context(cafile=str(ca_file)))


class RunningFleet:
    """A fleet in a thread of its own."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self._thread = threading.Thread(target=fleet.run)
        self._thread.start()

    def stop(self) -> None:
        self.fleet.stop()
        self._thread.join(60.0)
        assert not self._thread.is_alive()


Begin = Callable[..., RunningFleet]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Begin]:
    running: list[RunningFleet] = []

    def start_fleet(devices: list[SimulatedDevice], passwords: dict[str, str], place: BrokerPlace) -> RunningFleet:
        running.append(RunningFleet(Fleet(devices, passwords, place, data_dir=tmp_path, connect_spread_s=0.2)))
        return running[-1]

    yield start_fleet
    for one in running:
        one.stop()


@pytest.fixture
def passwords(db: None) -> dict[str, str]:
    factory = make.make_factory()
    return {
        planned.device_id: rotate_secret(make.make_device(factory=factory, device_id=planned.device_id))
        for planned in FLEET
    }


@pytest.fixture
def mosquitto(passwords: dict[str, str], tmp_path: Path, settings: Settings) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    settings.MQTT_BROKER_URL = broker.url
    with broker:
        yield broker


@pytest.fixture
def ingest(mosquitto: Mosquitto) -> Iterator[IngestStandIn]:
    ca_file = str(mosquitto.certificates.ca_file)
    with IngestStandIn(port=mosquitto.port, ca_file=ca_file, password=INGEST_PASSWORD) as stand_in:
        yield stand_in


@pytest.fixture
def place(mosquitto: Mosquitto) -> BrokerPlace:
    return place_of(mosquitto.port, mosquitto.certificates.ca_file)


@pytest.fixture
def begin(start: Begin, passwords: dict[str, str], place: BrokerPlace) -> Begin:
    """`begin(before)` runs the fleet against Mosquitto."""
    return lambda before=None: start(make_devices(before), passwords, place)


def wait_until_filled(ingest: IngestStandIn) -> None:
    ingest.wait_for(lambda: all(len(ingest.seqs(planned.device_id)) >= FILL_COUNT for planned in FLEET))


def is_empty(fleet: Fleet) -> bool:
    return all(len(link.device.outbox) == 0 for link in fleet.links)


@pytest.mark.needs("mosquitto")
def test_fleet_reports_itself_and_makes_up_the_last_half_hour(begin: Begin, ingest: IngestStandIn) -> None:
    running = begin()

    wait_until_filled(ingest)
    wait_until(lambda: is_empty(running.fleet))

    assert ingest.seqs("litein-01") == list(range(1, len(ingest.seqs("litein-01")) + 1))
    status = ingest.statuses["litein-01"][0]
    assert (status["online"], status["sensor"], status["range_ppm"]) == (True, "sprintir-20", 200_000)
    assert (status["co2_basis"], status["pressure_compensation"]) == ("dry", "on_sensor")
    assert max(ingest.batch_sizes) <= 500
    times = [ingest.readings["litein-01"][key]["t"] for key in sorted(ingest.readings["litein-01"])]
    assert {b - a for a, b in itertools.pairwise(times)} == {INTERVAL_MS}
    assert now_ms() - times[0] >= FIRST_FILL_MS - INTERVAL_MS


@pytest.mark.needs("mosquitto")
def test_live_readings_follow_every_five_seconds(begin: Begin, ingest: IngestStandIn) -> None:
    begin()
    ingest.wait_for(lambda: len(ingest.seqs("litein-01")) >= FILL_COUNT)
    last = max(ingest.seqs("litein-01"))

    ingest.wait_for(lambda: last + 2 in ingest.seqs("litein-01"))

    stream = next(iter(ingest.readings["litein-01"]))[0]
    live = ingest.readings["litein-01"][stream, last + 2]
    assert live["flags"] == 0
    assert abs(now_ms() - live["t"]) < INTERVAL_MS


@pytest.mark.needs("mosquitto")
def test_a_device_that_the_firmware_wants_is_let_go_when_all_it_made_up_is_stored(
    begin: Begin, ingest: IngestStandIn, tmp_path: Path
) -> None:
    ingest.answers = False
    running = begin()
    wait_until_filled(ingest)
    firmware_files.want(tmp_path, "litein-01")
    assert firmware_files.released(tmp_path) == ""

    ingest.answers = True
    wait_until(lambda: firmware_files.released(tmp_path) == "litein-01")

    (litein, *others) = running.fleet.links
    last = litein.device.outbox.last_seq
    wait_until(lambda: all(link.device.outbox.last_seq > FILL_COUNT + 2 for link in others))
    assert litein.state is LinkState.DOWN
    assert litein.device.outbox.last_seq == last
    assert [link.state for link in others] == [LinkState.UP] * len(others)
    assert not any(status["online"] is False for status in ingest.statuses["litein-01"])


@pytest.mark.needs("mosquitto")
def test_broker_acknowledgements_alone_free_nothing(begin: Begin, ingest: IngestStandIn) -> None:
    ingest.answers = False

    running = begin()
    wait_until_filled(ingest)

    assert all(len(link.device.outbox) >= FILL_COUNT for link in running.fleet.links)
    assert all(link.device.progress is None for link in running.fleet.links)


@pytest.mark.needs("mosquitto")
def test_nothing_is_lost_when_the_broker_is_killed_and_comes_back(
    begin: Begin, ingest: IngestStandIn, mosquitto: Mosquitto
) -> None:
    running = begin()
    ingest.wait_for(lambda: len(ingest.seqs("litein-01")) >= FILL_COUNT)
    subscriptions = ingest.subscription_count

    mosquitto.kill()
    wait_until(lambda: up_count(running.fleet) == 0)
    measured_before = {link.device.device_id: link.device.outbox.last_seq for link in running.fleet.links}
    wait_until(
        lambda: all(
            link.device.outbox.last_seq > measured_before[link.device.device_id] for link in running.fleet.links
        )
    )
    mosquitto.start()
    ingest.wait_for(lambda: ingest.subscription_count > subscriptions)
    wait_until(lambda: up_count(running.fleet) == len(FLEET))
    wait_until(lambda: is_empty(running.fleet))

    running.stop()
    for link in running.fleet.links:
        assert ingest.seqs(link.device.device_id) == list(range(1, link.device.outbox.last_seq + 1))
        assert link.device.outbox.refused_count == link.device.outbox.lost_count == 0


@pytest.mark.needs("mosquitto")
def test_stop_is_quick_and_leaves_devices_off_line_and_progress_on_disk(
    begin: Begin, ingest: IngestStandIn, tmp_path: Path
) -> None:
    running = begin()
    wait_until_filled(ingest)
    wait_until(lambda: is_empty(running.fleet))

    running.stop()

    assert GOODBYE_S + LAST_FLUSH_S < 2.0  # the most that it waits for
    ingest.wait_for(lambda: all(not ingest.statuses[planned.device_id][-1]["online"] for planned in FLEET))
    progress = fleet_files.load_progress(tmp_path)
    for link in running.fleet.links:
        kept = progress[link.device.device_id]
        assert (kept.stream, kept.seq) == (link.device.outbox.stream, link.device.outbox.last_seq)


@pytest.mark.needs("mosquitto")
def test_a_full_disk_costs_the_saved_progress_and_nothing_else(
    begin: Begin, ingest: IngestStandIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fleet, "SAVE_EVERY_S", 0.1)
    monkeypatch.setattr(fleet_files, "save_progress", full)
    running = begin()
    wait_until(lambda: "Progress is not saved: [Errno 28] No space left on device" in caplog.text)
    seen = len(ingest.seqs("litein-01"))

    ingest.wait_for(lambda: len(ingest.seqs("litein-01")) > seen)
    running.stop()


@pytest.mark.needs("mosquitto")
def test_second_start_continues_where_the_first_ended(begin: Begin, ingest: IngestStandIn) -> None:
    first = begin()
    wait_until_filled(ingest)
    wait_until(lambda: is_empty(first.fleet))
    first.stop()
    before = {link.device.device_id: link.device.progress for link in first.fleet.links}
    known = {device_id: set(readings) for device_id, readings in ingest.readings.items()}

    begin(before)
    ingest.wait_for(lambda: all(set(ingest.readings[p.device_id]) - known[p.device_id] for p in FLEET))

    for device_id, last in before.items():
        assert last is not None
        fresh = [ingest.readings[device_id][key] for key in set(ingest.readings[device_id]) - known[device_id]]
        assert {reading["seq"] for reading in fresh} == set(range(1, len(fresh) + 1))
        assert min(reading["t"] for reading in fresh) == last.t_ms + INTERVAL_MS
        assert ingest.statuses[device_id][-1]["previous"] == {"stream": last.stream, "seq": last.seq}


@pytest.mark.needs("mosquitto")
def test_refused_device_waits_a_minute_and_disturbs_no_other(
    begin: Begin, passwords: dict[str, str], ingest: IngestStandIn
) -> None:
    passwords["boito-01"] = "wrong"
    running = begin()
    refused = next(link for link in running.fleet.links if link.device.device_id == "boito-01")

    ingest.wait_for(lambda: len(ingest.seqs("litein-01")) >= FILL_COUNT)
    wait_until(lambda: refused.was_refused and refused.state is LinkState.DOWN)
    wait_until(lambda: up_count(running.fleet) == len(FLEET) - 1)

    assert refused.retry_at_s - time.monotonic() > 20.0
    assert not ingest.readings["boito-01"]


@pytest.mark.needs("mosquitto")
def test_command_is_answered_with_a_refusal(begin: Begin, ingest: IngestStandIn) -> None:
    begin()
    ingest.wait_for(lambda: bool(ingest.readings["litein-01"]))

    ingest.command("litein-01", {"v": 1, "id": "9c1f", "kind": "reboot"})
    ingest.wait_for(lambda: bool(ingest.acks))

    assert ingest.acks == [{"v": 1, "id": "9c1f", "ok": False, "error": "a simulated device does not carry out reboot"}]


def test_fleet_works_with_the_embedded_broker(start: Begin, tmp_path: Path) -> None:
    with embedded.running_broker(tmp_path / "broker") as broker:
        ca_file = broker.certificates.ca_file
        broker.passwords = {planned.device_id: f"secret of {planned.device_id}" for planned in FLEET}
        stand_in = IngestStandIn(port=broker.port, ca_file=str(ca_file), password=embedded.INGEST_PASSWORD)
        with stand_in as ingest:
            running = start(make_devices(), broker.passwords, place_of(broker.port, ca_file))
            wait_until_filled(ingest)
            wait_until(lambda: is_empty(running.fleet))

            running.stop()

            ingest.wait_for(lambda: all(not ingest.statuses[p.device_id][-1]["online"] for p in FLEET))


def test_every_message_of_a_device_fits_the_contract() -> None:
    planned = next(device for device in cast.devices() if device.behaviour is cast.Behaviour.SENSOR_FAULT)
    device = SimulatedDevice(planned, now_ms=now_ms(), before=Progress(t_ms=1, stream=9, seq=8))
    batch = device.outbox.next_batch(0.0)
    assert batch is not None

    readings = device.readings_payload(batch)
    parsed = parse(device.topic(Kind.READINGS), readings, now_ms())
    alert = next(filter(None, (device.measure(device.next_t_ms) for _number in range(24 * 720))))
    device.answer("7", "a simulated device does not carry out zero")
    (ack,) = device.acks

    assert len(readings) < PAYLOAD_LIMIT_BYTES
    assert (len(parsed.readings), parsed.rejections) == (FILL_COUNT, ())
    for kind, payload in ((Kind.STATUS, device.status_payload(now_ms())), (Kind.ALERTS, alert), (Kind.ACKS, ack)):
        assert parse(device.topic(kind), payload, now_ms()).rejections == ()


def test_machine_that_slept_makes_nothing_up() -> None:
    device = SimulatedDevice(FLEET[0], now_ms=1_000_000_000_000)
    count = device.outbox.last_seq

    device.measure(1_000_000_000_000 + 8 * 3_600_000)

    assert device.outbox.last_seq - count <= 1
    assert device.next_t_ms > 1_000_000_000_000 + 8 * 3_600_000


def test_simulate_says_what_is_missing(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.MQTT_CA_FILE = str(tmp_path / "ca.pem")

    with pytest.raises(CommandError, match="start the broker first"):
        call_command("simulate", stdout=io.StringIO())

    settings.MQTT_BROKER_URL = "mqtt://127.0.0.1:1"
    with pytest.raises(CommandError, match=r"no password for litein-01, .*and others"):
        call_command("simulate", stdout=io.StringIO())

    settings.MQTT_BROKER_URL = "mqtts://user:secret@broker.example.org:8883"
    with pytest.raises(CommandError, match="only go to a broker on this machine"):
        call_command("simulate", stdout=io.StringIO())
