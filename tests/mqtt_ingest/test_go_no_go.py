"""Evidence of go / no-go from what is stored; a run with its tests, its end and its certificate, over the API."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices.choices import Check, CheckState, GoVerdict
from devices.models import DeviceProfile, DeviceSecret, GoNoGoRun, InstallationCertificate, MCUDevice
from factories.models import Chimney
from mqtt_ingest.choices import MessageKind
from mqtt_ingest.go_no_go import act, look
from mqtt_ingest.models import DeviceMessage, RejectedGroup
from tests import make
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db
SENSOR = {"sensor": "sprintir-20", "range_ppm": 200_000.0, "co2_basis": "dry", "pressure_compensation": "none"}
STATUS: dict[str, Any] = {
    "v": 1, "online": True, "stream": 7, "uptime_s": 200, "supply_v": 5.01, "rssi_dbm": -60, "outbox": 1,
    "reset_reason": "poweron", **SENSOR,
}  # fmt: skip


@pytest.fixture
def device(cast: Cast) -> MCUDevice:
    device = make.make_device(factory=cast.litein, device_id="litein-1")
    chimney = make.make_chimney(factory=cast.litein)
    make.make_assignment(device=device, chimney=chimney, **SENSOR)
    source = cast.litein.emission_sources.get(kind="boiler")
    source.chimney = chimney
    source.save()
    return device


def say(device: MCUDevice, age_s: float, **changes: Any) -> None:
    at = timezone.now() - timedelta(seconds=age_s)
    payload = STATUS | changes
    DeviceMessage.objects.create(device=device, kind=MessageKind.STATUS, received_at=at, payload=payload)


def read(device: MCUDevice, from_age_s: float, count: int, *, first_seq: int = 1, **fields: Any) -> None:
    fields = {"received_at": None} | fields
    start = timezone.now() - timedelta(seconds=from_age_s)
    lag_s = fields.pop("lag_s", 0.5)
    fields["received_at"] = lambda i: start + timedelta(seconds=5 * i + lag_s)
    make.make_readings(device, start, count, first_seq=first_seq, **fields)


def unplug(device: MCUDevice, *, lost: int = 0, **later: Any) -> None:
    """80 s without network, from 285 s ago on: what was measured then comes with the first reading after it."""
    read(device, 360, 16)
    start, came = timezone.now() - timedelta(seconds=280), timezone.now() - timedelta(seconds=204)
    make.make_readings(device, start, 16 - lost, first_seq=17 + lost, received_at=came, flags=128)
    read(device, 200, 40, first_seq=33, **later)


def state(device: MCUDevice, check: Check) -> CheckState:
    return next(line.state for line in look(device, timezone.now()).result.lines if line.check is check)


def test_a_device_that_works_passes_eight_checks_and_two_are_left(device: MCUDevice):
    read(device, 120, 24)
    say(device, 4)

    result = look(device, timezone.now()).result

    assert result.words == "NOT YET (2 left)", [(line.fact, line.state) for line in result.lines]
    assert [line.state for line in result.lines[:8]] == [CheckState.PASS] * 8


def test_evidence_of_a_wrong_clock_is_the_least_delay(device: MCUDevice):
    read(device, 120, 24, lag_s=7.0)
    say(device, 1)

    assert look(device, timezone.now()).evidence.clock_lag_s == pytest.approx(7.0)
    assert state(device, Check.CLOCK) == CheckState.FAIL
    assert state(device, Check.STORED) == CheckState.PASS


def test_a_clock_that_is_hours_behind_is_a_wrong_clock_and_no_missing_reading(device: MCUDevice):
    read(device, 7_260, 12, lag_s=7_200.0)

    assert look(device, timezone.now()).evidence.clock_lag_s == pytest.approx(7_200.0)
    assert state(device, Check.CLOCK) == CheckState.FAIL
    assert state(device, Check.STORED) == CheckState.PASS


def test_a_sensor_that_reports_every_ten_minutes_is_not_late_after_two(device: MCUDevice):
    MCUDevice.objects.update(interval_s=600.0)
    device.refresh_from_db()
    read(device, 400, 1, interval_s=600.0)

    assert {state(device, check) for check in (Check.CLOCK, Check.LOGIN, Check.STORED)} == {CheckState.PASS}


def test_a_password_that_is_on_its_way_leaves_the_one_in_force(device: MCUDevice):
    for is_offered in (False, True):
        DeviceSecret.objects.create(device=device, is_offered=is_offered)

    assert look(device, timezone.now()).evidence.is_login_in_force
    assert state(device, Check.LOGIN) == CheckState.WAIT


@pytest.mark.parametrize(("time_path", "expected"), [("", CheckState.NOT_TESTED), ("Time", CheckState.PASS)])
def test_a_profile_without_a_time_leaves_no_clock_to_test(device: MCUDevice, time_path: str, expected: CheckState):
    device.profile = DeviceProfile.objects.create(
        organisation=device.factory.organisation, name="Tasmota", topic="tele/{device}/SENSOR", time_path=time_path
    )
    device.save()
    read(device, 60, 12)

    assert state(device, Check.CLOCK) == expected


def test_a_refusal_newer_than_the_last_reading_is_evidence(device: MCUDevice):
    say(device, 1)
    now = timezone.now()
    RejectedGroup.objects.create(topic_device_id="litein-1", reason="future_time", count=1, first_at=now, last_at=now)

    assert state(device, Check.CLOCK) == CheckState.FAIL


def test_an_mh_z19_on_wood_is_no_go(device: MCUDevice):
    read(device, 60, 12)
    say(device, 1, sensor="mh-z19b", range_ppm=5000)

    line = look(device, timezone.now()).result.lines[6]

    assert line.state == CheckState.FAIL
    assert "Winsen MH-Z19 measures up to 5,000 ppm" in line.fact


def test_a_device_that_keeps_what_is_stored_never_got_an_answer(device: MCUDevice):
    read(device, 120, 24)
    say(device, 62, outbox=12)
    say(device, 1, outbox=24)

    assert state(device, Check.COMMITTED) == CheckState.FAIL


def test_the_leak_test_sees_breath_after_the_button(device: MCUDevice, cast: Cast):
    run = act(device, "start", cast.installer, str)
    act(device, "leak", cast.installer, str)
    GoNoGoRun.objects.filter(pk=run.pk).update(leak_started_at=timezone.now() - timedelta(seconds=30))
    read(device, 60, 12, co2_ppm=lambda i: 430.0 if i < 8 else 25_000.0)

    assert state(device, Check.LEAK) == CheckState.PASS


@pytest.mark.parametrize(("lost", "expected"), [(0, CheckState.PASS), (3, CheckState.FAIL)])
def test_the_pulled_plug_names_a_hole(device: MCUDevice, cast: Cast, lost: int, expected: CheckState):
    run = act(device, "start", cast.installer, str)
    GoNoGoRun.objects.filter(pk=run.pk).update(plug_started_at=timezone.now() - timedelta(seconds=300))
    unplug(device, lost=lost)

    evidence = look(device, timezone.now()).evidence

    assert evidence.plug is not None
    # From the last reading before, 284.5 s ago, to the first after it, 204 s ago.
    assert evidence.plug.outage_s == pytest.approx(80.5, abs=0.2)
    assert evidence.plug.missing_count == lost
    assert state(device, Check.PLUG) == expected


def test_what_was_kept_alone_does_not_show_that_nothing_is_missing(device: MCUDevice, cast: Cast):
    run = act(device, "start", cast.installer, str)
    GoNoGoRun.objects.filter(pk=run.pk).update(plug_started_at=timezone.now() - timedelta(seconds=300))
    read(device, 360, 16)
    start, came = timezone.now() - timedelta(seconds=280), timezone.now() - timedelta(seconds=4)
    make.make_readings(device, start, 8, first_seq=17, received_at=came, flags=128)

    assert state(device, Check.PLUG) == CheckState.WAIT  # its memory may still end there


def every_ten_minutes(device: MCUDevice, *, last_ppm: float) -> None:
    """Four readings, the last one 100 s ago, and a status each minute."""
    MCUDevice.objects.update(interval_s=600.0)
    device.refresh_from_db()
    for number in range(4):
        ppm = last_ppm if number == 3 else 430.0 + number
        read(device, 1900 - 600 * number, 1, first_seq=number + 1, interval_s=600.0, co2_ppm=ppm)
    for minute in range(20):
        say(device, 61 * minute + 1)


def test_the_minute_between_two_statuses_is_no_pulled_plug(device: MCUDevice, cast: Cast):
    run = act(device, "start", cast.installer, str)
    GoNoGoRun.objects.filter(pk=run.pk).update(plug_started_at=timezone.now() - timedelta(seconds=400))
    every_ten_minutes(device, last_ppm=430.0)

    evidence = look(device, timezone.now()).evidence

    assert evidence.plug is not None
    assert evidence.plug.outage_s == 0
    assert state(device, Check.PLUG) == CheckState.WAIT


def test_the_leak_test_waits_for_readings_that_come_every_ten_minutes(device: MCUDevice, cast: Cast):
    run = act(device, "start", cast.installer, str)
    GoNoGoRun.objects.filter(pk=run.pk).update(leak_started_at=timezone.now() - timedelta(seconds=900))
    every_ten_minutes(device, last_ppm=25_000.0)

    assert state(device, Check.LEAK) == CheckState.PASS


def make_ready(device: MCUDevice, installer: Any) -> None:
    """A run in which both tests are done."""
    run = act(device, "start", installer, str)
    tests = {"plug_started_at": timezone.now() - timedelta(seconds=300)}
    tests["leak_started_at"] = timezone.now() - timedelta(seconds=30)
    GoNoGoRun.objects.filter(pk=run.pk).update(**tests)
    unplug(device, co2_ppm=lambda i: 430.0 if i < 37 else 25_000.0)
    say(device, 1)


def test_a_run_that_goes_ends_in_a_certificate(device: MCUDevice, cast: Cast, as_user: AsUser):
    client = as_user(cast.installer)
    url = "/api/mcu-devices/litein-1/go-no-go/"
    make_ready(device, cast.installer)

    seen = client.get(url).json()
    ended = client.post(url, {"act": "finish"}, content_type="application/json").json()

    assert seen["words"] == "GO", [(line["title"], line["fact"]) for line in seen["lines"]]
    (run,) = ended["runs"]
    kept = InstallationCertificate.objects.get()
    assert run["verdict"] == GoVerdict.GO
    assert run["certificate_sha256"] == kept.sha256 == hashlib.sha256(bytes(kept.pdf)).hexdigest()
    pdf = client.get(f"{url}{run['id']}/?as=pdf")
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf.content == bytes(kept.pdf)
    assert pdf.content.startswith(b"%PDF-")
    detail = client.get(f"{url}{run['id']}/").json()
    assert detail["certificate"]["url"] == f"http://testserver/devices/litein-1/go-no-go/{run['id']}/"
    assert ["Cross-section", "round, 0.9 m inside"] in detail["certificate"]["facts"]
    assert [row[1] for row in detail["certificate"]["not_tested"]] == [
        *("Velocity profile", "Accuracy of the CO2 sensor", "Geometry")
    ]
    assert detail["evidence"]["rssi_dbm"] == -60
    assert len(detail["lines"]) == 10


def test_a_certificate_says_that_the_geometry_is_not_stated(device: MCUDevice, cast: Cast, as_user: AsUser):
    Chimney.objects.filter(factory=device.factory).update(
        shape="", diameter_m=None, width_m=None, height_m=None, velocity_profile_factor=None
    )
    make_ready(device, cast.installer)
    url = "/api/mcu-devices/litein-1/go-no-go/"

    answer = as_user(cast.installer).post(url, {"act": "finish"}, content_type="application/json")

    assert answer.status_code == 200
    facts = InstallationCertificate.objects.get().content["facts"]
    assert ["Cross-section", "not stated"] in facts
    assert ["Velocity profile factor", "not stated"] in facts


def test_a_run_that_does_not_go_is_stored_without_a_certificate(device: MCUDevice, cast: Cast, as_user: AsUser):
    client = as_user(cast.hq)
    url = "/api/mcu-devices/litein-1/go-no-go/"
    client.post(url, {"act": "start"}, content_type="application/json")
    read(device, 60, 12)
    say(device, 1, rssi_dbm=-88)

    ended = client.post(url, {"act": "finish"}, content_type="application/json").json()
    again = client.post(url, {"act": "finish"}, content_type="application/json")

    assert ended["runs"][0]["words"] == "NO-GO (Signal)"
    assert not InstallationCertificate.objects.exists()
    assert client.get(f"{url}{ended['runs'][0]['id']}/?as=pdf").status_code == 404
    assert (again.status_code, again.json()["fields"]["non_field_errors"][0]["code"]) == (400, "no_open_run")


def test_a_double_tap_starts_one_run(device: MCUDevice, cast: Cast):
    first, second = (act(device, "start", cast.installer, str) for _ in range(2))

    assert first == second


def test_health_says_why_it_is_silent_and_shows_its_week(device: MCUDevice, cast: Cast, as_user: AsUser):
    for minute in range(30):
        say(device, 600 + 60 * (29 - minute), supply_v=5.0 - minute / 30)

    body = as_user(cast.litein_manager).get("/api/mcu-devices/litein-1/health/").json()

    assert body["silence"]["cause"] == "power"
    assert body["silence"]["sentence"] == "Power fell slowly: panel or battery."
    assert min(hour["lowest_supply_v"] for hour in body["hours"]) == pytest.approx(5 - 29 / 30)


def test_the_page_shows_the_lines_and_the_certificate(device: MCUDevice, cast: Cast, as_user: AsUser):
    client = as_user(cast.installer)
    url = "/devices/litein-1/go-no-go/"
    empty = client.get(url).content.decode()
    make_ready(device, cast.installer)

    page = client.get(url).content.decode()
    part = client.get(f"{url}?part=1").content.decode()
    done = client.post(url, {"act": "finish"}, follow=True)
    reader = as_user(cast.litein_manager).get(url).content.decode()

    assert "Start the ten checks" in empty
    assert "Finish and store" in page
    assert "<html" not in part
    assert part.count('class="plate plate--fine check"') == 10
    assert "Installation certificate" in done.content.decode()
    assert "Velocity profile" in done.content.decode()
    assert "Start" not in reader.split("<main")[1]
