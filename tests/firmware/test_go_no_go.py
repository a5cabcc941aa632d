"""Go / no-go against the real parts: the firmware's host build, Mosquitto with TLS and logins, ingest, PostgreSQL.

Each fault gives its own line. A healthy device goes and gets its certificate, with a minute without network.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from devices import go_no_go
from devices.choices import Check, CheckState
from devices.go_no_go import CheckLine, judge
from devices.models import GoNoGoRun
from emissions.models import Emission
from mqtt_ingest.go_no_go import act, evidence_of, look
from tests import make
from tests.devices.relay import Relay
from tests.firmware.node_process import FastTime
from tests.firmware.site import Site
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("g++", "cmake", "mosquitto", "mosquitto_pub")]
USUAL = "0 idle\n0 supply 5.02\n0 signal -61\n"


@pytest.fixture
def installed(site: Site) -> Iterator[Site]:
    """A node on the chimney of a wood boiler, its clock that of the server, behind a relay that can be cut."""
    chimney = site.device().assignments.get().chimney
    boiler = site.factory.emission_sources.get(kind="boiler")
    boiler.chimney = chimney
    boiler.save()
    site.node.fast = FastTime(1.0, int(time.time()))
    site.relay = Relay(site.broker.port)  # type: ignore[attr-defined]
    site.start_ingest()
    yield site
    site.relay.close()  # type: ignore[attr-defined]


def start(site: Site, *options: str, scenario: str = USUAL, **settings: Any) -> None:
    path = site.folder / f"scenario-{time.monotonic_ns()}.txt"
    path.write_text(scenario)
    changed = {"interval_s": 1, "port": site.relay.port} | settings  # type: ignore[attr-defined]
    site.node.start("--scenario", str(path), *options, settings_file=site.settings_with(**changed))


def line(site: Site, check: Check) -> CheckLine:
    return next(one for one in look(site.device(), timezone.now()).result.lines if one.check is check)


def reaches(site: Site, check: Check, state: CheckState) -> CheckLine:
    wait_until(lambda: line(site, check).state == state)
    return line(site, check)


def begin(site: Site) -> GoNoGoRun:
    return act(site.device(), "start", make.make_user(), str)


def test_supply_and_signal_are_what_the_board_says(installed: Site) -> None:
    start(installed, "--start", "brownout", scenario="0 supply 4.41\n0 signal -84\n")

    assert reaches(installed, Check.POWER, CheckState.FAIL).fact == "4.41 V; last restart: brownout."
    assert reaches(installed, Check.SIGNAL, CheckState.FAIL).fact.startswith("-84 dBm")
    assert reaches(installed, Check.LOGIN, CheckState.PASS)
    assert reaches(installed, Check.STORED, CheckState.PASS)
    assert line(installed, Check.CLOCK).state == CheckState.PASS


@pytest.mark.parametrize(("ahead_s", "words"), [(30, "ahead"), (300, "Refused: more than 2 minutes in the future")])
def test_a_clock_that_is_ahead(installed: Site, ahead_s: int, words: str) -> None:
    # A thousandth faster and equal so long ago: ahead by now.
    installed.node.fast = FastTime(1.001, int(time.time()) - 1000 * ahead_s)
    start(installed)

    assert words in reaches(installed, Check.CLOCK, CheckState.FAIL).fact


def test_a_wrong_password_never_signs_in(installed: Site) -> None:
    run = begin(installed)
    GoNoGoRun.objects.filter(pk=run.pk).update(started_at=timezone.now() - timedelta(seconds=130))
    start(installed, password="0" * 48)
    installed.node.wait_for("it refused the login")

    assert line(installed, Check.LOGIN).state == CheckState.FAIL


def test_statuses_without_readings(installed: Site) -> None:
    """Published as a device whose rights end at its status would: no reading is ever stored."""
    run = begin(installed)
    GoNoGoRun.objects.filter(pk=run.pk).update(started_at=timezone.now() - timedelta(seconds=130))
    login = installed.login
    status = json.dumps({"v": 1, "online": True, "stream": 1, "outbox": 40})
    installed.publish_lines(login.device_id, login.password, login.topics["status"], status)

    reaches(installed, Check.LOGIN, CheckState.PASS)
    assert line(installed, Check.STORED).state == CheckState.FAIL


def test_answers_that_never_arrive(installed: Site) -> None:
    # Ten times as fast, so that statuses come every six seconds; equal in a minute, so that nothing is in the future.
    installed.node.fast = FastTime(10.0, int(time.time()) + 60)
    start(installed, "--lose-committed", "1")

    assert "stored before its last status" in reaches(installed, Check.COMMITTED, CheckState.FAIL).fact


def test_an_mh_z19_on_wood_and_another_basis_than_registered(installed: Site) -> None:
    start(installed, co2_sensor="mhz19", sensor="mh-z19b", range_ppm=5000, co2_basis="wet")

    assert "Winsen MH-Z19 measures up to 5,000 ppm" in reaches(installed, Check.RANGE, CheckState.FAIL).fact
    facts = reaches(installed, Check.REGISTRY, CheckState.FAIL).fact
    assert "co2_basis: registered dry, reported wet" in facts


@pytest.mark.parametrize(
    ("gas", "state"), [("", CheckState.FAIL), ("14 firing\n", CheckState.PASS)], ids=["leaks", "breath"]
)
def test_a_line_that_leaks_shows_no_breath(installed: Site, gas: str, state: CheckState) -> None:
    installed.node.fast = FastTime(10.0, int(time.time()) + 60)
    run = begin(installed)
    start(installed, scenario=USUAL + gas)
    wait_until(lambda: Emission.objects.exists())
    began = Emission.objects.order_by("timestamp").values_list("timestamp", flat=True)[0]
    GoNoGoRun.objects.filter(pk=run.pk).update(leak_started_at=began + timedelta(seconds=65))

    assert reaches(installed, Check.LEAK, state)


def test_a_power_cut_while_the_network_is_away_leaves_a_hole(installed: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(go_no_go, "PLUG_S", 15.0)  # of a whole minute see the healthy device
    start(installed)
    installed.wait_for_readings(5)
    begin(installed)
    pull(installed, installed.node.cut_power, for_s=17)
    time.sleep(3)
    start(installed, "--start", "brownout")

    def missing() -> int:
        plug = evidence_of(installed.device(), GoNoGoRun.objects.get(), timezone.now()).plug
        return plug.missing_count if plug else 0

    wait_until(lambda: missing() >= 2)  # what it kept of the life before comes first
    evidence = evidence_of(installed.device(), GoNoGoRun.objects.get(), timezone.now())
    assert evidence.plug is not None
    # It may still send what it kept; two minutes later the hole is one.
    later = replace(evidence, plug=replace(evidence.plug, back_for_s=125.0))
    assert judge(later).lines[9].state == CheckState.FAIL


def pull(site: Site, in_between: Callable[[], None], *, for_s: float) -> None:
    """The pulled-plug test: without network for so long."""
    act(site.device(), "plug", make.make_user(), str)
    site.relay.cut()  # type: ignore[attr-defined]
    time.sleep(for_s)
    in_between()
    site.relay.mend()  # type: ignore[attr-defined]


def test_a_healthy_device_goes_and_gets_its_certificate(installed: Site, tmp_path: Path) -> None:
    start(installed, scenario=USUAL + "20 firing\n")
    begin(installed)
    installed.wait_for_readings(10)
    act(installed.device(), "leak", make.make_user(), str)
    reaches(installed, Check.LEAK, CheckState.PASS)
    pull(installed, lambda: None, for_s=62)

    for check in Check:  # each alone, so that a failure says which
        reaches(installed, check, CheckState.PASS)
    assert look(installed.device(), timezone.now()).result.words == "GO"
    ended = act(installed.device(), "finish", make.make_user(), lambda: "https://site.example/{pk}/")

    assert bytes(ended.certificate.pdf).startswith(b"%PDF-")
    assert ended.certificate.content["not_tested"][0][1] == "Velocity profile"
