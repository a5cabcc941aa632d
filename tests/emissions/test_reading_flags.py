"""Flags that need more than the readings: calibrations, clocks, fuels. On stored readings, as the API shows them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.roles import Role
from devices.choices import CalibrationKind
from devices.models import Assignment, Calibration
from emissions import rollups
from emissions.models import STREAM_OFFSET, Emission, EmissionDay
from factories.choices import SourceKind
from factories.models import EmissionSource
from portal.words import quality_sentences, quality_words
from science.quality import Quality
from tests import make
from tests.cast import AsUser

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 20, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)
COLD = {"temperature_c": 25.0, "velocity_ms": 0.3}


@pytest.fixture
def assignment() -> Assignment:
    """A 20 % sensor."""
    return make.make_assignment(range_ppm=200_000.0)


def store(assignment: Assignment, count: int = 1, **fields: Any) -> None:
    make.make_readings(assignment.device, START, count, **fields)


def calibrated(assignment: Assignment, days_before: int, **fields: Any) -> None:
    fields = {"kind": CalibrationKind.ZERO, "pressure_pa": 79_495} | fields
    Calibration.objects.create(device=assignment.device, calibrated_at=START - timedelta(days=days_before), **fields)


def qualities(assignment: Assignment, as_user: AsUser) -> list[list[str]]:
    hq = make.make_user()
    make.make_membership(user=hq, role=Role.HQ_MANAGER, organisation=assignment.factory.organisation)
    rows = as_user(hq).get("/api/emissions/?page_size=1000").json()["results"]
    return [row["quality"] for row in rows]


def test_a_calibration_that_has_expired_is_said_from_that_moment(assignment: Assignment, as_user: AsUser) -> None:
    calibrated(assignment, 90, valid_until=START + 10 * SECOND)
    store(assignment, 4)

    assert qualities(assignment, as_user) == [[], [], ["CALIBRATION_EXPIRED"], ["CALIBRATION_EXPIRED"]]


def test_zero_and_span_expire_each_on_its_own(assignment: Assignment, as_user: AsUser) -> None:
    """The maker's is of both; a new zero says nothing of the span."""
    calibrated(assignment, 400, kind=CalibrationKind.FACTORY, valid_until=START - timedelta(days=35))
    store(assignment)
    assert qualities(assignment, as_user) == [["CALIBRATION_EXPIRED"]]

    calibrated(assignment, 30, valid_until=START + timedelta(days=60))
    with_a_zero = qualities(assignment, as_user)
    calibrated(assignment, 29, kind=CalibrationKind.SPAN, valid_until=START + timedelta(days=60))

    assert with_a_zero == [["CALIBRATION_EXPIRED"]]
    assert qualities(assignment, as_user) == [[]]


def test_a_calibration_without_a_date_never_expires(assignment: Assignment, as_user: AsUser) -> None:
    calibrated(assignment, 400)
    store(assignment)

    assert qualities(assignment, as_user) == [[]]


@pytest.mark.parametrize(("ahead_s", "flags"), [(10, []), (10.1, ["CLOCK_SKEW"]), (110, ["CLOCK_SKEW"]), (-7200, [])])
def test_a_clock_ahead_of_ours_is_said(
    assignment: Assignment, as_user: AsUser, ahead_s: float, flags: list[str]
) -> None:
    store(assignment, received_at=START - timedelta(seconds=ahead_s))

    assert qualities(assignment, as_user) == [flags]


def test_a_clock_set_back_within_a_boot_is_said(assignment: Assignment, as_user: AsUser) -> None:
    # Numbers 1, 2, 3 at 0, 5, 10 s; then the clock loses 7 s, and 4 and 5 come at 8 and 13 s.
    store(assignment, 3)
    make.make_readings(assignment.device, START + 8 * SECOND, 2, first_seq=4)

    # By time 1, 2, 4, 3, 5: the third of them follows the fourth.
    assert qualities(assignment, as_user) == [[], [], [], ["CLOCK_SKEW"], []]


def test_numbers_of_two_boots_or_without_any_say_nothing_of_clocks(assignment: Assignment, as_user: AsUser) -> None:
    store(assignment, 2, first_seq=900)
    make.make_readings(assignment.device, START + 10 * SECOND, 2, stream=8)
    for second in (20, 25):
        at = START + second * SECOND
        Emission.objects.create(
            device=assignment.device, timestamp=at, received_at=at, stream=-STREAM_OFFSET, seq=0, interval_s=5
        )

    assert not any("CLOCK_SKEW" in flags for flags in qualities(assignment, as_user))


def test_no_co2_at_all_of_a_twenty_percent_sensor_reaches_readings_and_roll_ups(
    assignment: Assignment, as_user: AsUser
) -> None:
    store(assignment, 130, co2_ppm=0.0, **COLD)

    found = qualities(assignment, as_user)

    assert (found[0], found[121]) == (["UNDER_RANGE"], ["UNDER_RANGE", "BELOW_AMBIENT"])
    rollups.touch_period(assignment.device_id, START, None)
    rollups.roll_up_touched()
    assert EmissionDay.objects.get().quality & Quality.BELOW_AMBIENT


def test_the_zero_that_was_found_on_site_decides_what_is_below_the_air(assignment: Assignment, as_user: AsUser) -> None:
    store(assignment, 130, co2_ppm=lambda i: 120.0 + i % 2, **COLD)
    assert qualities(assignment, as_user)[129] == []  # 2 % of 200,000 ppm: noise

    # 140 ppm found in nitrogen: 425 - 2 x 140 = 145 ppm are below the air.
    calibrated(assignment, 30, reading_ppm=140.0, reference_ppm=0.0)

    found = qualities(assignment, as_user)
    assert (found[120], found[121]) == ([], ["BELOW_AMBIENT"])


@pytest.mark.parametrize(
    ("fuels", "flags"),
    [
        ("natural_gas", ["OUT_OF_PHYSICAL"]),
        ("diesel, Heavy_fuel_oil", ["OUT_OF_PHYSICAL"]),
        ("firewood,diesel", []),
        # 60 % CH4 + 40 % CO2 burn to 1 of CO2 in 1 + 0.6 x 2 x 79.05 / 20.95 = 5.53 of dry smoke: 18.1 % CO2.
        ("biogas_raw", []),
        ("biogas,diesel", []),
        ("", []),
    ],
)
def test_smoke_of_gas_and_oil_has_less_co2_than_that_of_wood(
    assignment: Assignment, as_user: AsUser, fuels: str, flags: list[str]
) -> None:
    EmissionSource.objects.all().delete()
    EmissionSource.objects.create(
        factory=assignment.factory, name="x", kind=SourceKind.BOILER, chimney=assignment.chimney, fuels=fuels
    )
    store(assignment, co2_ppm=161_000.0)

    assert qualities(assignment, as_user) == [flags]


def test_what_a_manager_can_mend_has_a_sentence() -> None:
    flags = Quality.BELOW_AMBIENT | Quality.UNDER_RANGE | Quality.CALIBRATION_EXPIRED | Quality.CLOCK_SKEW

    assert len(quality_sentences(flags)) == 4
    assert set(quality_words()) <= {flag.name for flag in Quality}
