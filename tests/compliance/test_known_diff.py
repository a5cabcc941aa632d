"""The difference of an inventory between two moments: every cause by name, with its own effect where it has one."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pghistory
import pytest
from django.db import transaction

from compliance.inventory.build import build
from compliance.known import diff as diff_module
from compliance.known.causes import _Hour, _hour_code
from compliance.known.diff import Amounts, InventoryDifference, diff
from devices.models import Assignment
from energy.models import EnergyEntry
from energy.services import energy_log
from factories.models import Chimney, EmissionSource, Factory, Organisation
from production.services import production_log
from tests import make
from tests.cast import Cast
from tests.compliance.build import make_hours
from tests.compliance.test_known import now

pytestmark = pytest.mark.django_db(transaction=True)
BEGIN, DAY = datetime(2026, 9, 1, tzinfo=UTC), timedelta(days=1)
FIRST, END = date(2026, 9, 1), date(2026, 10, 1)


def between(factory: Factory, start: datetime, **options: Any) -> InventoryDifference:
    return diff([factory], FIRST, END, start, now(), **options)


def causes(found: InventoryDifference) -> list[tuple[str, str, str, str]]:
    return [(cause.told.code, cause.told.what, cause.told.by, cause.told.reason) for cause in found.causes]


def enter(factory: Factory, user: Any, code: str, amount: int, unit: str, place: int = 3) -> Any:
    period = {"period_start": BEGIN + place * DAY, "period_end": BEGIN + (place + 1) * DAY}
    return make.make_energy_entry(factory, user=user, energy_type=code, amount=Decimal(amount), unit=unit, **period)


def co2e_kg(entry: Any) -> Decimal:
    """AR6: methane 29.8 times, of wood 27.0 times, nitrous oxide 273 times."""
    methane = Decimal("27.0") if entry.biogenic_co2_kg else Decimal("29.8")
    return Decimal(entry.co2_kg + entry.ch4_kg * methane + entry.n2o_kg * 273)


def test_each_change_of_an_entry_has_its_own_effect_and_all_add_up() -> None:
    """The stored results of the entries say how much: 300 L of diesel less 200 L, and so on."""
    user, factory = make.make_user(first_name="Wanjiru"), make.make_factory()
    diesel, power = enter(factory, user, "diesel", 200, "L"), enter(factory, user, "electricity", 1000, "kWh")
    wood, gone = enter(factory, user, "firewood", 10, "t"), enter(factory, user, "diesel", 50, "L", place=9)
    energy_log.delete(user, gone.pk, "twice")
    start = now()
    energy_log.correct(user, diesel.pk, {"amount": Decimal(300)}, "read again")
    energy_log.delete(user, power.pk, "of the office")
    energy_log.correct(user, wood.pk, {"amount": Decimal(11)}, "weighed")
    energy_log.undo(user, wood.pk)  # back as it was: no cause
    energy_log.undo(user, gone.pk)
    added = enter(factory, user, "electricity", 500, "kWh", place=11)

    found = between(factory, start)

    name = str(user)
    assert causes(found) == [
        ("energy_corrected", "Diesel: 300 L", name, "read again"),
        ("energy_deleted", "Grid electricity: 1000 kWh", name, "of the office"),
        ("energy_undone", "Diesel: 50 L", name, "undone"),
        ("energy_added", "Grid electricity: 500 kWh", name, ""),
    ]
    corrected = EnergyEntry.objects.get(pk=diesel.pk)
    more_kg, nothing = co2e_kg(corrected) - co2e_kg(diesel), Decimal(0)
    effects = [cause.effect for cause in found.causes]
    assert [effect.scope_1_kg for effect in effects if effect] == [more_kg, nothing, co2e_kg(gone), nothing]
    assert [effect.scope_2_location_kg for effect in effects if effect] == [0, -power.co2e_kg, 0, added.co2e_kg]
    assert found.amounts.scope_1_kg == more_kg + co2e_kg(gone)
    assert found.amounts.scope_2_location_kg == added.co2e_kg - power.co2e_kg
    assert {(row.gas, row.scope) for row in found.rows} >= {("CO2", 1), ("N2O", 1)}
    [carbon] = [row for row in found.rows if (row.gas, row.scope) == ("CO2", 1)]
    assert carbon.difference_kg == corrected.co2_kg - diesel.co2_kg + gone.co2_kg


def test_an_import_is_one_cause_and_the_set_of_potentials_another() -> None:
    user, factory = make.make_user(), make.make_factory()
    enter(factory, user, "firewood", 10, "t")
    start = now()
    with transaction.atomic():
        rows = [enter(factory, user, "firewood", 1, "t", place) for place in range(4, 9)]
    Organisation.objects.filter(pk=factory.organisation_id).update(gwp_set="AR4")

    found = between(factory, start)

    [imported, potentials] = found.causes
    assert (imported.words, imported.told.number) == ("Energy entered: 5 entries", 5)
    assert imported.effect.scope_1_kg == sum(co2e_kg(row) for row in rows)
    assert imported.effect.biogenic_co2_kg == sum(row.biogenic_co2_kg for row in rows)
    assert (potentials.told.code, potentials.told.what) == ("gwp_set", "AR6 → AR4")
    assert potentials.effect.biogenic_co2_kg == 0
    assert imported.effect.scope_1_kg + potentials.effect.scope_1_kg == found.amounts.scope_1_kg
    same = between(factory, start, gwp_set="AR5")
    assert [cause.told.code for cause in same.causes] == ["energy_added"]


def test_set_up_is_named_with_who_changed_it_and_what_changed_back_is_none() -> None:
    user = make.make_user(first_name="Amina")
    assignment: Assignment = make.make_assignment(valid_from=BEGIN)
    factory, chimney = assignment.factory, assignment.chimney
    start = now()
    with pghistory.context(user=user.pk):
        Chimney.objects.filter(pk=chimney.pk).update(diameter_m=1.5)
        EmissionSource.objects.filter(factory=factory, kind="boiler").update(last_day=END)
        Factory.objects.filter(pk=factory.pk).update(name="Renamed", altitude_m=1900.0)
        Organisation.objects.filter(pk=factory.organisation_id).update(substitution_method="eu")
        Assignment.objects.filter(pk=assignment.pk).update(range_ppm=50_000)
    Assignment.objects.filter(pk=assignment.pk).update(range_ppm=assignment.range_ppm)
    entered = make.make_production(factory, user=user)
    production_log.delete(user, entered.pk, "of next week")

    found = between(factory, start)

    assert sorted((cause.told.code, cause.told.by) for cause in found.causes) == [
        (code, str(user)) for code in ("geometry", "organisation", "site", "source")
    ]
    assert found.amounts == Amounts()


def test_before_the_site_was_known_everything_is_new() -> None:
    start, user = now(), make.make_user()
    factory = make.make_factory()
    entry = enter(factory, user, "diesel", 100, "L")

    found = between(factory, start)

    assert (found.before.lines, found.before_amounts) == ((), Amounts())
    assert found.amounts.scope_1_kg == co2e_kg(entry)
    assert "energy_added" in {cause.told.code for cause in found.causes}


def test_late_readings_are_named_by_device_and_hours() -> None:
    user = make.make_user()
    assignment = make.make_assignment(valid_from=BEGIN - DAY)
    factory = assignment.factory
    EmissionSource.objects.filter(factory=factory, kind="boiler").update(chimney=assignment.chimney)
    enter(factory, user, "firewood", 10, "t")
    make_hours(assignment, BEGIN + DAY, 20)
    start = now()
    make_hours(assignment, BEGIN + 2 * DAY, 3, kg=70.0)

    found = between(factory, start)

    [late] = found.causes
    assert (late.told.code, late.told.what, late.told.number) == ("late_readings", assignment.device.device_id, 3)
    assert late.effect == found.amounts
    assert late.effect.biogenic_co2_kg == 3 * 70
    known = {build([factory], FIRST, END, as_known_on=moment).inputs_sha256 for moment in (start, now())}
    assert len(known) == 2


def test_an_hour_that_ended_since_is_not_late() -> None:
    assignment = make.make_assignment(valid_from=BEGIN)
    start = now()
    hour = _Hour(assignment.device_id, start - timedelta(minutes=59), 720, 1, 1, "measured", "1")
    early = hour._replace(period_start=start - timedelta(minutes=61))

    assert [_hour_code(None, one, start) for one in (hour, early)] == ["new_hours", "late_readings"]


def test_many_sites_share_the_number_of_causes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diff_module, "MOST_CAUSES_OF_ALL", 2)
    monkeypatch.setattr(diff_module, "LEAST_CAUSES", 1)
    factory, user, start = make.make_factory(), make.make_user(), now()
    entries = [enter(factory, user, "diesel", 100, "L") for _number in range(5)]

    found = between(factory, start)

    assert [cause.told.number for cause in found.causes] == [1, 1, 3]
    assert found.amounts.scope_1_kg == sum(co2e_kg(entry) for entry in entries)


def test_api_and_page_tell_the_causes_and_ask_for_what_is_missing(cast: Cast, as_user: Any) -> None:
    start = now()
    entry = enter(cast.litein, cast.litein_manager, "diesel", 100, "L")
    api = "/api/inventory/diff/"
    asked = {"from": "2026-09-01", "to": "2026-10-01", "from_known": start.isoformat()}
    client = as_user(cast.litein_manager)

    found = client.get(api, asked).json()

    [cause] = found["causes"]
    assert (cause["code"], cause["sentence"], cause["factory"]) == (
        "energy_added",
        "Energy entered: Diesel: 100 L",
        cast.litein.pk,
    )
    assert Decimal(cause["effect"]["scope_1_kg"]) == Decimal(found["difference"]["scope_1_kg"]) == co2e_kg(entry)
    assert found["note"] == ""
    for wrong, field in (
        ({"from": ""}, "from"),
        ({"from_known": ""}, "from_known"),
        ({"to_known": "2036-01-01"}, "to_known"),
    ):
        answer = client.get(api, asked | wrong)
        assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])
    page = client.get(f"/factories/{cast.litein.pk}/changes/", asked)
    assert b"Energy entered: Diesel: 100 L" in page.content
    assert (
        b"is not after from_known" in client.get(page.request["PATH_INFO"], asked | {"to_known": "2026-08-01"}).content
    )
    usual = client.get(f"/factories/{cast.litein.pk}/changes/")
    assert usual.status_code == 200
