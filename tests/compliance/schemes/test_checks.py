"""The checks of schemes: each finds what it is for, with a page that mends it, and nothing at a site in order."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from compliance.inventory.lines import Hours
from compliance.schemes import ReportInputs, schemes
from compliance.schemes.checks import CHECKS, differing_sums
from devices.models import Calibration
from factories.models import Chimney, EmissionSource, Factory
from tests.compliance.schemes.worlds import INDIAN_YEAR, YEAR, inputs_of, log, make_mine, make_tea
from tests.make import make_assignment, make_chimney, make_factory, make_target

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def found(inputs: ReportInputs) -> dict[str, Any]:
    return {finding.code: finding for check in CHECKS for finding in check(inputs)}


def of(
    site: Factory,
    first: date = YEAR[0],
    end: date = YEAR[1],
    code: str = "ghg_protocol",
    known_on: datetime | None = None,
) -> ReportInputs:
    return inputs_of(schemes()[code], site, first, end, known_on=known_on)


def test_a_site_in_order_has_no_finding_but_those_of_its_factors() -> None:
    # AR6 beside a grid factor that Ember publishes in AR5; CH4 and N2O of petrol on the road were read in a copy
    assert found(of(make_tea())).keys() == {"mixed_gwp", "unconfirmed_factors"}
    assert found(of(make_tea(), code="cbam_style")).keys() == {"unconfirmed_factors"}  # it is AR5


def test_wood_without_moisture_and_a_report_without_target_are_named() -> None:
    site = make_factory()
    log(site, 100, "kg", "firewood", date(2025, 3, 1), date(2025, 3, 2))
    findings = found(of(site))
    assert findings["moisture_not_stated"].link == f"/factories/{site.pk}/setup/place/"
    assert "1 entry" in findings["moisture_not_stated"].sentence
    assert findings["no_base_year"].link == "/targets/new/"
    make_target(site)
    assert "no_base_year" not in found(of(site))


def test_old_calibrations_and_chimneys_without_geometry_are_named() -> None:
    site = make_factory()
    old = make_assignment(
        chimney=make_chimney(factory=site, name="Stack 1"), valid_from=datetime(2025, 1, 1, tzinfo=UTC)
    )
    calibration: dict[str, Any] = {"kind": "zero", "pressure_pa": 80_000.0, "device": old.device}
    Calibration.objects.create(
        calibrated_at=datetime(2025, 1, 2, tzinfo=UTC), valid_until=datetime(2025, 7, 1, tzinfo=UTC), **calibration
    )
    bare = Chimney.objects.create(factory=site, name="Stack 2", velocity_profile_factor=None)
    make_assignment(chimney=bare, valid_from=datetime(2025, 1, 1, tzinfo=UTC))

    findings = found(of(site))

    assert "ended on 1 July 2025" in findings["calibration_expired"].sentence
    assert findings["calibration_expired"].link == f"/devices/{old.device.device_id}/calibrations/new/"
    assert findings["no_geometry"].link == f"/factories/{site.pk}/setup/chimneys/{bare.pk}/"
    Calibration.objects.create(
        calibrated_at=datetime(2025, 6, 2, tzinfo=UTC), valid_until=datetime(2026, 7, 1, tzinfo=UTC), **calibration
    )
    assert "calibration_expired" not in found(of(site))


def test_a_mine_without_a_class_blocks_the_signature() -> None:
    mine = make_mine()
    EmissionSource.objects.filter(factory=mine, kind="mine_methane").delete()
    finding = found(of(mine, *INDIAN_YEAR, code="mine_methane"))["emissions_unknown"]
    assert (finding.severity, finding.link) == ("error", f"/factories/{mine.pk}/setup/sources/")


def test_an_awaited_bill_is_named_until_it_is_due() -> None:
    site = make_factory()
    log(site, 1000, "kWh", "electricity", date(2026, 10, 1), date(2026, 11, 10))
    november = date(2026, 11, 1), date(2026, 12, 1)
    # 35 days after 10 November
    then, later = (datetime.combine(date(2026, *day), time(0), site.zone) for day in ((11, 22), (12, 16)))
    assert "awaited until 15 December 2026" in found(of(site, *november, known_on=then))["awaited_bill"].sentence
    assert "awaited_bill" not in found(of(site, date(2026, 10, 1), date(2026, 11, 1), known_on=then))
    assert "awaited_bill" not in found(of(site, *november, known_on=later))


@pytest.mark.parametrize(("measured", "idle", "is_low"), [(79, 0, True), (60, 20, False), (0, 0, True)])
def test_less_than_80_percent_of_the_hours_is_named(measured: int, idle: int, is_low: bool) -> None:
    inputs = of(make_tea())
    row = replace(
        inputs.inventory.completeness[0], hours=Hours(measured=measured, idle=idle, missing=100 - measured - idle)
    )
    inputs = replace(inputs, inventory=replace(inputs.inventory, completeness=(row,)))
    assert ("low_coverage" in found(inputs)) is is_low


def test_a_total_that_is_not_its_parts_is_found() -> None:
    scheme = schemes()["ghg_protocol"]
    content = scheme.fill(of(make_tea()))
    changed = [
        replace(
            section,
            fields=tuple(
                replace(f, value=str(Decimal(f.value or 0) + 1)) if f.code == "scope_1" else f for f in section.fields
            ),
        )
        for section in content.sections
    ]
    assert list(differing_sums(replace(content, sections=tuple(changed)))) == ["scope_1"]
