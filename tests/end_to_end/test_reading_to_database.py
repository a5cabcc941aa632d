"""From a device over TLS to a committed row, and back to the device: Mosquitto, mosquitto_pub, ingest."""

import json
import queue
import subprocess
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.roles import Role
from devices.models import MCUDevice
from devices.services import ProvisionedDevice
from emissions.models import Emission
from mqtt_ingest.queries import counters
from tests.end_to_end.ingest_process import CommitListener, IngestProcess
from tests.make import make_factory, make_membership, make_token, make_user
from tests.mosquitto import Mosquitto, Watcher, client_arguments, publish
from tests.mqtt_ingest.build import STREAM, message, now_ms, reading
from tests.waiting import TIMEOUT_S

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("mosquitto", "mosquitto_pub", "mosquitto_sub")]

Provision = Callable[[str], ProvisionedDevice]

# Vector 3 of tests/science/test_vectors.py: 96,000 ppm wet, 4.1 m/s, circle of 0.9 m, 210 C, 79,495.5 Pa.
VECTOR_3 = {"co2_ppm": 96_000.0, "velocity_ms": 4.1, "temperature_c": 210.0, "pressure_pa": 79_495.5}
VECTOR_3_KG_PER_S = 0.218073


def stored(count: int) -> Callable[[], bool]:
    return lambda: Emission.objects.count() >= count


def test_a_device_provisioned_by_the_command_is_read_back_over_http(
    broker: Mosquitto, commits: CommitListener, client: object
) -> None:
    factory = make_factory(name="Litein Tea Factory")
    user = make_user()
    make_membership(user=user, role=Role.AUDITOR, organisation=factory.organisation)
    printed = StringIO()

    size = {"diameter": 0.9, "profile": 1.0}
    call_command("provision_device", factory="litein", device_id="litein-9", json=True, stdout=printed, **size)
    broker.reload()
    answer = json.loads(printed.getvalue())
    answer.pop("broker")  # whether it waits for the reload below
    device = ProvisionedDevice(**answer)
    with IngestProcess(broker):
        assert publish(device, message(reading(1, now_ms(), **VECTOR_3))).returncode == 0
        commits.wait_until(stored(1))

    answer = client.get(  # type: ignore[attr-defined]
        "/api/emissions/latest/", headers={"Authorization": f"Token {make_token(user)}"}
    )
    (row,) = answer.json()["results"]
    assert (row["device"], row["seq"], row["co2_ppm"]) == ("litein-9", 1, 96_000.0)
    # The vector has six digits.
    assert row["co2_kg_per_s"] == pytest.approx(VECTOR_3_KG_PER_S, abs=0.000_000_5)


def test_a_wrong_password_and_a_foreign_topic_let_nothing_through(
    broker: Mosquitto, provision: Provision, commits: CommitListener
) -> None:
    own, foreign = provision("litein-1"), provision("litein-2")

    with IngestProcess(broker):
        refused = publish(own, message(reading(1)), password="wrong")
        vanished = publish(own, message(reading(2)), topic=foreign.topics["readings"])
        publish(own, message(reading(3, now_ms())))
        commits.wait_until(stored(1))

    assert refused.returncode != 0
    assert vanished.returncode == 0  # MQTT 3.1.1 has no word for "forbidden"
    assert Emission.objects.get().seq == 3
    assert counters().received == 1


def with_nan(payload: bytes) -> bytes:
    return payload.replace(b'"co2_ppm": null', b'"co2_ppm": NaN')


def answers_until(watcher: Watcher, seqs: set[int]) -> dict[int, str]:
    """The answer to each of these readings, `stored` or a reason, in any message."""
    told: dict[int, str] = {}
    while not seqs <= told.keys():
        answer = json.loads(watcher.next_message())
        assert answer["stream"] == STREAM
        for low, high in answer["ranges"]:
            told |= dict.fromkeys(range(low, high + 1), "stored")
        for low, high, reason in answer["refused"]:
            told |= dict.fromkeys(range(low, high + 1), reason)
    return told


def test_bad_messages_are_refused_counted_answered_and_harmless(
    broker: Mosquitto, provision: Provision, commits: CommitListener
) -> None:
    device = provision("litein-1")
    watcher = Watcher(device, device.topics["committed"])
    late = reading(11, now_ms() + 600_000)

    with IngestProcess(broker):
        publish(device, message(reading(20), reading(21)) + b" " * 70_000)  # 70 kB
        publish(device, b"x" * 70_000)  # 70 kB that say nothing: nothing to answer
        publish(device, b"{]")
        publish(device, with_nan(message(reading(30), reading(31, co2_ppm=None), reading(32))))
        publish(device, message(reading(10), late, reading(12, temperature_c="hot"), reading(13, now_ms())))
        told = answers_until(watcher, {10, 11, 12, 13, 20, 21, 30, 31, 32})
    watcher.close()

    assert told == {
        **dict.fromkeys((10, 13, 30, 32), "stored"),
        **dict.fromkeys((12, 20, 21), "bad_schema"),
        11: "future_time",
        31: "not_json",
    }
    assert set(Emission.objects.values_list("seq", flat=True)) == {10, 13, 30, 32}
    found = counters()
    assert found.rejected == {"bad_schema": 4, "not_json": 2, "future_time": 1}
    assert (found.received, found.stored, found.duplicate) == (11, 4, 0)
    assert found.messages == {"readings": 5}


@pytest.mark.parametrize("fault", ["version", "interval", "too many"])
def test_a_message_refused_as_a_whole_is_answered_reading_by_reading(
    broker: Mosquitto, provision: Provision, commits: CommitListener, fault: str
) -> None:
    device = provision("litein-1")
    watcher = Watcher(device, device.topics["committed"])
    sound = message(reading(1), reading(2))
    seqs = set(range(1, 502)) if fault == "too many" else {1, 2}
    bad = {
        "version": sound.replace(b'"v": 1', b'"v": 2'),
        "interval": message(reading(1), reading(2), interval_s=0),
        "too many": message(*({"seq": seq} for seq in seqs)),
    }

    with IngestProcess(broker):
        publish(device, bad[fault])
        told = answers_until(watcher, seqs)
    watcher.close()

    assert told == dict.fromkeys(seqs, "bad_schema")
    assert counters().rejected == {"bad_schema": len(seqs)}


def test_duplicates_are_answered_again(broker: Mosquitto, provision: Provision, commits: CommitListener) -> None:
    device = provision("litein-1")
    watcher = Watcher(device, device.topics["committed"])
    payload = message(reading(1, now_ms()))

    with IngestProcess(broker):
        publish(device, payload)
        first = json.loads(watcher.next_message())
        publish(device, payload)
        second = json.loads(watcher.next_message())
    watcher.close()

    assert first == second
    assert (counters().stored, counters().duplicate) == (1, 1)


def test_a_retained_status_comes_again_at_each_start_and_is_no_news(
    broker: Mosquitto, provision: Provision, commits: CommitListener
) -> None:
    device = provision("litein-1")
    status = json.dumps({"v": 1, "online": True, "stream": 7, "firmware": "1.0.0"}).encode()
    arguments = ["mosquitto_pub", *client_arguments(device), "-q", "1", "-r", "-t", device.topics["status"], "-s"]

    for seq in (1, 2, 3):
        with IngestProcess(broker):
            if seq == 1:
                subprocess.run(arguments, input=status, check=True, timeout=TIMEOUT_S)
            publish(device, message(reading(seq, now_ms())))
            commits.wait_until(stored(seq))

    registered = MCUDevice.objects.get(device_id="litein-1")
    assert (registered.firmware, registered.reported_online) == ("1.0.0", True)
    assert registered.messages.count() == 1


def test_sigterm_stores_what_it_has_answers_it_and_exits_0(
    broker: Mosquitto, provision: Provision, commits: CommitListener
) -> None:
    device = provision("litein-1")
    watcher = Watcher(device, device.topics["committed"])
    ingest = IngestProcess(broker)

    with ingest:
        for seq in (1, 2, 3):
            publish(device, message(reading(seq, now_ms())))
        commits.wait_until(stored(1))
        code = ingest.terminate()

    answered = []
    while sum(high - low + 1 for low, high in answered) < Emission.objects.count():
        answered += json.loads(watcher.next_message())["ranges"]
    watcher.close()
    assert code == 0
    assert f"received {counters().received} readings" in ingest.output


def test_killed_again_and_again_ingest_stores_everything_once_and_its_counters_add_up(
    broker: Mosquitto, provision: Provision, commits: CommitListener
) -> None:
    device = provision("litein-1")
    count = 3_000
    with IngestProcess(broker):
        pass  # its session now exists: the broker keeps what comes while it is away
    lines = b"\n".join(message(reading(seq, now_ms() - 300_000 + seq)) for seq in range(1, count + 1))
    arguments = ["mosquitto_pub", *client_arguments(device), "-q", "1", "-t", device.topics["readings"], "-l"]
    publisher = subprocess.Popen(arguments, stdin=subprocess.PIPE)
    assert publisher.stdin
    publisher.stdin.write(lines)
    publisher.stdin.close()

    for reached in (300, 900, 1_800):
        ingest = IngestProcess(broker).__enter__()
        commits.wait_until(stored(reached))
        ingest.kill()
    with IngestProcess(broker):
        commits.wait_until(stored(count))
    publisher.wait(30)

    found = counters()
    assert found.stored == Emission.objects.count() == count
    assert found.received == found.stored + found.duplicate + sum(found.rejected.values())


def test_ingest_outlives_its_connection_to_the_database(
    broker: Mosquitto, provision: Provision, commits: CommitListener
) -> None:
    device = provision("litein-1")

    with IngestProcess(broker) as ingest:
        for seq in range(1, 6):
            commits.end_other_connections()
            publish(device, message(reading(seq, now_ms())))
            commits.wait_until(stored(seq))
        assert ingest.terminate() == 0

    found = counters()
    assert found.received == found.stored + found.duplicate
    assert found.stored == 5


def test_once_takes_what_the_broker_kept_and_ends(
    broker: Mosquitto, provision: Provision, commits: CommitListener
) -> None:
    device = provision("litein-1")
    with IngestProcess(broker):
        pass  # its session now exists: the broker keeps what comes while it is away
    for seq in (1, 2, 3):
        publish(device, message(reading(seq, now_ms())))

    with IngestProcess(broker, "--once") as ingest:
        code = ingest.wait()

    assert code == 0
    assert "received 3 readings: stored 3, duplicate 0, rejected 0" in ingest.output


def test_a_missing_ca_file_is_named_with_the_remedy(settings: Any) -> None:
    settings.MQTT_BROKER_URL = "mqtts://user:password@127.0.0.1:1"
    settings.MQTT_CA_FILE = "/nowhere/ca.pem"

    with pytest.raises(CommandError, match=r"MQTT_CA_FILE='/nowhere/ca.pem' cannot be used.*name a PEM file"):
        call_command("ingest_mqtt")


def test_publish_reading_prints_what_the_server_answered(
    broker: Mosquitto, commits: CommitListener, settings: object, tmp_path: object
) -> None:
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    make_factory(name="Litein Tea Factory")
    from mqtt_ingest.spare_device import FILE_NAME, spare_device

    device = spare_device()
    broker.reload()
    printed = StringIO()

    with IngestProcess(broker):
        call_command("publish_reading", stdout=printed)
        line = printed.getvalue().splitlines()[-1].strip()
        subprocess.run(["sh", "-c", line], check=True, timeout=TIMEOUT_S)
        commits.wait_until(stored(2))

    assert '"ranges": [[1, 1]]' in printed.getvalue()
    assert line.startswith("mosquitto_pub ")
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600  # type: ignore[operator]
    assert spare_device().password == device.password
    assert counters().stored == 2


def test_a_watcher_hears_nothing_of_other_devices(
    broker: Mosquitto, provision: Provision, commits: CommitListener
) -> None:
    device, other = provision("litein-1"), provision("litein-2")
    watcher = Watcher(device, other.topics["committed"], is_device=True)

    with IngestProcess(broker):
        publish(other, message(reading(1, now_ms())))
        commits.wait_until(stored(1))
    with pytest.raises(queue.Empty):
        watcher.next_message(timeout_s=1.0)
    watcher.close()
