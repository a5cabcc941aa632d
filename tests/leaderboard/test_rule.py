"""The rule through the database: hiding never helps, and the statement counts as `science/intensity.py` does."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance.models import SiteDay
from leaderboard.metrics import BIOGENIC, CO2E, ENERGY, METRICS, Metric
from science import intensity
from tests.leaderboard import build_days as build
from tests.leaderboard.build_days import (
    IDLE,
    LAST,
    NO_HEAT,
    NO_POWER,
    NO_PRODUCTION,
    NO_STACK,
    board,
    change_day,
    row_of,
)

pytestmark = pytest.mark.django_db
HOLES = {"heat": NO_HEAT, "electricity": NO_POWER, "production": NO_PRODUCTION, "stack": NO_STACK}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    idle=st.sets(st.integers(0, 13), max_size=3),
    hidden=st.sets(st.tuples(st.integers(0, 13), st.sampled_from(sorted(HOLES))), max_size=20),
    wood=st.lists(st.sampled_from([0.2, 1.0, 1.3, 3.0]), min_size=14, max_size=14),
)
def test_hiding_any_data_of_a_site_never_wins_it_a_place(
    network: SimpleNamespace, idle: set[int], hidden: set[tuple[int, str]], wood: list[float]
) -> None:
    site = network.sites[3]
    SiteDay.objects.filter(factory=site).delete()
    days = [LAST - timedelta(days=back) for back in range(21)]
    for back, day in enumerate(days):
        columns = build.usual(wood[back] if back < 14 else 1.0) | (IDLE if back in idle else {})
        build.a_day(site, day, **columns).save()

    full = {metric: board(network.hq, metric) for metric in METRICS}
    for back, kind in hidden:
        hole = dict(HOLES[kind]) | ({"heat_carbon_co2_kg": None} if kind == "heat" else {})
        change_day(site, days[back], **hole)

    for metric in METRICS:
        before = next((row for row in full[metric].rows if row.factory == site), None)
        after = next((row for row in board(network.hq, metric).rows if row.factory == site), None)
        if after is None:
            continue
        assert before is not None
        assert after.interval.value >= before.interval.value * (1 - 1e-12)
        assert before.place is not None
        assert after.place is not None
        for name in ("place", "best", "worst"):
            assert getattr(after.place, name) >= getattr(before.place, name)


@pytest.mark.parametrize(
    ("metric", "max_heat", "max_electricity"),
    [(CO2E, 4 * 0.0232369242, 0.0954), (ENERGY, 4 * 12.2171, 3.6), (BIOGENIC, 4 * 1.28333333, 0.0)],
    ids=lambda value: getattr(value, "code", ""),
)
def test_the_statement_and_the_rules_of_science_agree(
    network: SimpleNamespace, metric: Metric, max_heat: float, max_electricity: float
) -> None:
    """All days through `add_days`, against the sums of simple days in the database and the rest through the rules."""
    site = network.sites[0]
    for back, columns in (
        (3, NO_HEAT),
        (5, build.heat(90_000)),
        (6, build.power(20_000)),
        (7, IDLE),
        (0, NO_PRODUCTION),
        (1, NO_POWER),
        (9, {"heat_covered_s": 43_200}),
        (10, NO_STACK),
        (12, {"has_all_energy": False}),
    ):
        change_day(site, LAST - timedelta(days=back), **columns)

    def parts(row: SiteDay) -> tuple[float, float]:
        if metric is CO2E:
            return float(row.heat_scope1_co2e_kg), float(row.scope2_co2e_kg)
        if metric is BIOGENIC:
            return float(row.biogenic_co2_kg), 0.0
        return 1000 * float(row.heat_gj) if row.has_all_energy else 0.0, 1000 * float(row.electricity_gj)

    days = [
        intensity.DayFacts(
            made_kg=None if row.made_kg is None else float(row.made_kg),
            heat=parts(row)[0],
            heat_known=row.heat_covered_s / build.ALL if row.has_all_energy or metric is not ENERGY else 0.0,
            electricity=parts(row)[1],
            electricity_known=row.electricity_covered_s / build.ALL,
            heat_ceiling_per_kg=max_heat,
            electricity_ceiling_per_kg=max_electricity,
            is_idle=row.is_idle,
            is_recent=row.day >= LAST - timedelta(days=1),
        )
        for row in SiteDay.objects.filter(factory=site)
    ]
    made_kg = [day.made_kg for day in days if day.made_kg]
    expected = intensity.add_days(intensity.NO_DAYS, days, mean_kg=sum(made_kg) / len(made_kg))
    row = row_of(board(network.hq, metric), site)

    assert row.interval.value == pytest.approx(expected.parts.total / expected.made_kg)
    assert row.gap_days == expected.gap_days
    assert row.gap_cost == pytest.approx(intensity.gap_cost(expected))
