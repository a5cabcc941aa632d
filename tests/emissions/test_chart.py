"""The chart: its bars are the API's rows, the same data is the same bytes, and it says what it is and is not."""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from emissions import chart
from emissions.chart import Look
from emissions.chart_data import MOST_PERIODS, ChartData, ChartPeriod, chart_data, local_starts
from emissions.derive import milliseconds
from emissions.hours_and_days import roll_up_days
from emissions.models import EmissionHour, HourStatus
from tests import make
from tests.cast import AsUser, Cast

NAIROBI = ZoneInfo("Africa/Nairobi")
START = datetime(2026, 11, 18, 21, tzinfo=UTC)  # midnight of the 19th in Nairobi
KG = 10**9


def hour(assignment: Any, start: datetime, status: str = HourStatus.MEASURED, kg: int = 500, **fields: Any) -> None:
    is_of_record = status in (HourStatus.MEASURED, HourStatus.IDLE)
    values = {
        "measured_ug": 0 if status == HourStatus.IDLE else kg * KG,
        "flux_ug_per_m2": 0,
        "covered_ms": 3_600_000,
        "weight_s": 3600.0,
        "readings": 720,
        "valid_readings": 720,
        "operating_ms": 0,
        "idle_ms": 0,
        "method_version": "1",
        "record_ug": kg * KG if is_of_record else None,
    } | fields
    EmissionHour.objects.create(
        device=assignment.device, assignment=assignment, period_start=start, status=status, **values
    )


@pytest.fixture
def chimney(cast: Cast) -> Any:
    """Two days of Litein: measured, an idle hour, two missing ones (one with some data), one substituted."""
    assignment = make.make_assignment(device=make.make_device(factory=cast.litein, device_id="litein-1"))
    for i in range(48):
        at = START + timedelta(hours=i)
        if i == 3:
            hour(assignment, at, HourStatus.IDLE, 0)
        elif i == 4:
            hour(assignment, at, HourStatus.MISSING, 70)
        elif i == 6:
            make.make_substitute(assignment, at, 300 * KG)
        elif i != 5:
            hour(assignment, at)
    return assignment


def data_of(assignment: Any, resolution: str, **fields: Any) -> ChartData:
    fields = {"start": START, "end": START + timedelta(days=2)} | fields
    return chart_data(
        "Litein Tea Factory",
        [assignment.device_id],
        resolution,
        fields["start"],
        fields["end"],
        now=datetime(2026, 11, 22, tzinfo=UTC),
        is_one_device=False,
    )


# --- What is drawn -----------------------------------------------------------------------------
@pytest.mark.django_db
def test_hours_are_known_by_their_status_and_gaps_stay_gaps(chimney: Any) -> None:
    periods = data_of(chimney, "hour").periods

    assert len(periods) == 48
    assert periods[0] == ChartPeriod(datetime(2026, 11, 19), 500 * KG, 0, 0, 1.0, 1, 0, 0)  # noqa: DTZ001
    assert (periods[3].idle_hours, periods[3].measured_ug) == (1, 0)
    assert (periods[4].full_kg, periods[4].partial_kg, periods[4].missing_hours) == (0, 70, 1)
    assert (periods[5].measured_ug, periods[5].missing_hours) == (0, 1)
    assert (periods[6].substituted_kg, periods[6].missing_hours) == (300, 0)


@pytest.mark.django_db
def test_days_and_months_are_the_sites_own_and_sum_their_hours(chimney: Any) -> None:
    days, months = (
        data_of(chimney, "day").periods,
        data_of(chimney, "month", start=START - timedelta(days=18)).periods,
    )

    assert [day.start.day for day in days] == [19, 20]
    assert [day.measured_ug for day in days] == [(20 * 500 + 70) * KG, 24 * 500 * KG]
    assert [day.missing_hours for day in days] == [2, 0]
    assert [(m.start.month, m.measured_ug) for m in months] == [(11, (44 * 500 + 70) * KG)]


@pytest.mark.django_db
@pytest.mark.parametrize("resolution", ["hour", "day"])
def test_the_bars_are_the_rows_of_the_api(chimney: Any, cast: Cast, as_user: AsUser, resolution: str) -> None:
    last = START + timedelta(hours=47)
    roll_up_days(chimney.device_id, milliseconds(START), milliseconds(last), NAIROBI)
    query = {"from": START.isoformat(), "to": (START + timedelta(days=2)).isoformat()}
    rows = as_user(cast.hq).get(f"/api/emissions/{resolution}s/", query | {"page_size": 1000}).json()["results"]

    periods = data_of(chimney, resolution).periods

    assert sum(Decimal(row["measured_kg"]) for row in rows) * KG == sum(p.measured_ug for p in periods) > 0


@pytest.mark.django_db
def test_chimneys_are_summed_and_cross_checks_are_not(chimney: Any, cast: Cast) -> None:
    second = make.make_assignment(device=make.make_device(factory=cast.litein, device_id="litein-2"))
    check = make.make_assignment(
        device=make.make_device(factory=cast.litein, device_id="litein-3"), chimney=chimney.chimney, is_of_record=False
    )
    for assignment in (second, check):
        hour(assignment, START, kg=100)
    keys = [chimney.device_id, second.device_id, check.device_id]
    end = START + timedelta(hours=1)
    now = datetime(2026, 11, 22, tzinfo=UTC)

    both = chart_data("x", keys, "hour", START, end, now=now, is_one_device=False).periods[0]
    alone = chart_data("x", [check.device_id], "hour", START, end, now=now, is_one_device=True).periods[0]

    assert (both.measured_ug, both.expected_hours, both.measured_hours) == (600 * KG, 2.0, 2)
    assert alone.measured_ug == 100 * KG


def test_a_month_begins_on_its_first_and_a_day_at_midnight_of_the_site() -> None:
    start, end = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)

    months = list(local_starts("month", start, end, NAIROBI))
    days = list(local_starts("day", start, start + timedelta(days=2), NAIROBI))

    assert [month.month for month in months] == [2, 3, 4]  # April begins at 21:00 UTC of 31 March
    assert [(day.day, day.hour) for day in days] == [(16, 0), (17, 0)]


# --- The drawing -------------------------------------------------------------------------------
def some_data(**fields: Any) -> ChartData:
    at = [datetime(2026, 11, 19, h) for h in range(4)]  # noqa: DTZ001
    periods = (
        ChartPeriod(at[0], 500 * KG, 0, 0, 1.0, 1),
        ChartPeriod(at[1], 0, 0, 0, 1.0, 0, 0, 1),
        ChartPeriod(at[2], 0, 0, 300 * KG, 1.0, 0, 1),
        ChartPeriod(at[3], 0, 0, 0, 1.0),
    )
    values = {
        "title": "Litein <Tea> & Factory",
        "resolution": "hour",
        "start": START,
        "end": START + timedelta(hours=4),
        "zone_name": "Africa/Nairobi",
        "periods": periods,
    } | fields
    return ChartData(**values)


def test_the_same_data_gives_the_same_bytes_in_many_threads() -> None:
    look = Look(640, 320, False)
    once = (chart.svg(some_data(), look), chart.png(some_data(), look))

    with ThreadPoolExecutor(4) as pool:
        many = list(pool.map(lambda _n: (chart.svg(some_data(), look), chart.png(some_data(), look)), range(4)))

    assert set(many) == {once}
    assert b"<dc:date>" not in once[0]


def test_the_svg_refers_to_nothing_and_is_as_large_as_asked() -> None:
    text = chart.svg(some_data(), Look(800, 400, True)).decode()

    root = ElementTree.fromstring(text)
    assert root.get("viewBox") == "0 0 576 288"  # points: 800 x 400 px at 100 a inch
    assert "<text" not in text  # outlines, so that no font is needed
    assert not re.findall(r'(?:href|src)="(?!#)', text)
    assert "<script" not in text
    assert "&lt;Tea&gt;" in text


def test_the_png_is_as_large_as_asked() -> None:
    image = Image.open(io.BytesIO(chart.png(some_data(), Look(800, 400, False))))

    assert (image.format, image.size) == ("PNG", (800, 400))


def test_simulated_figures_are_marked_in_the_image_on_top_and_across() -> None:
    plain, marked = (
        Image.open(io.BytesIO(chart.png(some_data(), Look(800, 400, is_simulated)))).convert("RGB")
        for is_simulated in (False, True)
    )

    assert plain.getpixel((2, 2)) == (255, 255, 255)
    assert marked.getpixel((2, 2)) == (251, 239, 213)
    # Between the bars of the middle the words go across: there is ink where the plain one is empty.
    box = (460, 100, 800, 250)
    assert marked.crop(box).tobytes() != plain.crop(box).tobytes()


@pytest.mark.parametrize("resolution", ["hour", "day", "month"])
@pytest.mark.parametrize("count", [0, 1, 60])
def test_any_number_of_periods_is_drawn(resolution: str, count: int) -> None:
    at = datetime(2026, 1, 1)  # noqa: DTZ001
    periods = tuple(ChartPeriod(at + timedelta(hours=i), 10**15, 0, 0, 1.0, 1) for i in range(count))

    assert chart.svg(some_data(resolution=resolution, periods=periods, zone_name=""), Look(480, 280, True))


# --- The endpoint ------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize(("form", "kind"), [("svg", "image/svg+xml"), ("png", "image/png")])
def test_it_answers_an_image_and_304_when_the_client_has_it(
    chimney: Any, cast: Cast, as_user: AsUser, form: str, kind: str
) -> None:
    hq, url = (as_user(cast.hq), f"/api/emissions/chart.{form}?factory={cast.litein.pk}&from=2026-11-18T21:00:00Z")

    first = hq.get(url, headers={"Accept": kind})
    again = hq.get(url, headers={"If-None-Match": first["ETag"]})
    hour(chimney, START + timedelta(hours=5))
    changed = hq.get(url, headers={"If-None-Match": first["ETag"]})

    assert (first.status_code, first["Content-Type"]) == (200, kind)
    assert (again.status_code, again.content) == (304, b"")
    assert (changed.status_code, changed["ETag"] == first["ETag"]) == (200, False)
    assert "private" in first["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("resolution=raw", "resolution", "invalid_choice"),
        ("width=10", "width", "out_of_range"),
        ("height=99999", "height", "out_of_range"),
        ("width=%C2%B2", "width", "out_of_range"),
        ("from=2020-01-01T00:00:00Z", "to", "too_many_points"),
        ("from=2026-11-22", "from", "offset_missing"),
        ("resolution=day&from=2020-01-01T00:00:00Z", "to", "too_many_points"),
        ("from=2026-11-22T00:00:00Z&to=2026-11-22T00:00:00Z", "to", "period_backward"),
        ("to=9999-12-31T23:00:00Z", "to", "out_of_range"),
        ("to=0001-01-01T00:00:00Z", "to", "out_of_range"),
    ],
)
def test_a_wrong_parameter_is_named(
    chimney: Any, cast: Cast, as_user: AsUser, query: str, field: str, code: str
) -> None:
    response = as_user(cast.hq).get(f"/api/emissions/chart.svg?{query}")

    assert response.status_code == 400
    assert response.json()["fields"][field][0]["code"] == code


@pytest.mark.django_db
def test_nobody_sees_a_chart_of_what_is_not_theirs(chimney: Any, cast: Cast, as_user: AsUser) -> None:
    manager = as_user(cast.momul_manager)

    assert manager.get(f"/api/emissions/chart.svg?factory={cast.litein.pk}").status_code == 404
    assert manager.get("/api/emissions/chart.svg?device=litein-1").status_code == 404
    assert as_user(None).get("/api/emissions/chart.svg").status_code == 401


@pytest.mark.django_db
def test_a_longest_chart_asks_as_many_queries_as_a_short_one(chimney: Any, cast: Cast, as_user: AsUser) -> None:
    end = timezone.now().replace(minute=0, second=0, microsecond=0)
    hq = as_user(cast.hq)
    hq.get("/api/emissions/chart.svg")  # the first call of a minute begins the count of the rate limit

    def query_count(days: int) -> int:
        query = {"resolution": "day", "from": (end - timedelta(days=days)).isoformat(), "to": end.isoformat()}
        with CaptureQueriesContext(connection) as captured:
            assert hq.get("/api/emissions/chart.svg", query).status_code == 200
        return len(captured)

    assert query_count(MOST_PERIODS["day"]) == query_count(1)
