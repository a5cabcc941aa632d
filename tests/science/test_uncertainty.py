"""Uncertainty: quadrature, and what an estimated altitude adds."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from science import uncertainty
from science.units import Dimension

DATA = Path(__file__).resolve().parents[2] / "energy" / "data"

parts = st.lists(st.floats(min_value=0.0, max_value=1.0), min_size=1, max_size=8)


@given(parts)
def test_combined_is_between_the_largest_part_and_the_sum(values):
    combined = uncertainty.combined(values)

    assert max(values) * (1 - 1e-15) <= combined <= sum(values) * (1 + 1e-15)  # one rounding


def test_a_barometer_is_better_than_a_known_altitude_and_that_than_an_estimated_one():
    measured = uncertainty.combined(uncertainty.stack_budget(has_barometer=True).values())
    surveyed = uncertainty.combined(uncertainty.stack_budget(has_barometer=False).values())
    budget = uncertainty.stack_budget(has_barometer=False, altitude_error_m=200.0)

    assert budget["altitude"] == pytest.approx(0.024, rel=1e-15)  # 200 m x 0.012 %
    assert measured < surveyed < uncertainty.combined(budget.values())


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -0.05])
def test_impossible_parts_raise(bad):
    with pytest.raises(ValueError, match=r"give 0.05 for 5 %"):
        uncertainty.combined([0.1, bad])
    with pytest.raises(ValueError, match=r"altitude_error_m"):
        uncertainty.stack_budget(has_barometer=False, altitude_error_m=bad)


def test_every_energy_type_has_an_error_for_each_gas_of_its_factors():
    types = {row["code"]: row for row in csv.DictReader((DATA / "energy_types.csv").open(encoding="utf-8"))}
    for row in csv.DictReader((DATA / "emission_factors.csv").open(encoding="utf-8")):
        known = types[row["energy_type"]]
        kind = uncertainty.factor_kind(
            energy_type=known["code"], carrier=known["carrier"], is_biogenic=known["is_biogenic"] == "1"
        )
        assert 0.0 < uncertainty.factor_sigma(kind, row["gas"]) <= 1.0, row


def test_a_weighed_stere_is_known_better_than_a_counted_one_and_a_meter_better_than_both():
    stacked = uncertainty.activity_of(Dimension.STACKED_VOLUME)
    weighed = uncertainty.activity_of(Dimension.STACKED_VOLUME, is_weighed_here=True)
    metered = uncertainty.activity_of(Dimension.STACKED_VOLUME, is_metered=True)

    assert [uncertainty.activity_sigma(one) for one in (stacked, weighed, metered)] == [0.12, 0.06, 0.01]
    with pytest.raises(ValueError, match=r"gas='CH4' has no error as a factor of explosive"):
        uncertainty.factor_sigma(uncertainty.FactorOf.EXPLOSIVE, "CH4")
