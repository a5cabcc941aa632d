"""Entries: what they emitted, units, periods, double taps, corrections, deletions, undo, and their history."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from energy.choices import EntryKind
from energy.models import EnergyEntry
from energy.services import energy_log, set_local_unit
from factories.choices import Product, SourceKind
from factories.models import EmissionSource
from lib.errors import ApiError
from logbook.choices import Act
from production.models import ProductionEntry
from science import METHOD_VERSION
from tests.logbook.doors import codes, problem_of
from tests.make import make_bill, make_energy_entry, make_factory, make_organisation, make_user

pytestmark = pytest.mark.usefixtures("clock")


# --- What it emitted ---------------------------------------------------------------------------
def test_firewood_is_scope_1_for_methane_and_nitrous_oxide_and_its_co2_is_outside(litein: Any) -> None:
    entry = make_energy_entry(litein, energy_type="Firewood", amount=Decimal(1000), unit="kg")

    assert (entry.scope, entry.gwp_set, entry.method_version) == (1, "AR6", METHOD_VERSION)
    # 1,000 x 0.7 x 0.50 x 44/12 kg; 12.2171 GJ at 30 and 4 kg/TJ.
    assert entry.biogenic_co2_kg == Decimal("1283.333333")
    assert (entry.co2_kg, entry.energy_gj) == (0, Decimal("12.2171"))
    assert entry.co2e_kg == Decimal("23.236924")
    assert (entry.ch4_kg, entry.n2o_kg) == (Decimal("0.366513"), Decimal("0.048868"))
    assert [row.gas for row in entry.factors] == ["CO2", "CH4", "N2O"]
    assert (entry.moisture_fraction, entry.moisture_is_default) == (Decimal("0.300"), True)


def test_diesel_in_the_spelling_of_the_source_document(litein: Any) -> None:
    entry = make_energy_entry(litein, energy_type="Diesel", amount=Decimal(100), unit="liters")

    assert entry.co2_kg == Decimal("267.649200")
    assert entry.co2e_kg == Decimal("268.563758")  # + 0.914558 of CH4 and N2O
    assert (entry.biogenic_co2_kg, entry.unit, entry.factor_amount) == (0, "liters", 100)


def test_electricity_is_scope_2_by_the_grid_of_its_day(litein: Any) -> None:
    when = datetime(2024, 6, 1, 9, tzinfo=UTC)

    entry = make_energy_entry(litein, energy_type="electricity", amount=Decimal(1), unit="MWh", timestamp=when)

    assert (entry.scope, entry.co2e_kg, entry.factor_amount) == (2, Decimal("85.200000"), 1000)
    assert (entry.energy_gj, entry.co2_kg, entry.biogenic_co2_kg, codes(entry)) == (Decimal("3.6"), None, 0, [])


def test_the_potentials_are_those_of_the_organisation(db: None) -> None:
    factory = make_factory(organisation=make_organisation(gwp_set="AR5"))

    entry = make_energy_entry(factory, amount=Decimal(1000), unit="kg")

    assert (entry.gwp_set, entry.co2e_kg) == ("AR5", Decimal("23.212490"))


@pytest.mark.parametrize(
    ("fields", "kg"),
    [
        ({"amount": Decimal(1), "unit": "stere"}, "618.750000"),  # 450 x 0.75 x 0.50 x 44/12
        ({"amount": Decimal(1), "unit": "m3 stacked"}, "618.750000"),
        ({"amount": Decimal(1), "unit": "m3"}, "618.750000"),
        ({"amount": Decimal("0.45"), "unit": "t"}, "577.500000"),  # 450 x 0.70 x 0.50 x 44/12
        ({"amount": Decimal("12.2171"), "unit": "GJ"}, "1283.333333"),
        ({"amount": Decimal(1), "unit": "kg", "factor_set": "ipcc-2006"}, "1.580333"),  # 0.862 x 0.50 x 44/12
        ({"amount": Decimal(1), "unit": "stere", "factor_set": "ipcc-2006"}, "618.750000"),
        ({"amount": Decimal(1), "unit": "kg", "factor_set": "desnz-2025"}, "1.283333"),
        ({"amount": Decimal(1), "unit": "kg", "moisture_fraction": Decimal("0.45")}, "1.008333"),
        ({"amount": Decimal(1), "unit": "stere", "moisture_fraction": Decimal("0.45")}, "618.750000"),
        ({"amount": Decimal(1), "unit": "kg", "energy_type": "wood_pellets"}, "1.694000"),  # 0.924 x 0.50 x 44/12
    ],
)
def test_firewood_in_each_unit_and_set(litein: Any, fields: dict[str, Any], kg: str) -> None:
    assert make_energy_entry(litein, **fields).biogenic_co2_kg == Decimal(kg)


@pytest.mark.parametrize(
    ("factor_set", "day", "co2e_kg", "gwp_set"),
    [
        ("beis-2021", datetime(2024, 11, 20, 9, tzinfo=UTC), "61.817000", "AR4"),
        ("desnz-2025", datetime(2025, 11, 20, 9, tzinfo=UTC), "46.985080", "AR5"),
    ],
)
def test_the_uk_counts_methane_and_nitrous_oxide_of_wood_as_it_publishes_them(
    litein: Any, factor_set: str, day: datetime, co2e_kg: str, gwp_set: str
) -> None:
    entry = make_energy_entry(litein, amount=Decimal(1000), unit="kg", factor_set=factor_set, timestamp=day)

    assert (entry.co2e_kg, entry.ch4_kg, entry.gwp_set) == (Decimal(co2e_kg), None, gwp_set)


def test_beis_2021_ends_where_its_successor_begins(litein: Any) -> None:
    with pytest.raises(ApiError) as caught:
        make_energy_entry(litein, amount=Decimal(1000), unit="kg", factor_set="beis-2021")

    assert "desnz-2025 (2025 on)" in caught.value.fields["factor_set"][0]["message"]


def test_diesel_in_kilograms_goes_by_its_density_and_in_kilowatt_hours_by_its_heating_value(litein: Any) -> None:
    by_mass = make_energy_entry(litein, energy_type="diesel", amount=Decimal("84"), unit="kg")
    by_energy = make_energy_entry(litein, energy_type="diesel", amount=Decimal("1003.333333"), unit="kWh")

    assert by_mass.co2_kg == Decimal("267.649200")
    # 100 L hold 3.612 GJ = 1003.333... kWh; six decimals of it are 0.3 mJ short.
    assert by_energy.co2_kg == pytest.approx(Decimal("267.649200"), abs=Decimal("0.000001"))


@pytest.mark.parametrize(
    ("energy_type", "unit", "code"),
    [
        ("electricity", "kg", "unit_of_another_kind"),
        ("electricity", "L", "unit_of_another_kind"),
        ("diesel", "stere", "unit_of_another_kind"),
        ("diesel", "Nm3", "unit_of_another_kind"),
        ("firewood", "L", "unit_of_another_kind"),
        ("firewood", "lorry", "unknown_unit"),
        ("diesel", "", "unknown_unit"),
    ],
)
def test_units_that_do_not_fit_are_an_error_that_says_which_do(
    litein: Any, energy_type: str, unit: str, code: str
) -> None:
    with pytest.raises(ApiError) as caught:
        make_energy_entry(litein, energy_type=energy_type, unit=unit)

    field, found, message = problem_of(caught)
    assert (field, found) == ("unit", code)
    assert {"electricity": "kWh", "diesel": "L", "firewood": "stere"}[energy_type] in message
    assert EnergyEntry.objects.count() == 0


def test_an_unknown_type_and_a_place_without_a_factor_are_errors_never_zero(litein: Any) -> None:
    korea = make_factory(country="KR")
    for factory, energy_type in ((litein, "plutonium"), (korea, "electricity")):
        with pytest.raises(ApiError):
            make_energy_entry(factory, energy_type=energy_type, unit="kWh")

    assert EnergyEntry.objects.count() == 0


# --- Local units -------------------------------------------------------------------------------
def test_a_lorry_counts_as_the_factory_says_and_a_stere_as_it_weighed(litein: Any) -> None:
    set_local_unit(litein, "firewood", "Lorry", amount=Decimal(12), unit="m3")
    plain = make_energy_entry(litein, amount=Decimal(2), unit="lorry")
    set_local_unit(litein, "firewood", "stere", amount=Decimal(480), unit="kg")
    weighed = make_energy_entry(litein, amount=Decimal(2), unit="lorry")
    set_local_unit(litein, "firewood", "stere", amount=Decimal(480), unit="kg", moisture_fraction=Decimal("0.4"))
    weighed_wet = make_energy_entry(litein, amount=Decimal(2), unit="lorry")

    assert (plain.factor_amount, plain.factor.per_unit) == (24, "stere")
    # 24 x 480 kg at the 25 % of a stere, and at the 40 % of the day when it was weighed; burned at 30 %.
    assert (round(weighed.factor_amount, 3), weighed.factor.per_unit) == (Decimal("12342.857"), "kg")
    assert round(weighed_wet.factor_amount, 3) == Decimal("9874.286")
    assert weighed_wet.biogenic_co2_kg == 24 * 480 * Decimal("0.6") * Decimal("0.50") * 44 / 12
    assert codes(plain) == ["m3_taken_as_stacked", "moisture_default"]


def test_local_units_in_a_circle_or_of_nothing_known_are_refused(litein: Any) -> None:
    set_local_unit(litein, "firewood", "lorry", amount=Decimal(3), unit="stere")
    for name, unit in (("bundle", "armful"), ("stere", "lorry")):
        with pytest.raises(ApiError) as caught:
            set_local_unit(litein, "firewood", name, amount=Decimal(1), unit=unit)
        assert problem_of(caught)[0] == "unit"


def test_a_local_unit_is_the_factorys_own(litein: Any) -> None:
    set_local_unit(litein, "firewood", "lorry", amount=Decimal(12), unit="stere")

    with pytest.raises(ApiError):
        make_energy_entry(make_factory(), unit="lorry")


# --- Kinds and periods -------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [EntryKind.RECEIVED, EntryKind.STOCK_COUNT, EntryKind.METER_READING])
def test_what_was_not_used_emits_nothing_and_needs_no_period(litein: Any, kind: str) -> None:
    entry = make_energy_entry(litein, kind=kind)

    assert (entry.co2e_kg, entry.scope, entry.factor, entry.period_start, entry.gwp_set) == (None,) * 4 + ("",)


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"cost": Decimal(5)}, "currency", "required"),
        ({"currency": "KES"}, "cost", "required"),
        ({"moisture_fraction": Decimal("0.7")}, "moisture_fraction", "out_of_range"),
        ({"moisture_fraction": Decimal("0.2"), "factor_set": "ipcc-2006"}, "moisture_fraction", "of_the_set"),
        ({"moisture_fraction": Decimal("0.2"), "energy_type": "diesel", "unit": "L"}, "moisture_fraction", "not_wood"),
        ({"source_id": 2_000_000_000}, "source", "unknown_source"),
    ],
)
def test_impossible_values_are_refused_by_field(litein: Any, fields: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(ApiError) as caught:
        make_energy_entry(litein, **fields)

    assert problem_of(caught)[:2] == (field, code)


def test_a_bill_over_new_year_says_that_the_factor_changes(litein: Any) -> None:
    start = datetime(2023, 12, 15, tzinfo=UTC)

    entry = make_bill(litein, 24, start, start + timedelta(days=31))

    assert codes(entry) == ["factor_changes_in_period"]
    assert entry.factor.value == Decimal("0.0969")


# --- Plausibility ------------------------------------------------------------------------------


def test_more_than_four_kilograms_of_wood_a_kilogram_of_tea_gives_a_warning(litein: Any) -> None:
    ProductionEntry.objects.create(
        factory=litein,
        product=Product.MADE_TEA,
        amount_kg=Decimal(1000),
        recorded_by=make_user(password=None),
        period_start=datetime(2026, 11, 20, 3, tzinfo=UTC),
        period_end=datetime(2026, 11, 21, 3, tzinfo=UTC),
    )

    # 24 steres of 450 kg at 25 % are 11,571 kg as burned at 30 %.
    entry = make_energy_entry(litein, amount=Decimal(24))

    assert entry.warnings[-1]["params"] == {"ratio": "11.57", "unit": "kg", "low": "1.0", "high": "4.0"}


# --- Correct, delete, undo ---------------------------------------------------------------------
def test_a_correction_values_it_again_and_the_history_keeps_what_it_was(litein: Any, user: Any) -> None:
    entry = make_energy_entry(litein, user=user, amount=Decimal(24))

    energy_log.correct(user, entry.pk, {"amount": Decimal(22)}, "counted again")

    entry.refresh_from_db()
    assert (entry.amount, entry.biogenic_co2_kg) == (22, 22 * Decimal("618.75"))
    assert (entry.last_act, entry.change_reason, entry.changed_by) == (Act.CORRECTED, "counted again", user)
    history = list(entry.events.order_by("pgh_id").values_list("pgh_label", "amount", "co2e_kg", "change_reason"))
    assert history == [
        ("insert", 24, Decimal("268.884409"), ""),
        ("update", 22, Decimal("246.477375"), "counted again"),  # 22 x 5.890387 GJ x 1.902
    ]


def test_a_note_leaves_results_and_factors_as_they_are(litein: Any, user: Any) -> None:
    entry = make_energy_entry(litein, user=user)
    litein.organisation.gwp_set = "AR5"
    litein.organisation.save()

    changed = energy_log.correct(user, entry.pk, {"note": "wet wood"}, "added a note")

    assert (changed.note, changed.gwp_set, changed.co2e_kg) == ("wet wood", "AR6", entry.co2e_kg)


def test_a_use_that_was_a_delivery_loses_its_results(litein: Any, user: Any) -> None:
    entry = make_energy_entry(litein, user=user)

    changed = energy_log.correct(user, entry.pk, {"kind": EntryKind.RECEIVED}, "was a delivery")

    assert (changed.kind, changed.co2e_kg, changed.factor) == (EntryKind.RECEIVED, None, None)


def test_undo_brings_back_what_was_corrected_or_deleted(litein: Any, user: Any) -> None:
    entry = make_energy_entry(litein, user=user)
    energy_log.correct(user, entry.pk, {"amount": Decimal(2)}, "typo")
    corrected = energy_log.undo(user, entry.pk)
    energy_log.delete(user, entry.pk, "oops")
    deleted = energy_log.undo(user, entry.pk)

    assert (corrected.amount, corrected.co2e_kg) == (24, entry.co2e_kg)
    assert (deleted.deleted_at, deleted.amount) == (None, 24)
    assert entry.events.count() == 5


# --- The database --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"amount": -1}, "entry_not_negative"),
        ({"kind": "burnt"}, "entry_known_kind"),
        ({"period_end": None, "period_start": None}, "entry_use_has_a_period"),
        ({"kind": "received", "period_end": None}, "energy_period_forward"),
        ({"co2e_kg": None}, "entry_use_has_results_and_others_none"),
        ({"gwp_set": ""}, "entry_use_has_results_and_others_none"),
        ({"kind": "received"}, "entry_use_has_results_and_others_none"),
        ({"cost": 5}, "entry_cost_has_a_currency"),
        ({"cost": 5, "currency": "shilling"[:3]}, "entry_cost_has_a_currency"),
        ({"moisture_fraction": "0.8"}, "entry_moisture_plausible"),
    ],
)
def test_the_database_refuses_what_no_service_would_write(litein: Any, fields: dict[str, Any], constraint: str) -> None:
    entry = make_energy_entry(litein)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        EnergyEntry.objects.filter(pk=entry.pk).update(**fields)


def test_a_source_of_another_factory_is_refused_by_the_database_too(litein: Any) -> None:
    entry = make_energy_entry(litein)
    other = EmissionSource.objects.create(factory=make_factory(), name="Genset", kind=SourceKind.GENSET)

    with pytest.raises(IntegrityError, match="entry_source_of_factory"), transaction.atomic():
        EnergyEntry.objects.filter(pk=entry.pk).update(source=other)
