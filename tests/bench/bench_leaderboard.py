"""What a leaderboard costs at 201 sites x 400 days, beside the bare sum over the same table in the same run.

`make bench`. Prints medians in milliseconds and the plan; asserts only that the work was done, as machines differ.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from django.db import connection

from accounts.roles import Role
from compliance.models import SiteDay
from factories.models import Factory
from leaderboard.choices import Window
from leaderboard.places import leaderboard_for
from leaderboard.sums import forget, sums_of_windows
from tests import make
from tests.leaderboard.build_days import LAST, NO_HEAT, NOW, a_day, usual

SITES, DAYS, ROUNDS = 201, 400, 9
BARE_SUM = "SELECT sum(made_kg) FROM compliance_siteday"
TEN_SUMS = (
    "SELECT factory_id, sum(made_kg), sum(heat_gj), sum(electricity_gj), sum(other_gj), sum(heat_scope1_co2e_kg),"
    " sum(other_scope1_co2e_kg), sum(scope2_co2e_kg), sum(biogenic_co2_kg), sum(stack_co2_kg),"
    " sum(heat_carbon_co2_kg) FROM compliance_siteday GROUP BY factory_id"
)


def median_ms(run: Callable[[], object]) -> float:
    run()
    taken = []
    for _round in range(ROUNDS):
        start = time.perf_counter()
        run()
        taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken)


def query(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.fetchall()


def anew(sites: Sequence[Factory], windows: Sequence[Window]) -> None:
    forget()
    sums_of_windows(sites, windows, NOW)


@pytest.mark.django_db
def test_a_leaderboard_of_201_sites_and_400_days() -> None:
    organisation = make.make_organisation()
    sites = [make.make_factory(organisation=organisation) for _ in range(SITES)]
    days = [LAST - timedelta(days=back) for back in range(DAYS)]
    SiteDay.objects.bulk_create(
        a_day(sites[0], day, **(usual(0.8 + n % 13 / 20) | (NO_HEAT if n % 40 == 7 else {})))
        for n, day in enumerate(days)
    )
    columns = ", ".join(f.column for f in SiteDay._meta.concrete_fields if f.column != "factory_id")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO compliance_siteday (factory_id, {columns}) SELECT site, {columns} FROM compliance_siteday"
            " CROSS JOIN unnest(%s::integer[]) AS site ORDER BY site, day",
            [[site.pk for site in sites[1:]]],
        )
        cursor.execute("ANALYZE compliance_siteday")
    user = make.make_user()
    make.make_membership(user=user, role=Role.HQ_MANAGER, organisation=organisation)
    year = [Window(LAST - timedelta(days=364), LAST)]

    figures = {
        f"bare sum over {SITES * DAYS:,} rows": median_ms(lambda: query(BARE_SUM)),
        "ten sums by site, bare": median_ms(lambda: query(TEN_SUMS)),
        f"sums of a year anew, {SITES} sites": median_ms(lambda: anew(sites, year)),
        "sums of a year anew, 67 sites": median_ms(lambda: anew(sites[:67], year)),
        f"sums of a year kept, {SITES} sites": median_ms(lambda: sums_of_windows(sites, year, NOW)),
        "sums of a year kept, 67 sites": median_ms(lambda: sums_of_windows(sites[:67], year, NOW)),
        f"whole leaderboard, {SITES} sites": median_ms(lambda: leaderboard_for(user, {}, NOW)),
    }

    for name, taken_ms in figures.items():
        print(f"{name:>36}: {taken_ms:8.1f} ms")  # noqa: T201 - what it is run for
    found = leaderboard_for(user, {}, NOW)
    assert found.factory_count == SITES
    assert found.placed_count == SITES
