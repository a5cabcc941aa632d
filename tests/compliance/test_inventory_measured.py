"""Measured CO2 in inventories: what it replaces, how it is split, when it counts, and the lock of its basis."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from compliance.inventory import inputs
from compliance.inventory.build import build
from compliance.inventory.inputs import _ratios
from compliance.inventory.lines import Basis, Inventory
from compliance.inventory.measured import measured_co2
from compliance.models import BasisLock
from devices.models import Assignment
from energy.models import EmissionFactor
from factories.models import EmissionSource, Factory
from factories.services import archive
from tests.cast import AsUser, Cast
from tests.compliance.build import make_hours
from tests.make import make_assignment, make_chimney, make_energy_entry, make_factory

pytestmark = pytest.mark.django_db

FIRST, END = date(2026, 10, 1), date(2026, 11, 1)
BEGIN = datetime(2026, 9, 30, 21, tzinfo=UTC)  # midnight in Nairobi
REASON = "The probe was moved."


def measured_boiler(factory: Factory, *, kg_per_h: float = 2.0, hours: int = 31 * 24, **fields: Any) -> Assignment:
    """October measured in the chimney of the site's only boiler."""
    assignment = make_assignment(chimney=make_chimney(factory=factory), **fields)
    factory.emission_sources.filter(kind="boiler").update(chimney=assignment.chimney, fuels="firewood")
    make_hours(assignment, BEGIN, hours, kg=kg_per_h)
    return assignment


def burn(factory: Factory, amount: int, days: int = 31, **fields: Any) -> None:
    period = {"timestamp": None, "period_start": BEGIN, "period_end": BEGIN + timedelta(days=days)}
    make_energy_entry(factory, amount=Decimal(amount), **({"unit": "kg"} | period | fields))


def october(factory: Factory) -> Inventory:
    return build([factory], FIRST, END)


def by_basis(inventory: Inventory, gas: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for line in inventory.lines:
        if line.gas == gas and line.stream != "electricity":
            sums[str(line.basis)] = sums.get(str(line.basis), Decimal(0)) + line.mass.likely_kg
    return sums


def test_measured_carbon_dioxide_replaces_that_of_the_fuel_and_nothing_else(litein: Factory) -> None:
    burn(litein, 1000)
    boiler = litein.emission_sources.get(kind="boiler")
    burn(litein, 100, energy_type="diesel", unit="L", source_id=boiler.pk)
    calculated = october(litein)
    measured_boiler(litein)

    found = october(litein)

    # Of the carbon 267.6492 kg of 267.6492 + 1,283.333333 kg is fossil: 48 kg a day x 0.172567... = 8.283188 kg
    fossil_a_day = (48 * Decimal("267.6492") / Decimal("1550.982533")).quantize(Decimal("0.000001"))
    assert by_basis(found, "CO2") == {"measured": fossil_a_day * 31}
    assert by_basis(found, "CO2_biogenic") == {"measured": 1488 - fossil_a_day * 31}  # 744 h x 2 kg
    for gas in ("CH4_biogenic", "CH4_fossil", "N2O"):
        assert by_basis(found, gas) == by_basis(calculated, gas)
    assert by_basis(calculated, "CO2") == {"calculated": Decimal("267.6492")}
    assert (found.completeness[0].hours.measured, found.completeness[0].scope1_days) == (744, 31)
    # Its sensors are off by 11.8 % (ISA pressure): both halves of the carbon by the same.
    share = found.biogenic.half_width_kg / float(found.biogenic.likely_kg)
    assert share == pytest.approx(2 * 0.1173, abs=0.001)


def test_unlogged_fuel_is_estimated_from_what_was_measured(litein: Factory) -> None:
    measured_boiler(litein)
    found = october(litein)
    # Firewood is listed: 3.66513e-4 kg CH4 and 4.88684e-5 kg N2O with 1.283333 kg CO2; of 48 kg CO2 a day these are
    # 0.013709 and 0.001828 kg
    assert by_basis(found, "CO2_biogenic") == {"measured": Decimal(1488)}
    assert by_basis(found, "CH4_biogenic")[Basis.ESTIMATED] == 31 * Decimal("0.013709")
    assert by_basis(found, "N2O")[Basis.ESTIMATED] == 31 * Decimal("0.001828")
    EmissionSource.objects.filter(factory=litein).update(fuels="")
    unlisted = october(litein)
    assert [(one.what, one.amount) for one in unlisted.unknown] == [("fuel", Decimal(1488))]
    assert by_basis(unlisted, "CO2") == {"measured": Decimal(1488)}  # not known to be biogenic


def test_a_month_in_which_the_sensor_began_is_calculated_and_filled_hours_stand_apart(litein: Factory) -> None:
    burn(litein, 1000)
    late = measured_boiler(litein, valid_from=BEGIN + timedelta(days=3), hours=0)
    assert by_basis(october(litein), "CO2_biogenic") == {"calculated": Decimal("1283.333333")}
    Assignment.objects.filter(pk=late.pk).update(valid_from=BEGIN - timedelta(days=40))
    make_hours(late, BEGIN + timedelta(days=1), 30 * 24, kg=2.0)

    found = october(litein)

    bases = by_basis(found, "CO2_biogenic")
    assert bases.keys() == {"measured", "substituted"}
    assert bases["measured"] == 30 * 48
    assert {line.method for line in found.lines if line.basis == Basis.SUBSTITUTED} == {"fuel_based"}


def test_a_bill_that_outlasts_its_source_is_not_counted_beside_the_chimney(litein: Factory) -> None:
    chimney = measured_boiler(litein).chimney
    old = EmissionSource.objects.create(
        factory=litein, kind="boiler", name="Old boiler", chimney=chimney, last_day=date(2026, 9, 30)
    )
    burn(litein, 1000, source_id=old.pk)
    assert by_basis(october(litein), "CO2_biogenic") == {"measured": Decimal(1488)}  # 744 h x 2 kg


def test_no_hour_is_missing_before_the_boiler_is_in_use_and_those_of_today_hide_none(litein: Factory) -> None:
    assignment = measured_boiler(litein, valid_from=BEGIN + timedelta(days=10), hours=0)
    litein.emission_sources.filter(kind="boiler").update(first_day=date(2026, 10, 11))
    make_hours(assignment, BEGIN + timedelta(days=10), 21 * 24, kg=2.0)
    found = october(litein)
    assert by_basis(found, "CO2_biogenic") == {"measured": Decimal(21 * 48)}
    assert found.unknown == ()

    site = inputs.load([litein], FIRST, END)[0]
    chimney_id = assignment.chimney_id
    days = [
        replace(day, recorded_h=22) if day.day == date(2026, 10, 11) else day for day in site.chimney_days[chimney_id]
    ]
    site.chimney_days, site.today = {chimney_id: days}, date(2026, 10, 12)  # 24 h of 12 October are recorded already
    assert [(one.what, one.amount) for one in measured_co2(site).unknown] == [("hours_missing", 2)]


def test_a_later_version_of_a_factor_changes_nothing_that_was_known() -> None:
    first = _ratios(None)["firewood"].factor_ids
    factor = EmissionFactor.objects.get(pk=first[0])
    factor.pk, factor.version, factor.note = None, factor.version + 1, "Published again."
    factor._state.adding = True
    factor.save()
    before, after = (_ratios(factor.loaded_at + timedelta(seconds=s))["firewood"].factor_ids for s in (-1, 0))
    assert before == first
    assert after == _ratios(None)["firewood"].factor_ids == (factor.pk, first[1])


def test_hq_locks_a_basis_after_it_has_seen_what_that_changes(hq: Client, cast: Cast) -> None:
    burn(cast.litein, 1000)
    measured_boiler(cast.litein)
    boiler = cast.litein.emission_sources.get(kind="boiler")
    body = {"source": boiler.pk, "basis": "calculated", "from_month": "2026-10-01", "reason": REASON}

    asked = hq.post("/api/basis-locks/", body, content_type="application/json")
    before = by_basis(october(cast.litein), "CO2_biogenic")
    stored = hq.post("/api/basis-locks/", body | {"confirm": asked.json()["confirm"]}, content_type="application/json")

    assert asked.status_code == 202
    shown = {one["code"]: (one["site"], one["before"], one["after"]) for one in asked.json()["figures"]}
    assert shown["biogenic_co2"] == (cast.litein.name, pytest.approx(1488), pytest.approx(1283.333333))
    assert before == {"measured": Decimal(1488)}
    assert stored.status_code == 201
    assert by_basis(october(cast.litein), "CO2_biogenic") == {"calculated": Decimal("1283.333333")}
    assert BasisLock.objects.get().reason == REASON
    audit = hq.get("/api/audit/?kind=basislock")
    assert REASON in audit.content.decode()


def test_a_lock_names_the_sources_that_are_locked_with_it(hq: Client, cast: Cast) -> None:
    chimney = measured_boiler(cast.litein, hours=0).chimney
    boiler = cast.litein.emission_sources.get(kind="boiler")
    second = EmissionSource.objects.create(factory=cast.litein, kind="boiler", name="Second", chimney=chimney)
    body = {"source": boiler.pk, "basis": "calculated", "from_month": "2027-01-01", "reason": REASON}

    answer = hq.post("/api/basis-locks/", body, content_type="application/json")
    archive(cast.litein)
    later = hq.post("/api/basis-locks/", body | {"from_month": "2027-02-01"}, content_type="application/json")

    assert (answer.status_code, answer.json()["source"]) == (201, boiler.pk)
    assert [(one["source"], one["basis"]) for one in answer.json()["together"]] == [(second.pk, "calculated")]
    assert (later.status_code, later.json()["code"]) == (409, "factory_archived")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"basis": "measured"}, "basis"),  # the boiler has no chimney
        ({"from_month": "2026-10-02"}, "from_month"),
        ({"from_month": "0001-01-01"}, "from_month"),
        ({"reason": " "}, "reason"),
    ],
)
def test_a_lock_that_cannot_be_is_refused_beside_its_field(
    hq: Client, cast: Cast, change: dict[str, str], field: str
) -> None:
    boiler = cast.litein.emission_sources.get(kind="boiler")
    body = {"source": boiler.pk, "basis": "calculated", "from_month": "2026-10-01", "reason": REASON} | change
    answer = hq.post("/api/basis-locks/", body, content_type="application/json")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])


# --- The API and the pages -------------------------------------------------------------------------
def test_the_api_gives_totals_in_three_sets_and_a_site_elsewhere_is_not_there(hq: Client, cast: Cast) -> None:
    burn(cast.litein, 1000)
    url = f"/api/inventory/?factory={cast.litein.pk}&from=2026-10-01&to=2026-11-01"

    found = hq.get(f"{url}&gwp_set=AR5").json()
    lines = hq.get(f"{url}&as=csv").content.decode().splitlines()

    scope1 = found["totals"][0]
    # 0.366513 kg CH4 and 0.048868 kg N2O: AR5 28 and 265
    assert (scope1["code"], scope1["likely_kg"], found["gwp_set"]) == ("scope_1", "23.212384", "AR5")
    assert scope1["by_gwp_set"]["AR6"]["likely_kg"] == "23.236815"
    assert float(scope1["low_kg"]) < 23.2 < float(scope1["high_kg"])
    assert scope1["coverage"] == 1.0
    assert len(found["inputs_sha256"]) == 64
    assert {line["gas"] for line in found["lines"]} == {"CH4_biogenic", "N2O", "CO2_biogenic"}
    assert len(lines) == 4
    assert hq.get(f"/api/inventory/?factory={make_factory().pk}").status_code == 404
    assert hq.get("/api/inventory/?from=2026-11-01&to=2026-10-01").status_code == 400
    assert hq.get("/api/inventory/?factory=x").status_code == 400
    assert hq.get("/api/inventory/?county=%00").status_code == 200


def test_the_page_shows_both_totals_what_is_missing_and_an_empty_state(as_user: AsUser, cast: Cast) -> None:
    browser = as_user(cast.hq)
    empty = browser.get("/inventory/").content.decode()
    burn(cast.litein, 1000)
    url = f"/inventory/?factory={cast.litein.pk}&from=2026-10-01&to=2026-11-01"
    page = browser.get(url).content.decode()
    wrong = browser.get("/inventory/?from=2026-11-01&to=2026-10-01").content.decode()

    assert "Nothing is logged for this period." in empty
    assert "Scope 2, market-based" in page
    assert "Firewood" in page
    assert browser.get(f"{url}&as=csv").headers["Content-Type"].startswith("text/csv")
    assert 'role="alert"' in wrong
    assert browser.get("/inventory/?factory=x").status_code == 404
    assert 'name="as_known_on"' in browser.get("/inventory/?as_known_on=2026-11-01").content.decode()
    boiler = cast.litein.emission_sources.get(kind="boiler")
    form = {"source": boiler.pk, "basis": "calculated", "from_month": "2026-10", "reason": REASON}
    assert browser.post("/inventory/basis/", form).status_code == 302
    assert REASON in browser.get("/inventory/basis/").content.decode()
