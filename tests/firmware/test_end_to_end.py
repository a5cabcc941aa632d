"""The firmware against the real parts: Mosquitto with TLS and logins, ingest, PostgreSQL; and all that goes wrong.

`node_host` is the board's application with sanitizers on. Its time runs ten times as fast as ours.
"""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from demo.certificates import ensure_certificates
from emissions.models import Emission
from tests.firmware.site import DEVICE_ID, Site
from tests.mosquitto import Watcher
from tests.waiting import TIMEOUT_S, wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.needs("g++", "cmake", "mosquitto", "mosquitto_pub", "mosquitto_sub"),
]


def test_whatever_dies_every_reading_is_stored_once_or_its_loss_is_named(site: Site) -> None:
    node = site.node
    site.start_ingest()
    node.start("--lose-committed", "7")
    site.wait_for_readings(40)

    site.broker.kill()
    site.wait_for_readings(95)  # more than a minute: the first of them are on flash by now
    node.cut_power()
    node.start("--lose-committed", "7", "--start", "brownout")  # while it is off line
    site.wait_for_readings(10)
    site.broker.start()
    wait_until(lambda: Emission.objects.values("stream").distinct().count() == 2)  # ingest is back, too
    site.ingest.kill()
    site.overfill_broker()
    site.wait_for_readings(30)  # to a broker that acknowledges and drops
    site.start_ingest()
    site.wait_for_readings(10)
    node.restart_planned()
    site.drain()

    found = site.reckon()
    assert found.faults == []
    assert found.stored + len(found.lost) == found.produced >= 195
    (cut,) = node.power_cuts
    assert {stream for stream, _seq in found.lost} <= {cut}
    # What was not yet a minute old; the first readings of the outage are not among it.
    assert len(found.lost) < 85, found.lost
    assert {row.flags & 128 for row in Emission.objects.all()} == {0, 128}


def test_resend_and_an_update_are_answered_and_cost_nothing(site: Site) -> None:
    site.start_ingest()
    site.node.start()
    site.node.wait_for("broker: connected")
    wait_until(lambda: Emission.objects.filter(seq__lte=10).count() == 10)
    stream = site.node.produced()[0].stream
    # After the answer that they are stored; soon, but at no fixed time.
    answered = _answer_that_begins(site, "0 of 10 readings are kept", stream=stream, last=10)
    site.ingest.kill()
    site.wait_for_readings(10)
    last = site.node.produced()[-1].seq
    kept = site.order(kind="resend", stream=stream, **{"from": last, "to": last})
    before_offer = site.node.produced()[-1].seq
    offer = site.order(kind="update_firmware", url="https://updates.example/node.bin", sha256="0" * 64)
    site.node.cut_power()  # an update that fails ends like this
    site.start_ingest()
    site.drain()

    assert answered["ok"] is False
    assert (kept["ok"], kept["error"]) == (True, None)
    assert (offer["ok"], offer["error"]) == (False, "this board cannot do that")
    found = site.reckon()
    assert found.faults == []
    # Put on flash before the update was even tried, so that none of these is among the lost.
    assert all(seq > before_offer for _stream, seq in found.lost), found.lost


def test_a_broker_with_another_certificate_gets_nothing_and_costs_nothing(site: Site, tmp_path: Path) -> None:
    other_ca = ensure_certificates(tmp_path / "impostor").ca_file.read_text()
    site.start_ingest()

    site.node.start(settings_file=site.settings_with(ca=other_ca, interval_s=1))
    site.node.wait_for("mqtt: A TLS error occurred")
    site.wait_for_readings(20)
    site.node.restart_planned()
    seen_before = site.device().last_heartbeat
    site.drain()

    assert seen_before is None
    assert not any("broker: connected" in line for line in _life(site, 0))
    found = site.reckon()
    assert (found.faults, found.lost) == ([], {})
    assert found.stored == found.produced >= 20


def test_a_wrong_password_is_said_and_nothing_is_lost_by_it(site: Site) -> None:
    site.start_ingest()

    site.node.start(settings_file=site.settings_with(password="0" * 48, interval_s=1))
    site.node.wait_for("broker: it refused the login; check device id and password")
    site.wait_for_readings(20)
    site.node.restart_planned()
    seen_before = site.device().last_heartbeat
    site.drain()

    assert seen_before is None
    found = site.reckon()
    assert (found.faults, found.lost) == ([], {})
    assert found.stored == found.produced >= 20


def test_readings_of_a_boot_without_a_clock_are_dated_when_it_is_set(site: Site, tmp_path: Path) -> None:
    (tmp_path / "never.txt").write_text("0 clock unset\n")
    (tmp_path / "later.txt").write_text("0 clock unset\n3 clock set\n")
    site.start_ingest()

    site.node.start("--scenario", str(tmp_path / "never.txt"))
    site.wait_for_readings(10)
    never_dated = site.node.produced()[0].stream
    site.node.restart_planned()
    site.node.start("--scenario", str(tmp_path / "later.txt"))
    site.node.wait_for("broker: connected")
    site.wait_for_readings(10)
    site.node.restart_planned()
    site.drain()

    produced = site.node.produced()
    dated_later = [one for one in produced if one.was_undated and one.stream != never_dated]
    assert len(dated_later) >= 20
    found = site.reckon(undatable=[never_dated])
    assert found.faults == []
    assert {stream for stream, _seq in found.lost} == {never_dated}
    # It says itself how many those are.
    wait_until(lambda: site.device().status["undatable"] == len(found.lost))


def test_the_server_sees_what_the_node_says_of_itself_and_its_last_will(site: Site) -> None:
    site.start_ingest()
    site.node.start()
    wait_until(lambda: site.device().reported_online is True)
    status = site.device().status
    will = Watcher(site.login, f"carbontrack/v1/{DEVICE_ID}/status")

    assert json.loads(will.next_message())["online"] is True  # retained
    site.node.cut_power()

    said = json.loads(will.next_message())
    while said["online"]:  # it may have said something of itself between the two
        said = json.loads(will.next_message())
    assert said == {"v": 1, "online": False}
    will.close()
    wait_until(lambda: site.device().reported_online is False)
    assert status["sensor"] == "sprintir-20"
    assert (status["range_ppm"], status["co2_basis"]) == (200_000, "dry")
    assert site.device().assignments.get().holds.count() == 0
    site.node.start("--start", "brownout")
    wait_until(lambda: site.device().status.get("reset_reason") == "brownout")
    site.wait_for_readings(1)
    site.node.restart_planned()
    ended = site.node.produced()[-1]
    site.node.start()
    wait_until(lambda: site.device().status.get("previous") == {"stream": ended.stream, "seq": ended.seq})


def _answer_that_begins(site: Site, words: str, *, stream: int, last: int) -> dict[str, Any]:
    """Asks for the readings up to `last` again and again, until it says so."""
    deadline_s = time.monotonic() + TIMEOUT_S
    while True:
        answer = site.order(kind="resend", stream=stream, **{"from": 1, "to": last})
        if str(answer["error"]).startswith(words):
            return answer
        assert time.monotonic() < deadline_s, answer


def _life(site: Site, number: int) -> list[str]:
    """What the node said in that life."""
    starts = [place for place, line in enumerate(site.node.log) if line.startswith("boot: ")] + [len(site.node.log)]
    return site.node.log[starts[number] : starts[number + 1]]
