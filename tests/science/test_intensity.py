"""Intensity: filled gaps, ceilings, idle days, what a gap costs, and the rule that hiding never helps."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from science import intensity, ranking
from science.intensity import NO_DAYS, DayFacts, FigureParts, Shortfall, add_days, shortfalls

# A day of 10,000 kg made tea at the default factors, in kg CO2e: 1.8 kg wood and 0.5 kWh per kg.
WOOD_CO2E_PER_KG = 0.0232369242  # at 30 % moisture, AR6
GRID_CO2E_PER_KWH = 0.0954
USUAL = DayFacts(
    made_kg=10_000.0,
    heat=18_000 * WOOD_CO2E_PER_KG,
    heat_known=1.0,
    electricity=5_000 * GRID_CO2E_PER_KWH,
    electricity_known=1.0,
    heat_ceiling_per_kg=4 * WOOD_CO2E_PER_KG,
    electricity_ceiling_per_kg=GRID_CO2E_PER_KWH,
    stack_fuel_ratio=1.0,
)
CLOSED = replace(
    USUAL,
    made_kg=None,
    heat=0.0,
    heat_known=0.0,
    electricity=0.0,
    electricity_known=0.0,
    is_idle=True,
    stack_fuel_ratio=None,
)


def sum_days(days):
    made_kg = [day.made_kg for day in days if day.made_kg]
    return add_days(NO_DAYS, days, mean_kg=sum(made_kg) / len(made_kg) if made_kg else 0.0)


def is_ranked(days):
    return not shortfalls(sum_days(days))


def figure(days):
    sums = sum_days(days)
    return intensity.intensity(sums.parts.total, sums.made_kg)


def test_the_model_factory_of_the_method_page():
    # The example of docs/method.md 11; 1.79 kg wood and 0.5 kWh per kg: 0.10-0.12 kg CO2e per kg.
    assert figure([USUAL] * 30) == pytest.approx(1.8 * WOOD_CO2E_PER_KG + 0.5 * 0.0954, rel=1e-12)  # exact but for sums


def test_a_missing_day_counts_as_the_ceiling_and_says_what_it_costs():
    days = [USUAL] * 9 + [replace(USUAL, heat=0.0, heat_known=0.0)]

    sums = sum_days(days)

    assert sums.filled.heat == pytest.approx(4 * 10_000 * WOOD_CO2E_PER_KG)
    assert sums.gap_days == 1
    expected = (9 * 1.8 + 4.0) / 10 * WOOD_CO2E_PER_KG + 0.5 * GRID_CO2E_PER_KWH
    assert figure(days) == pytest.approx(expected)
    assert intensity.gap_cost(sums) == pytest.approx(expected / figure([USUAL]) - 1.0)


def test_half_a_day_is_filled_for_the_other_half():
    sums = sum_days([USUAL, replace(USUAL, heat=USUAL.heat / 2, heat_known=0.5)])

    assert sums.filled.heat == pytest.approx(0.5 * 4 * 10_000 * WOOD_CO2E_PER_KG)
    assert sums.known_days == 1.5


@pytest.mark.parametrize(("known", "unfilled_days", "value"), [(1.0, 0, 5.0), (0.999, 1, None)])
def test_without_a_ceiling_nothing_is_held_and_a_gap_gives_no_figure(known, unfilled_days, value):
    day = DayFacts(
        made_kg=10.0, heat=50.0, heat_known=known, electricity_known=1.0, heat_ceiling_per_kg=None, stack_fuel_ratio=1.0
    )

    sums = sum_days([day])

    assert (sums.unfilled_days, sums.held_days, sums.filled) == (unfilled_days, 0, FigureParts())
    assert sums.parts.heat == 50.0
    assert intensity.figure(sums) == value
    assert (Shortfall.ENERGY_MISSING in shortfalls(sums)) == (value is None)
    assert (intensity.change(sums, sums) is None) == (value is None)


def test_a_day_above_the_ceiling_counts_as_the_ceiling():
    excessive = replace(USUAL, heat=100 * USUAL.heat)

    sums = sum_days([excessive, USUAL])

    assert sums.parts.heat == pytest.approx((4 + 1.8) * 10_000 * WOOD_CO2E_PER_KG)
    assert (sums.filled.heat, sums.held_days) == (0.0, 1)


def test_a_proved_idle_day_asks_for_nothing():
    alone, with_closed = sum_days([USUAL] * 3), sum_days([USUAL] * 3 + [CLOSED])

    assert with_closed == alone


def test_without_the_proof_the_same_day_is_not_placed():
    sums = sum_days([USUAL] * 3 + [replace(CLOSED, is_idle=False)])

    assert sums.production_missing_days == 1
    assert shortfalls(sums) == {Shortfall.PRODUCTION_MISSING, Shortfall.ENERGY_MISSING}


def test_the_newest_days_may_lack_production_and_it_does_not_help():
    late = replace(USUAL, made_kg=None, is_recent=True)

    assert is_ranked([USUAL] * 3 + [late])
    assert figure([USUAL] * 3 + [late]) > figure([USUAL] * 4)


@pytest.mark.parametrize(("known", "placed"), [(80, True), (79, False)], ids=["at the limit", "a day below the limit"])
def test_energy_has_to_be_known_on_four_days_of_five(known, placed):
    days = [USUAL] * known + [replace(USUAL, electricity=0.0, electricity_known=0.0)] * (100 - known)

    assert shortfalls(sum_days(days)) == (set() if placed else {Shortfall.ENERGY_MISSING})


@pytest.mark.parametrize(("ratio", "placed"), [(0.75, True), (1.25, True), (0.74, False), (None, False)])
def test_stack_or_stock_has_to_confirm_the_log(ratio, placed):
    days = [replace(USUAL, stack_fuel_ratio=ratio)] * 10

    assert shortfalls(sum_days(days)) == (set() if placed else {Shortfall.FUEL_UNCONFIRMED})
    assert is_ranked([replace(day, is_stock_confirmed=True) for day in days])


def test_nothing_made_has_no_figure():
    assert intensity.intensity(5.0, 0.0) is None
    assert shortfalls(sum_days([replace(USUAL, made_kg=0.0)] * 3)) == {Shortfall.NOTHING_MADE}
    assert shortfalls(sum_days([])) == {Shortfall.NOTHING_MADE, Shortfall.FUEL_UNCONFIRMED}
    assert intensity.gap_cost(sum_days([])) is None


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1.0])
def test_impossible_figures_are_refused_by_name(bad):
    with pytest.raises(ValueError, match="amount"):
        intensity.intensity(bad, 1.0)
    with pytest.raises(ValueError, match="made_kg"):
        intensity.intensity(1.0, bad)


def test_change_is_separated_from_that_of_the_grid():
    # 85.2 -> 95.4 g/kWh is +12 % of electricity in a year that no site caused.
    before = sum_days([replace(USUAL, electricity=5_000 * 0.0852)] * 30)
    now = sum_days([replace(USUAL, heat=0.9 * USUAL.heat)] * 30)

    found = intensity.change(now, before, grid_now=0.0954, grid_before=0.0852)

    old = 1.8 * WOOD_CO2E_PER_KG + 0.5 * 0.0852
    assert found.relative == pytest.approx(-0.1 * 1.8 * WOOD_CO2E_PER_KG / old)
    assert found.grid_effect == pytest.approx(0.5 * (0.0954 - 0.0852) / old)


def test_gaps_on_either_side_make_an_improvement_look_smaller():
    before, now = [USUAL] * 30, [replace(USUAL, heat=0.9 * USUAL.heat)] * 30
    gap = replace(USUAL, heat=0.0, heat_known=0.0)
    plain = intensity.change(sum_days(now), sum_days(before)).relative

    assert intensity.change(sum_days(now), sum_days([*before[1:], gap])).relative > plain
    assert intensity.change(sum_days([*now[1:], gap]), sum_days(before)).relative > plain
    assert intensity.change(sum_days(now), sum_days([gap] * 30)) is None


# --- The rule ---------------------------------------------------------------------------------
KINDS = ("heat", "electricity", "production", "stack", "stock")
amounts = st.floats(min_value=0.0, max_value=5.0)


@st.composite
def some_days(draw):
    """Any day, also what no honest site logs: tea made by idle stacks, ten times the wood, nothing at all."""
    count = draw(st.integers(min_value=1, max_value=8))
    days = []
    for index in range(count):
        has_heat, has_electricity = draw(st.booleans()), draw(st.booleans())
        is_idle = draw(st.integers(0, 3)) == 0
        days.append(
            DayFacts(
                made_kg=draw(st.none() | st.floats(min_value=0.0, max_value=1000.0)),
                heat=draw(amounts) * 1000 if has_heat else 0.0,
                heat_known=draw(st.sampled_from([1.0, 0.5])) if has_heat else 0.0,
                electricity=draw(amounts) * 100 if has_electricity else 0.0,
                electricity_known=1.0 if has_electricity else 0.0,
                other=draw(amounts),
                heat_ceiling_per_kg=4.0,
                electricity_ceiling_per_kg=draw(st.sampled_from([0.08, 0.1])),
                is_idle=is_idle,
                is_recent=index >= count - 2,
                stack_fuel_ratio=None
                if is_idle or not has_heat
                else draw(st.none() | st.sampled_from([0.5, 1.0, 1.5])),
                is_stock_confirmed=draw(st.booleans()),
            )
        )
    return days


def hidden(day, kinds):
    """The day as it stands without what `kinds` name."""
    if "heat" in kinds:
        day = replace(day, heat=0.0, heat_known=0.0, stack_fuel_ratio=None)
    if "electricity" in kinds:
        day = replace(day, electricity=0.0, electricity_known=0.0)
    if "production" in kinds:
        day = replace(day, made_kg=None)
    if "stack" in kinds:
        day = replace(day, is_idle=False, stack_fuel_ratio=None)
    if "stock" in kinds:
        day = replace(day, is_stock_confirmed=False)
    return day


@st.composite
def full_and_poorer(draw):
    days = draw(some_days())
    holes = [draw(st.sets(st.sampled_from(KINDS), max_size=5)) for _day in days]
    return days, [hidden(day, kinds) for day, kinds in zip(days, holes, strict=True)]


@given(full_and_poorer())
def test_hiding_any_data_never_lowers_a_figure_nor_gets_a_site_placed(pair):
    full, poorer = map(sum_days, pair)

    if shortfalls(full):
        assert shortfalls(poorer)
    elif not shortfalls(poorer):
        before = ranking.interval(full.parts, full.made_kg)
        after = ranking.interval(poorer.parts, poorer.made_kg)
        for bound in ("value", "lower", "upper"):
            assert getattr(after, bound) >= getattr(before, bound) * (1 - 1e-12)  # rounding of divisions


@given(some_days(), st.randoms(use_true_random=False))
def test_the_order_of_days_does_not_matter(days, random):
    shuffled = list(days)
    random.shuffle(shuffled)

    assert add_days(NO_DAYS, shuffled, mean_kg=7.0) == add_days(NO_DAYS, days, mean_kg=7.0)


def test_parts_add_up():
    assert FigureParts(1.0, 2.0, 3.0).total == 6.0
