"""Production: units, products of a sector, factory days, second looks, double taps, corrections, undo, bulk."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.choices import ProductionUnit
from lib.errors import ApiError
from production.models import ProductionEntry
from production.services import in_kg
from tests.logbook.doors import codes, problem_of
from tests.make import make_factory, make_production

pytestmark = pytest.mark.usefixtures("clock")

WHEN = datetime(2026, 11, 20, 9, tzinfo=UTC)
DAY = timedelta(days=1)


# --- What was made -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("amount", "unit", "kg"),
    [
        ("11500", "kg", "11500"),
        ("11.5", "t", "11500"),
        ("11.5", "Tonnes", "11500"),
        ("11500", " KGs ", "11500"),
        ("0.000001", "t", "0.001"),
        ("0", "kg", "0"),
    ],
)
def test_amounts_are_kept_in_kilograms_and_shown_as_entered(litein: Any, amount: str, unit: str, kg: str) -> None:
    entry = make_production(litein, amount=Decimal(amount), unit=unit)

    assert entry.amount_kg == Decimal(kg)
    assert entry.amount == Decimal(amount)


@given(grams=st.integers(min_value=0, max_value=10**13 - 1))
@settings(max_examples=50)
def test_tonnes_and_kilograms_of_the_same_mass_are_the_same(grams: int) -> None:
    kg = Decimal(grams) / 1000

    assert in_kg(kg, ProductionUnit.KG) == kg
    assert in_kg(kg / 1000, ProductionUnit.T) == kg


@pytest.mark.parametrize(
    ("sector", "product", "stored"),
    [
        ("tea", "Made tea", "made_tea"),
        ("tea", "GREEN_LEAF", "green_leaf"),
        ("coal_mine", "Coal", "coal"),
        ("other", "coal", "coal"),
        ("tea", "coal", None),
        ("coal_mine", "made_tea", None),
        ("tea", "plutonium", None),
    ],
)
def test_a_site_makes_what_its_sector_makes(db: None, sector: str, product: str, stored: str | None) -> None:
    factory = make_factory(sector=sector)
    if stored:
        assert make_production(factory, product=product).product == stored
        return
    with pytest.raises(ApiError) as caught:
        make_production(factory, product=product)

    field, code, message = problem_of(caught)
    assert (field, code) == ("product", "unknown_product")
    assert ("made_tea, green_leaf" if sector == "tea" else "use coal") in message
    assert ProductionEntry.objects.count() == 0


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"amount": Decimal(10) ** 10}, "amount", "out_of_range"),
        ({"amount": Decimal(10) ** 7, "unit": "t"}, "amount", "out_of_range"),
        ({"unit": "stere"}, "unit", "unknown_unit"),
    ],
)
def test_impossible_values_are_refused_by_field(litein: Any, fields: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(ApiError) as caught:
        make_production(litein, **fields)

    assert problem_of(caught)[:2] == (field, code)
    assert ProductionEntry.objects.count() == 0


# --- Second looks ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("leaf_kg", "said"), [("50000", []), ("44231", []), ("57500", []), ("44000", ["0.261"]), ("60000", ["0.192"])]
)
def test_out_turn_outside_a_fifth_to_a_quarter_is_said_and_stored(litein: Any, leaf_kg: str, said: list[str]) -> None:
    make_production(litein, product="green_leaf", amount=Decimal(leaf_kg))

    made = make_production(litein)  # 11,500 kg

    assert [n["params"]["ratio"] for n in made.warnings if n["code"] == "out_turn_outside_band"] == said


def test_out_turn_is_said_too_when_the_leaf_comes_second_and_never_over_zero(litein: Any) -> None:
    make_production(litein)
    make_production(litein, amount=Decimal(0), timestamp=WHEN - DAY)

    late = make_production(litein, product="green_leaf", amount=Decimal(20_000))
    idle = make_production(litein, product="green_leaf", amount=Decimal(0), timestamp=WHEN - DAY)

    assert codes(late) == ["out_turn_outside_band"]
    assert codes(idle) == []


# --- The database ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"amount_kg": -1}, "production_not_negative"),
        ({"product": "gold"}, "production_known_product"),
        ({"unit": "lb"}, "production_known_unit"),
        ({"origin": "meter"}, "production_is_not_of_a_meter"),
    ],
)
def test_the_database_refuses_what_no_service_would_write(litein: Any, fields: dict[str, Any], constraint: str) -> None:
    entry = make_production(litein)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ProductionEntry.objects.filter(pk=entry.pk).update(**fields)
