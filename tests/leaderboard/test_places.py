"""The leaderboard through the database: figures, places, reasons, who sees what, and that hiding never helps."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.roles import Role
from compliance.models import SiteDay, TouchedSite
from emissions.derive import milliseconds
from emissions.hours_and_days import roll_up_days
from emissions.models import EmissionHour
from factories.choices import SourceKind
from factories.models import EmissionSource, Factory
from leaderboard.api import LeaderboardSerializer
from leaderboard.choices import parse_period
from leaderboard.metrics import BIOGENIC, CO2E, ENERGY, METRICS
from leaderboard.places import leaderboard_for
from leaderboard.reasons import ReasonCode
from lib.errors import ApiError
from tests import make
from tests.cast import Cast
from tests.compliance.build import hour_of
from tests.leaderboard import build_days as build
from tests.leaderboard.build_days import (
    IDLE,
    LAST,
    MONTH,
    NO_HEAT,
    NO_POWER,
    NO_PRODUCTION,
    NO_STACK,
    NOW,
    board,
    change_day,
    fill_days,
    row_of,
)

pytestmark = pytest.mark.django_db
WOOD_CO2E = float(build.WOOD_CO2E_KG)


# --- Figures ---------------------------------------------------------------------------------
def test_a_figure_is_what_was_logged_by_what_was_made(network: SimpleNamespace) -> None:
    row = row_of(board(network.hq), network.sites[0])

    assert row.figures[CO2E.code] == pytest.approx(1.8 * WOOD_CO2E + 0.5 * 0.0954)
    assert row.figures[ENERGY.code] == pytest.approx(1.8 * 12.2171 + 0.5 * 3.6)
    assert row.figures[BIOGENIC.code] == pytest.approx(1.8 * 1.28333333)
    assert row.interval.value == row.figures[CO2E.code]
    assert row.made_kg == 210_000
    assert row.share_measured_pct == 100.0
    assert row.stack_measured == pytest.approx(1.8 * 1.28333333)
    assert (row.gap_days, row.gap_cost, row.held_days) == (0, None, 0)


def test_places_are_ranges_and_ties_are_shared(network: SimpleNamespace) -> None:
    ranked = board(network.hq)

    assert [row.factory for row in ranked.rows] == network.sites
    places = [row.place for row in ranked.rows]
    assert all(place.best <= place.place <= place.worst for place in places if place)
    assert places[0] is not None
    assert places[0].place == 1
    assert places[0].is_shared
    assert ranked.placed_count == ranked.factory_count == 7
    assert ranked.median == ranked.rows[3].interval.value


def test_missing_days_are_filled_and_their_cost_is_exact(network: SimpleNamespace) -> None:
    site = network.sites[0]
    for back in (5, 6, 7):
        change_day(site, LAST - timedelta(days=back), **NO_HEAT)

    row = row_of(board(network.hq), site)

    filled = (18 * 1.8 + 3 * 4.0) / 21 * WOOD_CO2E + 0.5 * 0.0954
    assert row.interval.value == pytest.approx(filled)
    assert row.gap_days == 3
    assert row.gap_cost == pytest.approx(filled / (1.8 * WOOD_CO2E + 0.5 * 0.0954) - 1)


def test_a_day_above_the_ceiling_counts_as_the_ceiling_and_the_row_says_so(network: SimpleNamespace) -> None:
    site = network.sites[0]
    change_day(site, LAST - timedelta(days=5), **build.heat(200_000))

    row = row_of(board(network.hq), site)

    assert row.held_days == 1
    assert row.figures[CO2E.code] == pytest.approx((20 * 1.8 + 4.0) / 21 * WOOD_CO2E + 0.5 * 0.0954)


def test_a_day_without_a_row_is_a_missing_day(network: SimpleNamespace) -> None:
    SiteDay.objects.filter(factory=network.sites[0], day=LAST).delete()
    SiteDay.objects.filter(factory=network.sites[1], day=LAST - timedelta(days=9)).delete()

    ranked = board(network.hq)

    newest = row_of(ranked, network.sites[0])
    assert newest.figures[CO2E.code] == pytest.approx(
        (20 * (1.8 * WOOD_CO2E + 0.5 * 0.0954) + 4 * WOOD_CO2E + 0.0954) / 20
    )
    assert newest.gap_days == 1
    assert [item.factory for item in ranked.unplaced] == [network.sites[1]]
    assert ranked.unplaced[0].reasons[0].days == (date(2026, 11, 12),)


def test_a_closed_day_asks_for_nothing(network: SimpleNamespace) -> None:
    before = board(network.hq)
    change_day(network.sites[0], LAST - timedelta(days=4), **IDLE)

    row = row_of(board(network.hq), network.sites[0])

    assert row.interval.value == pytest.approx(row_of(before, network.sites[0]).interval.value)
    assert row.gap_days == 0


def test_switching_the_sensor_off_does_not_move_the_figure(network: SimpleNamespace) -> None:
    before = row_of(board(network.hq, BIOGENIC), network.litein)
    change_day(network.litein, LAST - timedelta(days=4), **NO_STACK)

    after = row_of(board(network.hq, BIOGENIC), network.litein)

    assert after.interval == before.interval
    assert after.share_measured_pct < before.share_measured_pct


def test_the_running_day_does_not_count(network: SimpleNamespace) -> None:
    before = row_of(board(network.hq), network.litein).interval
    build.a_day(network.litein, LAST + timedelta(days=1), **build.usual(9.0)).save()

    assert row_of(board(network.hq), network.litein).interval == before


def test_energy_by_a_factor_without_a_heating_value_is_filled_in_its_metric_alone(network: SimpleNamespace) -> None:
    before = row_of(board(network.hq), network.litein)
    change_day(network.litein, LAST - timedelta(days=4), has_all_energy=False)

    after = row_of(board(network.hq), network.litein)

    assert after.figures[CO2E.code] == pytest.approx(before.figures[CO2E.code])
    assert after.figures[ENERGY.code] > before.figures[ENERGY.code]


# --- Sites without a place -------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("hole", "days", "code", "words"),
    [
        (NO_PRODUCTION, (5, 6), ReasonCode.PRODUCTION_MISSING, "Production missing on 15 and 16 Nov. Add it."),
        (NO_PRODUCTION, (4, 5, 6), ReasonCode.PRODUCTION_MISSING, "Production missing on 15, 16 and 17 Nov. Add it."),
        (
            NO_PRODUCTION,
            range(3, 9),
            ReasonCode.PRODUCTION_MISSING,
            "Production missing on 13 Nov, 14 Nov, 15 Nov and others, 6 days in total. Add it.",
        ),
        (
            NO_POWER,
            range(2, 8),
            ReasonCode.ENERGY_MISSING,
            "Energy is known on 71 % of days; 80 % are needed. Add electricity for 2 days.",
        ),
        (
            NO_STACK,
            range(11),
            ReasonCode.FUEL_UNCHECKED,
            "Firewood cannot be checked yet. Count the stack at the end of 1 month.",
        ),
        (
            build.stack(60_000),
            range(11),
            ReasonCode.STACK_ABOVE_LOG,
            "Stack shows more wood than the log on 11 days. Is a delivery missing from the log? Count the stack at the "
            "end of each month.",
        ),
    ],
)
def test_a_site_without_a_place_shows_why_and_what_to_do(
    network: SimpleNamespace, hole: dict[str, Any], days: Any, code: ReasonCode, words: str
) -> None:
    for back in days:
        change_day(network.litein, LAST - timedelta(days=back), **hole)

    ranked = board(network.litein_manager)

    assert ranked.rows == ()
    reason = ranked.unplaced[0].reasons[0]
    assert (reason.code, reason.sentence) == (code, words)


def test_sites_with_the_least_work_come_first(network: SimpleNamespace) -> None:
    for back in (4, 5, 6):
        change_day(network.sites[0], LAST - timedelta(days=back), **NO_PRODUCTION)
    change_day(network.sites[5], LAST - timedelta(days=4), **NO_PRODUCTION)
    SiteDay.objects.filter(factory=network.sites[1]).delete()

    ranked = board(network.hq)

    assert [item.factory for item in ranked.unplaced] == [network.sites[5], network.sites[0], network.sites[1]]
    assert [item.work for item in ranked.unplaced][:2] == [1, 3]


def test_a_site_that_began_within_the_period_waits_for_a_whole_one(network: SimpleNamespace) -> None:
    SiteDay.objects.filter(factory=network.litein, day__lt=date(2026, 11, 10)).delete()

    reason = board(network.hq).unplaced[0].reasons[0]

    assert reason.code == ReasonCode.TOO_NEW
    assert reason.sentence == "Began on 10 Nov 2026, within this period. Look at a month after that day."


def test_stock_counts_confirm_where_there_is_no_sensor(
    network: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    SiteDay.objects.filter(factory=network.litein).update(**NO_STACK)
    confirmed = {(network.litein.pk, date(2026, 11, 1)): True}
    monkeypatch.setattr("leaderboard.sums.stock_confirmed_months", lambda *_args: confirmed)

    assert row_of(board(network.hq), network.litein).place is not None


def test_under_five_there_are_no_places_only_the_median(network: SimpleNamespace) -> None:
    ranked = board(network.litein_manager, group="region")

    assert ranked.group.code == "region:Kericho-Bomet"
    assert ranked.placed_count == 2
    assert not ranked.has_places
    assert ranked.rows[0].place is None
    assert ranked.median is None  # with two sites it would reveal the other's figure
    assert board(network.hq, group="region:Kericho-Bomet").median is not None


# --- Mines -------------------------------------------------------------------------------------
def test_mines_have_figures_and_no_places(cast: Cast) -> None:
    mines = [
        make.make_factory(organisation=cast.elsewhere.organisation, name=f"Mine {n}", sector="coal_mine", country="IN")
        for n in range(6)
    ]
    Factory.objects.filter(pk=cast.elsewhere.pk).update(sector="other")
    for mine in mines:
        fill_days(
            mine,
            21,
            **NO_HEAT,
            **NO_STACK,
            methane_co2e_kg=Decimal(30_000),
            other_scope1_co2e_kg=Decimal(1_000),
            **build.power(5_000, Decimal("0.7117")),
        )
    change_day(mines[0], LAST - timedelta(days=8), **NO_POWER)
    change_day(mines[1], LAST - timedelta(days=8), methane_co2e_kg=None)

    ranked = board(cast.outsider)

    assert ranked.sector.code == "coal_mine"
    assert not ranked.has_places
    assert {row.factory for row in ranked.rows} == set(mines[2:])
    assert ranked.rows[0].figures[CO2E.code] == pytest.approx((31_000 + 5_000 * 0.7117) / 10)  # kg per tonne
    assert [item.reasons[0].code for item in ranked.unplaced] == [
        ReasonCode.ENERGY_MISSING,
        ReasonCode.MINE_CLASS_UNKNOWN,
    ]


# --- Who sees what -----------------------------------------------------------------------------
def test_a_manager_sees_the_own_row_the_median_the_best_and_no_name(network: SimpleNamespace) -> None:
    ranked = board(network.litein_manager)

    assert [row.factory for row in ranked.rows] == [network.litein]
    assert ranked.rows[0].place is not None
    assert ranked.rows[0].place == row_of(board(network.hq), network.litein).place
    assert ranked.best is not None
    assert ranked.best.factory is None
    assert ranked.best.value == board(network.hq).rows[0].interval.value
    assert not ranked.sees_all


@pytest.mark.parametrize("who", ["hq", "auditor", "integrator"])
def test_roles_of_a_whole_organisation_see_all(network: SimpleNamespace, who: str) -> None:
    ranked = board(getattr(network, who))

    assert len(ranked.rows) == 7
    assert ranked.sees_all


def test_nothing_of_another_organisation_is_in_it(network: SimpleNamespace) -> None:
    fill_days(network.elsewhere, 21)

    assert network.elsewhere not in [row.factory for row in board(network.hq).rows]
    assert [row.factory for row in board(network.outsider).rows] == [network.elsewhere]


def test_a_user_without_a_membership_gets_an_empty_leaderboard(network: SimpleNamespace) -> None:
    ranked = board(network.nobody)

    assert (ranked.rows, ranked.unplaced, ranked.factory_count, ranked.median) == ((), (), 0, None)


def test_a_county_membership_is_not_the_organisation(network: SimpleNamespace) -> None:
    user = make.make_user()
    make.make_membership(user=user, role=Role.HQ_MANAGER, organisation=network.organisation, county="Kericho")

    ranked = board(user)

    assert {row.factory for row in ranked.rows} == {network.litein, network.momul}
    assert not ranked.sees_all


# --- Change ------------------------------------------------------------------------------------
def test_the_site_that_improved_most_against_the_same_days_a_year_before(network: SimpleNamespace) -> None:
    for index, site in enumerate(network.sites):
        fill_days(site, 365 + 30 - 21, last=date(2026, 10, 31), wood=1.0 + index / 10)
    SiteDay.objects.filter(factory=network.litein, day__gte=date(2026, 10, 1)).update(**build.heat(0.9 * 18_000))

    ranked = board(network.hq, period="12m")

    assert ranked.compared is not None
    assert ranked.compared.days == 30
    assert ranked.most_improved is not None
    assert ranked.most_improved.factory == network.litein
    old = 1.2 * 1.8 * WOOD_CO2E + 0.5 * 0.0954
    assert ranked.most_improved.value == pytest.approx(100 * (0.9 - 1.2) * 1.8 * WOOD_CO2E / old, rel=0.01)


def test_the_most_improved_of_two_hidden_sites_is_not_told(network: SimpleNamespace) -> None:
    """Litein alone has a year before: by name or not, the figure would be its own."""
    fill_days(network.litein, 365 + 30 - 21, last=date(2026, 10, 31), wood=1.2)
    SiteDay.objects.filter(factory=network.litein, day__gte=date(2026, 10, 1)).update(**build.heat(0.9 * 18_000))

    assert board(network.momul_manager, period="12m", group="region").most_improved is None
    assert board(network.momul_manager, period="12m").most_improved is None  # seven sites, one of them changed
    assert board(network.hq, period="12m").most_improved is not None


def a_day_of_fire(factory: Factory) -> None:
    """As in the example of docs/method.md 13."""
    assignment = make.make_assignment(chimney=make.make_chimney(factory=factory))
    boilers = EmissionSource.objects.filter(factory=factory, kind=SourceKind.BOILER)
    boilers.update(chimney=assignment.chimney, fuels="firewood")
    start = datetime.combine(LAST, time(12), factory.zone)
    hour = hour_of(assignment, start, kg=1000.0)
    hour.fire_ug, hour.fire_co2_dry, hour.fire_temperature_c = round(1e12), 0.08, 230.0
    EmissionHour.objects.bulk_create([hour])
    roll_up_days(assignment.device_id, milliseconds(start), milliseconds(start), factory.zone)
    TouchedSite.objects.all().delete()  # its site days are made up, and stay


def test_every_column_of_the_api_is_that_of_the_row(network: SimpleNamespace) -> None:
    """A misspelt source of a field that may be null would answer null, so that no column here is null."""
    for site in network.sites:
        fill_days(site, 365 + 30 - 21, last=date(2026, 10, 31))
    change_day(network.litein, LAST - timedelta(days=5), **NO_HEAT)
    a_day_of_fire(network.litein)
    ranked = board(network.hq, period="12m")
    row = row_of(ranked, network.litein)
    assert row.place is not None
    assert row.change is not None
    assert row.gap_cost is not None
    assert row.chimney_loss == pytest.approx(0.3102, abs=1e-4)  # docs/method.md 13

    answered = LeaderboardSerializer(ranked).data

    (shown,) = [item for item in answered["results"] if item["factory"] == network.litein.pk]
    assert list(shown.items()) == [
        ("factory", network.litein.pk),
        ("name", network.litein.name),
        ("county", network.litein.county),
        ("altitude_m", network.litein.altitude_m),
        ("is_own", row.is_own),
        ("place", row.place.place),
        ("place_best", row.place.best),
        ("place_worst", row.place.worst),
        ("is_shared", row.is_shared),
        ("value", row.interval.value),
        ("value_low", row.interval.lower),
        ("value_high", row.interval.upper),
        *((metric.code, row.figures[metric.code]) for metric in METRICS),
        ("stack_measured", row.stack_measured),
        ("share_measured_pct", row.share_measured_pct),
        ("made_kg", f"{row.made_kg:.6f}"),
        ("gap_days", row.gap_days),
        ("gap_cost_pct", 100 * row.gap_cost),
        ("awaited_until", None),  # see tests/leaderboard/test_awaited.py
        ("chimney_loss_pct", 100 * row.chimney_loss),
        ("held_days", row.held_days),
        ("change_pct", 100 * row.change.relative),
        ("grid_effect_pct", 100 * row.change.grid_effect),
    ]
    assert [name for name, value in shown.items() if value is None] == ["awaited_until"]
    assert [name for name, value in answered.items() if value is None] in (
        ["next", "previous"],
        ["next", "previous", "most_improved"],
    )


def test_without_a_year_before_nothing_is_compared(network: SimpleNamespace) -> None:
    ranked = board(network.hq)

    assert ranked.compared is None
    assert ranked.most_improved is None


# --- Asking ------------------------------------------------------------------------------------
def test_a_period_without_a_complete_day_is_refused_with_the_last_one() -> None:
    with pytest.raises(ApiError, match="correct the named fields") as caught:
        parse_period("2026-12", LAST)

    assert "the last one is 2026-11-21" in str(caught.value.fields["period"])


def test_the_number_of_queries_does_not_grow_with_the_sites(network: SimpleNamespace) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            leaderboard_for(User.objects.get(pk=network.hq.pk), {}, NOW)
        return len(captured)

    before = count()
    for n in range(10):
        fill_days(make.make_factory(organisation=network.organisation, name=f"More {n}"), 21)

    assert count() == before
    assert count() == before - 1  # nothing has changed since: the sums are known


def test_what_is_logged_counts_at_once(cast: Cast) -> None:
    """Through entries and the real site days: sums that are kept are those of what is stored now."""
    make.make_production(cast.litein, user=cast.hq)
    before = {item.factory: item.reasons[0].code for item in leaderboard_for(cast.hq, {"period": MONTH}, NOW).unplaced}

    make.make_production(cast.momul, user=cast.hq)
    after = {item.factory: item.reasons[0].code for item in leaderboard_for(cast.hq, {"period": MONTH}, NOW).unplaced}

    assert before[cast.momul] == ReasonCode.NOTHING_KNOWN
    assert after[cast.momul] != ReasonCode.NOTHING_KNOWN


def test_the_running_day_which_every_hour_recomputes_costs_no_sums(network: SimpleNamespace) -> None:
    first = board(network.hq)
    SiteDay.objects.bulk_create(
        build.a_day(site, LAST + timedelta(days=1), **build.usual(3.0)) for site in network.sites
    )

    with CaptureQueriesContext(connection) as queries:
        again = leaderboard_for(network.hq, {"period": MONTH}, NOW)
    change_day(network.sites[0], LAST, refreshed_at=NOW)  # a day that is over
    with CaptureQueriesContext(connection) as queries_of_one:
        leaderboard_for(network.hq, {"period": MONTH}, NOW)

    assert again == first
    assert not [query for query in queries if "is_simple" in query["sql"]]
    assert [query for query in queries_of_one if "is_simple" in query["sql"]]


def test_a_full_cache_is_emptied_and_the_request_answered(
    network: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = board(network.hq)
    monkeypatch.setattr("leaderboard.sums._MOST_KEPT", len(network.sites))
    change_day(network.sites[0], LAST, refreshed_at=NOW)  # one site is computed again, the others are known

    assert leaderboard_for(network.hq, {"period": MONTH}, NOW) == first


def test_a_factory_day_ends_by_the_clock_of_the_site(network: SimpleNamespace) -> None:
    early = datetime(2026, 11, 22, 2, 59, tzinfo=UTC)  # 05:59 in Kenya: the day of the 21st still runs

    ranked = leaderboard_for(network.hq, {"period": MONTH}, early)

    assert ranked.period.window.last_day == date(2026, 11, 20)
    assert ranked.rows[0].made_kg == 200_000
