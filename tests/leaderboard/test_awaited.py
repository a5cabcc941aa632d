"""Days whose electricity bill is not due yet cost no place; an overdue bill does."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from compliance.schedule import AwaitedBill
from factories.days import factory_day
from factories.models import Factory
from leaderboard import awaited
from leaderboard.api import LeaderboardSerializer
from leaderboard.metrics import CO2E, ENERGY
from leaderboard.page import words
from tests.leaderboard.build_days import LAST, NO_POWER, NOW, board, change_day, fill_days, power, row_of

pytestmark = pytest.mark.django_db
BILLED_UNTIL = LAST - timedelta(days=4)
UNBILLED = [LAST - timedelta(days=back) for back in range(4)]


def wait_for_a_bill(monkeypatch: pytest.MonkeyPatch, site: Factory, *, due_in: timedelta) -> None:
    """The last four days have no electricity, because it comes with the next bill."""
    for day in UNBILLED:
        change_day(site, day, **NO_POWER)
    bill = AwaitedBill(factory_day(site, BILLED_UNTIL).ends_at, NOW + due_in)
    monkeypatch.setattr(awaited, "bills_awaited", lambda _ids, _now: {site.pk: bill})


def test_days_that_await_a_bill_count_at_the_sites_own_mean(
    network: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = network.sites[2]
    before = row_of(board(network.hq), site)

    wait_for_a_bill(monkeypatch, site, due_in=timedelta(days=12))
    ranked = board(network.hq)
    row = row_of(ranked, site)

    # 1.98 kg wood and 0.5 kWh per kg, as before: 0.5 kWh is what the other days used.
    assert row.figures[CO2E.code] == pytest.approx(before.figures[CO2E.code])
    assert row.figures[ENERGY.code] == pytest.approx(before.figures[ENERGY.code])
    assert (row.place, row.gap_days, row.gap_cost) == (before.place, 0, None)
    assert words.awaited_sentence(row).startswith("The electricity bill is awaited until 4 Dec.")
    shown = {item["factory"]: item["awaited_until"] for item in LeaderboardSerializer(ranked).data["results"]}
    assert {pk for pk, due_on in shown.items() if due_on} == {site.pk}
    assert shown[site.pk] == "2026-12-04"


def test_a_site_whose_use_rose_does_not_get_its_old_mean_back(
    network: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = network.sites[2]
    fill_days(site, 30, last=LAST - timedelta(days=40))
    for back in range(21):
        change_day(site, LAST - timedelta(days=back), **power(8_000))
    honest = row_of(board(network.hq), site)

    wait_for_a_bill(monkeypatch, site, due_in=timedelta(days=12))
    row = row_of(board(network.hq), site)

    # The last bill: 8,000 kWh for 10 t a day, 0.8 kWh per kg; before it 0.5. The awaited days count 0.8 too.
    assert row.figures[ENERGY.code] == pytest.approx(honest.figures[ENERGY.code])
    assert row.place == honest.place


def test_an_overdue_bill_counts_at_the_ceiling(network: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    site = network.sites[2]

    wait_for_a_bill(monkeypatch, site, due_in=-timedelta(hours=1))
    row: Any = row_of(board(network.hq), site)

    assert (row.gap_days, row.awaited_until) == (4, None)
    assert row.gap_cost > 0


def test_an_older_gap_costs_while_a_bill_is_awaited(network: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    site = network.sites[2]
    change_day(site, BILLED_UNTIL - timedelta(days=3), **NO_POWER)

    wait_for_a_bill(monkeypatch, site, due_in=timedelta(days=12))

    assert row_of(board(network.hq), site).gap_days == 1
