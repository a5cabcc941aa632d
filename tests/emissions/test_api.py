"""GET /api/emissions/: pages of readings and of roll-ups, in both directions, in scope, as CSV."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.models import Assignment, MCUDevice
from emissions import queries, rollups
from emissions.models import STREAM_OFFSET, Emission
from lib.exports import cell
from tests import make
from tests.cast import AsUser, Cast
from tests.measuring import queries_of

pytestmark = pytest.mark.django_db
NAIROBI = ZoneInfo("Africa/Nairobi")
MIDNIGHT = datetime(2026, 11, 20, tzinfo=NAIROBI)
RAW = {
    "factory",
    "device",
    "stream",
    "seq",
    "timestamp",
    "received_at",
    "co2_ppm",
    "co2_kg_per_s",
    "temperature_c",
    "velocity_ms",
    "flow_rate_m3s",
    "pressure_pa",
    "flags",
    "quality",
}
ROLLUP = {
    "factory",
    "device",
    "chimney",
    "is_of_record",
    "period_start",
    "period_end",
    "measured_kg",
    "record_kg",
    "is_lower_bound",
    "coverage_pct",
    "status",
    "measured_hours",
    "idle_hours",
    "substituted_hours",
    "partial_hours",
    "missing_hours",
    "monitor_availability_pct",
    "low_kg",
    "high_kg",
    "method",
    "rule",
    "co2_ppm",
    "temperature_c",
    "velocity_ms",
    "flow_rate_m3s",
    "quality",
    "settling_until",
    "settling_because",
}


@pytest.fixture
def device(cast: Cast) -> MCUDevice:
    device = make.make_device(factory=cast.litein, device_id="litein-1")
    make.make_assignment(device=device)
    return device


def get(client: Client, query: str = "", *, of: str = "") -> dict[str, Any]:
    """Of readings, or of roll-ups such as `of="hour"`."""
    response = client.get(f"/api/emissions/{of and f'{of}s/'}?{query}")
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def identity(row: dict[str, Any]) -> tuple[str, str, int, int]:
    return row["timestamp"], row["device"], row["stream"], row["seq"]


def follow(client: Client, body: dict[str, Any], link: str) -> list[list[dict[str, Any]]]:
    pages = [body["results"]]
    while body[link]:
        body = client.get(body[link]).json()
        pages.append(body["results"])
    return pages


# --- Raw ---------------------------------------------------------------------------------------
def test_a_raw_row_says_what_came_and_what_it_means(hq: Client, device: MCUDevice, cast: Cast) -> None:
    make.make_readings(device, MIDNIGHT, 1, stream=2**32 - 1, first_seq=40211, flags=128)

    (row,) = get(hq)["results"]

    assert set(row) == RAW
    assert (row["factory"], row["device"]) == (cast.litein.pk, "litein-1")
    assert (row["stream"], row["seq"], row["flags"]) == (4294967295, 40211, 128)
    assert (row["timestamp"], row["received_at"]) == ("2026-11-19T21:00:00.000Z", "2026-11-19T21:00:01.000Z")
    assert (row["co2_ppm"], row["temperature_c"]) == (96_000.0, 210.0)
    # Vector 3 of tests/science/test_vectors.py, to six digits; float4 keeps seven of what came in.
    assert f"{row['co2_kg_per_s']:.6g}" == "0.218073"
    assert row["quality"] == []


def test_a_reading_without_an_assignment_has_no_rate(hq: Client, cast: Cast) -> None:
    make.make_readings(make.make_device(factory=cast.litein), MIDNIGHT, 1)

    (row,) = get(hq)["results"]

    assert (row["co2_kg_per_s"], row["flow_rate_m3s"], row["co2_ppm"]) == (None, None, 96_000.0)


def test_a_failed_sensor_is_null_and_flagged(hq: Client, device: MCUDevice) -> None:
    make.make_readings(device, MIDNIGHT, 1, co2_ppm=None, flags=1)

    (row,) = get(hq)["results"]

    assert (row["co2_ppm"], row["co2_kg_per_s"]) == (None, None)
    assert "SENSOR_FAULT" in row["quality"]


def test_from_is_inclusive_and_to_exclusive(hq: Client, device: MCUDevice) -> None:
    make.make_readings(device, MIDNIGHT, 4)

    rows = get(hq, "from=2026-11-20T00:00:05%2B03:00&to=2026-11-19T21:00:15Z")["results"]

    assert [row["seq"] for row in rows] == [2, 3]


def test_a_plus_that_became_a_space_is_understood(hq: Client, device: MCUDevice) -> None:
    make.make_readings(device, MIDNIGHT, 2)

    assert len(get(hq, "from=2026-11-20T00:00:05+03:00")["results"]) == 1


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1900-01-01T00:00:00Z"])
def test_the_ends_of_time_are_times_too(hq: Client, device: MCUDevice, moment: str) -> None:
    make.make_readings(device, MIDNIGHT, 1)

    before = get(hq, f"from={moment.replace('+', '%2B')}")["results"]
    after = get(hq, f"to={moment.replace('+', '%2B')}")["results"]

    assert len(before) + len(after) == 1


# --- Paging ------------------------------------------------------------------------------------
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    readings=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 5), st.integers(0, 2), st.integers(1, 4)), unique=True, max_size=30
    ),
    size=st.integers(1, 7),
)
def test_pages_give_every_row_once_in_order_there_and_back(
    hq: Client, cast: Cast, readings: list[tuple[int, int, int, int]], size: int
) -> None:
    """Several devices, many equal timestamps: the cursor stands between rows, not between times."""
    devices = [MCUDevice.objects.get_or_create(factory=cast.litein, device_id=f"litein-{n}")[0] for n in range(3)]
    Emission.objects.all().delete()
    for device, seconds, stream, seq in readings:
        make.make_readings(
            devices[device], MIDNIGHT + timedelta(seconds=seconds), 1, stream=2**31 - 1 + stream, first_seq=seq
        )

    first = get(hq, f"page_size={size}")
    there = follow(hq, first, "next")
    last_link = f"page_size={size}"
    back: list[list[dict[str, Any]]] = []
    body = first
    while body["next"]:
        body = hq.get(body["next"]).json()
    back = follow(hq, body, "previous")

    rows = [identity(row) for page in there for row in page]
    assert len(rows) == len(set(rows)) == len(readings)
    order = {device.device_id: device.pk for device in devices}
    assert rows == sorted(rows, key=lambda row: (row[0], order[row[1]], row[2], row[3]))
    assert [identity(row) for page in reversed(back) for row in page] == rows
    assert all(len(page) == size for page in there[:-1])
    assert first["previous"] is None, last_link


def test_a_reading_that_arrives_while_paging_moves_no_other(hq: Client, device: MCUDevice) -> None:
    make.make_readings(device, MIDNIGHT, 6)
    first = get(hq, "page_size=3")
    make.make_readings(device, MIDNIGHT - timedelta(seconds=5), 1, first_seq=100)

    second = hq.get(first["next"]).json()

    assert [row["seq"] for row in first["results"] + second["results"]] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(("asked", "given"), [("2", 2), ("99999999", 3), ("", 3)])
def test_a_page_size_is_held_within_its_limits(hq: Client, device: MCUDevice, asked: str, given: int) -> None:
    make.make_readings(device, MIDNIGHT, 3)

    assert len(get(hq, f"page_size={asked}")["results"]) == given


def test_links_keep_what_was_asked_for(hq: Client, device: MCUDevice) -> None:
    make.make_readings(device, MIDNIGHT, 5)

    link = get(hq, "page_size=2&device=litein-1&from=2026-11-19T21:00:05Z")["next"]

    assert [row["seq"] for row in hq.get(link).json()["results"]] == [4, 5]


# --- Scope -------------------------------------------------------------------------------------
def test_readings_are_those_of_ones_own_factories(device: MCUDevice, cast: Cast, as_user: AsUser) -> None:
    others = [make.make_device(factory=factory) for factory in (cast.momul, cast.elsewhere)]
    for each in (device, *others):
        make.make_readings(each, MIDNIGHT, 1)

    seen = {
        who: {row["factory"] for row in get(as_user(getattr(cast, who)))["results"]}
        for who in ("litein_manager", "momul_manager", "hq", "outsider", "installer", "auditor")
    }

    assert seen == {
        "litein_manager": {cast.litein.pk},
        "momul_manager": {cast.momul.pk},
        "outsider": {cast.elsewhere.pk},
        "hq": {cast.litein.pk, cast.momul.pk},
        "installer": {cast.litein.pk},
        "auditor": {cast.litein.pk, cast.momul.pk},
    }


def test_a_cursor_opens_no_door(device: MCUDevice, cast: Cast, as_user: AsUser) -> None:
    make.make_readings(device, MIDNIGHT, 4)
    link = get(as_user(cast.hq), "page_size=2")["next"]

    assert as_user(cast.momul_manager).get(link).json()["results"] == []


def test_a_device_of_another_factory_is_not_in_this_one(hq: Client, device: MCUDevice, cast: Cast) -> None:
    assert hq.get(f"/api/emissions/?factory={cast.momul.pk}&device=litein-1").status_code == 404


# --- Roll-ups ----------------------------------------------------------------------------------
def mounted(device: MCUDevice) -> None:
    """For the three hours of `two_hours` alone: each hour with a device has a row."""
    start = datetime(2026, 10, 31, 23, tzinfo=NAIROBI)
    Assignment.objects.filter(device=device).update(valid_from=start, valid_to=start + timedelta(hours=3))


@pytest.fixture
def two_hours(device: MCUDevice) -> MCUDevice:
    """From a quarter to midnight, the last of the month's days here, for two hours at a steady fire."""
    start = datetime(2026, 10, 31, 23, 45, tzinfo=NAIROBI)
    mounted(device)
    make.make_readings(device, start, 1441, co2_ppm=lambda i: 96_000.0 + i % 7 * 10)
    rollups.touch_period(device.pk, start, None)
    rollups.roll_up_touched()
    return device


@pytest.mark.parametrize(
    ("resolution", "starts", "length"),
    [
        ("hour", ["2026-10-31T20:00:00Z", "2026-10-31T21:00:00Z", "2026-10-31T22:00:00Z"], timedelta(hours=1)),
        ("day", ["2026-10-30T21:00:00Z", "2026-10-31T21:00:00Z"], timedelta(days=1)),
        ("month", ["2026-09-30T21:00:00Z", "2026-10-31T21:00:00Z"], timedelta(days=31)),
    ],
)
def test_periods_begin_and_end_as_at_the_site(
    hq: Client, two_hours: MCUDevice, resolution: str, starts: list[str], length: timedelta
) -> None:
    rows = get(hq, of=resolution)["results"]

    assert [set(row) for row in rows] == [ROLLUP] * len(rows)
    assert [row["period_start"] for row in rows] == starts
    assert datetime.fromisoformat(rows[0]["period_end"]) - datetime.fromisoformat(starts[0]) == length


def test_masses_of_every_resolution_add_up_to_one(hq: Client, two_hours: MCUDevice) -> None:
    sums = {
        resolution: sum(
            round(float(row["measured_kg"]) * 1e6)
            for page in follow(hq, get(hq, "page_size=50", of=resolution), "next")
            for row in page
        )
        for resolution in queries.RESOLUTIONS
    }

    # Each row prints whole milligrams of its micrograms: 121 rows may differ by half of one each.
    assert max(sums.values()) - min(sums.values()) <= 121
    assert sums["month"] == pytest.approx(2 * 785.064e6, rel=2e-3)  # vector 3 of 96,000 ppm; here 30 more


def test_masses_are_strings_of_six_decimals_and_minutes_have_no_record(hq: Client, two_hours: MCUDevice) -> None:
    minute = get(hq, of="minute")["results"][0]
    hour = get(hq, of="hour")["results"][1]

    assert len(minute["measured_kg"].partition(".")[2]) == 6
    assert (minute["record_kg"], minute["status"], minute["coverage_pct"]) == (None, "", 100.0)
    assert (hour["record_kg"], hour["status"]) == (hour["measured_kg"], "measured")
    assert hour["co2_ppm"] == pytest.approx(96_030, abs=1)  # the mean of 0..60 above, hours hold no whole sevens


@pytest.mark.parametrize("resolution", queries.RESOLUTIONS)
def test_roll_ups_are_paged_there_and_back(hq: Client, two_hours: MCUDevice, resolution: str) -> None:
    everything = get(hq, "page_size=1000", of=resolution)["results"]
    first = get(hq, "page_size=1", of=resolution)
    body, there = first, list(first["results"])
    while body["next"]:
        body = hq.get(body["next"]).json()
        there += body["results"]
    back = follow(hq, body, "previous")

    assert there == everything
    assert [row for page in reversed(back) for row in page] == everything


def test_roll_ups_of_a_period_are_those_that_begin_in_it(hq: Client, two_hours: MCUDevice) -> None:
    rows = get(hq, "from=2026-10-31T21:00:00Z&to=2026-10-31T22:00:00Z", of="hour")["results"]

    assert [row["period_start"] for row in rows] == ["2026-10-31T21:00:00Z"]


def test_a_day_of_a_zone_with_summer_time_has_25_hours(hq: Client, cast: Cast) -> None:
    cast.litein.time_zone = "Europe/Berlin"
    cast.litein.save()
    start = datetime(2026, 10, 25, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    device = make.make_assignment(device=make.make_device(factory=cast.litein), valid_from=start).device
    make.make_readings(device, start, 26, interval_s=3600.0)
    rollups.touch_period(device.pk, start, None)
    rollups.roll_up_touched()

    row = get(hq, of="day")["results"][0]
    hours = get(hq, "to=2026-10-25T23:00:00Z", of="hour")["results"]

    assert (row["period_start"], row["period_end"]) == ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")
    assert row["coverage_pct"] == 100.0
    assert len(hours) == 25


# --- Cost --------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["", "hours/", "months/"])
def test_the_number_of_queries_does_not_grow_with_rows(hq: Client, two_hours: MCUDevice, cast: Cast, path: str) -> None:
    few = queries_of(hq, f"/api/emissions/{path}")
    for number in range(4):
        other = make.make_assignment(device=make.make_device(factory=cast.litein, device_id=f"more-{number}")).device
        make.make_readings(other, MIDNIGHT, 30)
        rollups.touch_period(other.pk, MIDNIGHT, None)
    rollups.roll_up_touched()

    assert queries_of(hq, f"/api/emissions/{path}") == few


# --- Latest ------------------------------------------------------------------------------------
def test_latest_is_one_row_a_device(hq: Client, device: MCUDevice, cast: Cast) -> None:
    make.make_readings(device, MIDNIGHT, 3)
    make.make_readings(device, MIDNIGHT - timedelta(days=40), 1, first_seq=900)
    other = make.make_device(factory=cast.momul, device_id="momul-1")
    make.make_readings(other, MIDNIGHT, 1)
    make.make_device(factory=cast.momul, device_id="silent-1")

    body = hq.get("/api/emissions/latest/").json()

    assert [(row["device"], row["seq"]) for row in body["results"]] == [("litein-1", 3), ("momul-1", 1)]
    assert set(body) == {"next", "previous", "results"}
    narrowed = hq.get(f"/api/emissions/latest/?factory={cast.momul.pk}").json()["results"]
    assert [row["device"] for row in narrowed] == ["momul-1"]


# --- CSV ---------------------------------------------------------------------------------------
def test_readings_as_csv_are_one_file(hq: Client, device: MCUDevice) -> None:
    make.make_readings(device, MIDNIGHT, 3, temperature_c=-5.5, pressure_pa=None)

    response: Any = hq.get("/api/emissions/?as=csv&to=2026-11-19T21:00:10Z")

    rows = list(csv.DictReader(io.StringIO(response.getvalue().decode())))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(r'attachment; filename="emissions-raw-\d{8}T\d{4}Z\.csv"', response["Content-Disposition"])
    assert set(rows[0]) == RAW | {"exported_by", "exported_at"}
    assert [row["seq"] for row in rows] == ["1", "2"]
    assert (rows[0]["temperature_c"], rows[0]["pressure_pa"]) == ("-5.5", "")


@pytest.mark.parametrize("of", queries.RESOLUTIONS)
def test_a_file_of_roll_ups_is_all_pages_of_the_list(
    hq: Client, two_hours: MCUDevice, cast: Cast, of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make.make_assignment(device=make.make_device(factory=cast.litein, device_id="a-second")).device
    mounted(other)
    make.make_readings(other, datetime(2026, 10, 31, 23, 50, tzinfo=NAIROBI), 1200)
    rollups.touch_period(other.pk, MIDNIGHT - timedelta(days=30), None)
    rollups.roll_up_touched()
    monkeypatch.setattr("emissions.queries.HELD_ROWS", 2)

    response: Any = hq.get(f"/api/emissions/{of}s/?as=csv")

    found = list(csv.DictReader(io.StringIO(response.getvalue().decode())))
    rows = [row for page in follow(hq, get(hq, "page_size=50", of=of), "next") for row in page]
    assert [(row["device"], row["period_start"], row["measured_kg"]) for row in found] == [
        (row["device"], row["period_start"], row["measured_kg"]) for row in rows
    ]
    assert len({row["device"] for row in found}) == 2


def test_a_longer_file_takes_no_more_queries(hq: Client, device: MCUDevice) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            response: Any = hq.get("/api/emissions/?as=csv")
            assert response.getvalue()
        return len(captured)

    make.make_readings(device, MIDNIGHT, 10)
    few = count()
    make.make_readings(device, MIDNIGHT + timedelta(hours=1), 500, first_seq=100)

    assert count() == few


def test_in_the_demo_a_file_says_so_in_its_last_column_and_its_name(
    hq: Client, device: MCUDevice, settings: Any
) -> None:
    settings.DEMO = True
    make.make_readings(device, MIDNIGHT, 1)

    response: Any = hq.get("/api/emissions/?as=csv")

    header, row = csv.reader(io.StringIO(response.getvalue().decode()))
    assert (header[0], header[-1], row[-1]) == ("factory", "simulated", "True")
    assert "simulated-emissions-raw-" in response["Content-Disposition"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("-5.5", "-5.5"),
        ("+254712345678", "+254712345678"),
        (-5.5, -5.5),
        (None, ""),
        ("plain", "plain"),
        (["=1", "x"], "'=1 x"),
        ({"a": "=1"}, '{"a": "=1"}'),
    ],
)
def test_no_cell_is_a_formula(value: Any, written: Any) -> None:
    assert cell(value) == written


def test_a_factory_name_that_is_a_formula_stays_text(hq: Client, cast: Cast) -> None:
    make.make_factory(organisation=cast.organisation, name='=HYPERLINK("http://evil.example")')

    text = hq.get("/api/factories/?as=csv").getvalue().decode()

    assert "\"'=HYPERLINK" in text


def test_the_stream_number_is_unsigned_to_the_world_and_signed_within(device: MCUDevice) -> None:
    stored = make.make_readings(device, MIDNIGHT.astimezone(UTC), 1, stream=0)[0]

    assert (stored.stream, STREAM_OFFSET) == (-(2**31), 2**31)
