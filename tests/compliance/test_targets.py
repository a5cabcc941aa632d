"""Targets: the line, the three verdicts with their reasons, and setting, correcting and ending them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from compliance import services
from compliance.models import Target
from compliance.services import TargetInput, set_target
from compliance.site_days import refresh
from compliance.targets import Verdict, expected, significant, verdict, verdicts_of, year_of_window
from factories.choices import Product, SourceKind
from factories.models import EmissionSource, Factory
from lib.errors import ApiError
from tests.compliance.build import LENGTH, START, make_hours, make_production
from tests.make import make_assignment, make_bill, make_device, make_energy_entry, make_factory, make_organisation

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
YEAR = START - 364 * LENGTH  # to the end of 20 November
INTENSITY: dict[str, Any] = {
    "metric": "intensity",
    "base_year": 2024,
    "base_value": Decimal("0.14"),
    "target_year": 2030,
    "target_value": Decimal("0.08"),
}
ABSOLUTE: dict[str, Any] = INTENSITY | {"metric": "absolute_t", "base_value": Decimal(100), "target_value": Decimal(40)}


def log_year(factory: Factory, *, days: int = 365, energy_days: int | None = None, made_kg: int = 1_000_000) -> None:
    """A year of even logs: 2 kg of wood and 0.5 kWh per kg of tea."""
    energy_end = YEAR + (energy_days or days) * LENGTH
    for energy_type, unit, per_kg in (("firewood", "kg", 2), ("electricity", "kWh", Decimal("0.5"))):
        make_energy_entry(
            factory,
            energy_type=energy_type,
            unit=unit,
            amount=Decimal(made_kg * per_kg),
            timestamp=None,
            period_start=YEAR,
            period_end=energy_end,
        )
    make_production(factory, made_kg, YEAR, YEAR + days * LENGTH)


def set_for(factory: Factory, data: dict[str, Any] = INTENSITY, **changes: Any) -> Target:
    return set_target(None, factory.organisation, TargetInput(**data | changes), factory=factory)


def judged(factory: Factory) -> Verdict:
    refresh()
    return verdicts_of([factory], NOW)[factory.pk]


# --- The line ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("year", "value"),
    [(2023, "0.14"), (2024, "0.14"), (2027, "0.11"), (Decimal("2025.5"), "0.125"), (2030, "0.08"), (2040, "0.08")],
)
def test_the_line_goes_straight_from_base_to_target(litein: Factory, year: Decimal | int, value: str) -> None:
    assert expected(set_for(litein), year) == Decimal(value)


def test_twelve_months_to_the_end_of_a_year_are_that_year() -> None:
    assert year_of_window(date(2026, 12, 31)) == 2026
    assert year_of_window(date(2026, 7, 2)) == Decimal(2025) + Decimal(183) / 365


# --- Verdicts ----------------------------------------------------------------------------------
def test_a_year_on_the_line_is_met_and_one_above_is_missed(litein: Factory) -> None:
    log_year(litein)
    set_for(litein)
    found = judged(litein)
    # 2 kg x 0.0232369 of wood and 0.5 kWh x 0.0954 (Kenya's factor of the first day of the bill)
    assert found.actual == pytest.approx(Decimal("0.094174"), abs=Decimal("0.000001"))
    assert (found.met, found.reason, found.last_day) == (True, "", date(2026, 11, 20))
    assert found.expected == expected(found.target, year_of_window(found.last_day))
    assert "0.0942 (0.0376 to 0.151) of at most 0.121 kg CO2e/kg" in found.sentence

    Target.objects.update(base_value=Decimal("0.10"))
    assert judged(litein).met is False


def test_absolute_tonnes_are_scaled_from_the_days_logged_to_all_operating_days(litein: Factory) -> None:
    log_year(litein)
    set_for(litein, ABSOLUTE)
    whole = judged(litein).actual
    other = make_factory(organisation=litein.organisation)
    log_year(other, energy_days=300)
    set_for(other, ABSOLUTE)

    found = judged(other)

    assert whole is not None
    assert found.actual is not None
    assert found.actual == pytest.approx(whole * 365 / 300, rel=Decimal("1e-6"))
    assert (found.logged_days, found.operating_days) == (300, 365)


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        ({"energy_days": 280}, "energy_missing"),
        ({"days": 350, "energy_days": 365}, "production_missing"),
        (None, "nothing_logged"),
    ],
)
def test_too_little_logged_is_neither_met_nor_missed(litein: Factory, log: dict[str, Any] | None, reason: str) -> None:
    if log is not None:
        log_year(litein, **log)
    set_for(litein)

    found = judged(litein)

    assert (found.met, found.actual, found.reason) == (None, None, reason)
    assert found.sentence


def test_production_of_the_last_two_days_may_still_be_on_its_way(litein: Factory) -> None:
    log_year(litein, days=363, energy_days=365)
    set_for(litein)

    assert judged(litein).met is True


def test_a_stack_that_shows_half_as_much_again_as_the_log_is_not_enough_data(litein: Factory) -> None:
    log_year(litein)
    assignment = make_assignment(device=make_device(factory=litein), valid_from=YEAR)
    make_hours(assignment, START, 24, kg=2_000_000 / 365 * 1.283333 * 1.5 / 24)
    set_for(litein)

    assert judged(litein).reason == "stack_and_fuel_differ"


def test_entries_by_other_potentials_than_the_target_do_not_judge_it(litein: Factory) -> None:
    log_year(litein)
    litein.organisation.gwp_set = "AR5"
    litein.organisation.save()
    set_for(litein)

    assert judged(litein).reason == "mixed_potentials"


def test_a_mine_is_judged_per_tonne_of_coal_once_its_class_is_known() -> None:
    mine = make_factory(sector="coal_mine", country="IN")
    make_bill(mine, 1000, YEAR, START + LENGTH)
    make_production(mine, 365_000, YEAR, START + LENGTH, product=Product.COAL)
    set_for(mine, base_value=Decimal(30), target_value=Decimal(20))
    assert judged(mine).reason == "methane_unknown"

    EmissionSource.objects.create(factory=mine, name="Pit", kind=SourceKind.MINE_METHANE, mine_class="opencast")
    found = judged(mine)
    assert found.target.unit == "kg CO2e/t"
    # 1.33 m3/t x 0.67 x 29.8 = 26.55 kg/t, and a little of the grid.
    assert found.actual == pytest.approx(Decimal("28.5"), abs=Decimal("0.2"))
    assert found.met is False


def test_an_organisation_is_judged_over_all_of_its_sites_or_not_at_all(litein: Factory) -> None:
    log_year(litein)
    target = set_target(None, litein.organisation, TargetInput(**ABSOLUTE))
    second = make_factory(organisation=litein.organisation)
    refresh()
    assert verdict(target, NOW).reason == "factories_without_data"

    log_year(second)
    refresh()
    found = verdict(target, NOW)
    assert found.actual == pytest.approx(Decimal("188.35"), abs=Decimal("0.02"))


def test_of_two_targets_of_a_factory_the_intensity_speaks_for_it(litein: Factory) -> None:
    set_for(litein, ABSOLUTE)
    intensity = set_for(litein)

    assert judged(litein).target == intensity
    assert verdicts_of([make_factory()], NOW) == {}


@pytest.mark.parametrize(
    ("value", "text"), [("0.107042", "0.107"), ("12345.6", "12346"), ("9.999", "10.00"), ("0", "0")]
)
def test_figures_in_sentences_have_three_digits(value: str, text: str) -> None:
    assert significant(Decimal(value)) == text


# --- Writes ------------------------------------------------------------------------------------
def problem(caught: Any) -> tuple[int, str, set[str]]:
    return caught.value.status_code, caught.value.code, set(caught.value.fields)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"target_year": 2024}, "target_year"),
        ({"base_year": 1900}, "base_year"),
        ({"base_value": Decimal(0)}, "base_value"),
        ({"target_value": Decimal(-1)}, "target_value"),
        ({"base_value": Decimal("NaN")}, "base_value"),
        ({"base_value": Decimal(10) ** 15}, "base_value"),
    ],
)
def test_a_target_that_makes_no_sense_is_refused(litein: Factory, change: dict[str, Any], field: str) -> None:
    with pytest.raises(ApiError) as caught:
        set_for(litein, INTENSITY | change)

    assert problem(caught) == (400, "invalid", {field})


def test_one_target_for_the_same_is_in_force_at_a_time(litein: Factory) -> None:
    target = set_for(litein)
    with pytest.raises(ApiError) as caught:
        set_for(litein)
    assert problem(caught)[:2] == (409, "target_exists")

    services.end_target(None, target.pk, "a new board")
    assert set_for(litein).pk != target.pk
    with pytest.raises(ApiError) as caught:
        services.correct_target(None, target.pk, {"name": "x"}, "typing error")
    assert problem(caught)[:2] == (409, "target_ended")


def test_a_correction_needs_a_reason_and_the_history_keeps_what_was(litein: Factory) -> None:
    target = set_for(litein)
    with pytest.raises(ApiError) as caught:
        services.correct_target(None, target.pk, {"target_value": Decimal("0.09")}, " ")
    assert problem(caught) == (400, "invalid", {"reason"})

    services.correct_target(None, target.pk, {"target_value": Decimal("0.09")}, "board of May")

    history: Any = Target.objects.get(pk=target.pk)
    assert [row.target_value for row in history.events.order_by("pgh_id")] == [Decimal("0.08"), Decimal("0.09")]


def test_tea_and_coal_have_no_common_intensity(litein: Factory) -> None:
    make_factory(organisation=litein.organisation, sector="coal_mine")
    with pytest.raises(ApiError) as caught:
        set_target(None, litein.organisation, TargetInput(**INTENSITY))
    assert problem(caught) == (400, "invalid", {"metric"})

    assert set_target(None, litein.organisation, TargetInput(**ABSOLUTE)).unit == "t CO2e"


def test_the_database_refuses_an_end_without_a_reason(litein: Factory) -> None:
    from django.db import IntegrityError, transaction

    target = set_for(litein)
    with pytest.raises(IntegrityError), transaction.atomic():
        Target.objects.filter(pk=target.pk).update(status="ended", ended_at=NOW + timedelta(0))


def test_an_organisation_without_sites_is_not_judged() -> None:
    target = set_target(None, make_organisation(), TargetInput(**ABSOLUTE))

    assert verdict(target, NOW).met is None
