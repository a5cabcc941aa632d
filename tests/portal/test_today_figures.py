"""Each figure on Today, computed once more from the raw rows that the API answers."""

import re
import statistics
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from portal.carbon_words import wood_pair
from tests import make
from tests.cast import AsUser, Cast
from tests.portal.logged_site import TODAY, YESTERDAY, LoggedSite, day_start, kept_litein, logged_litein

__all__ = ["kept_litein", "logged_litein"]  # fixtures
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
A_DAY = timedelta(days=1)


@pytest.fixture
def cast(logged_litein: LoggedSite) -> Cast:
    assert logged_litein.cast is not None
    return logged_litein.cast


@pytest.fixture
def site(cast: Cast, logged_litein: LoggedSite) -> LoggedSite:
    # A bill of ten days reaches into yesterday and on: only its share may count.
    make.make_energy_entry(
        cast.litein,
        energy_type="diesel",
        amount=Decimal(1000),
        unit="L",
        timestamp=None,
        cost=Decimal(175_000),
        currency="KES",
        period_start=day_start(YESTERDAY - 8 * A_DAY),
        period_end=day_start(YESTERDAY + 2 * A_DAY),
    )
    # Wood in kilograms beside wood in stere.
    make.make_energy_entry(cast.litein, amount=Decimal("1234.5"), unit="kg", timestamp=day_start(YESTERDAY))
    return logged_litein


class Api:
    """Whole lists of raw rows."""

    def __init__(self, browser: Client, factory_id: int) -> None:
        self._browser, self._factory_id = browser, factory_id
        self._factors: dict[int, Any] = {}

    def rows(self, path: str, **parameters: Any) -> list[dict[str, Any]]:
        parameters = {"factory": self._factory_id, "page_size": 1000, **parameters}
        answer = self._browser.get(f"/api/{path}/", parameters)
        assert answer.status_code == 200, answer.content
        assert answer.json()["next"] is None
        return answer.json()["results"]

    def factor(self, pk: int) -> dict[str, Any]:
        if pk not in self._factors:
            self._factors[pk] = self._browser.get(f"/api/emission-factors/{pk}/").json()
        return self._factors[pk]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def share(row: dict[str, Any], start: datetime) -> Decimal:
    """The part of an entry's time within the factory day from `start`."""
    begin, end = moment(row["period_start"]), moment(row["period_end"])
    within = min(end, start + A_DAY) - max(begin, start)
    return Decimal(max(within, timedelta(0)) // timedelta(seconds=1)) / Decimal((end - begin) // timedelta(seconds=1))


@pytest.fixture
def api(cast: Cast, as_user: AsUser) -> Api:
    return Api(as_user(cast.auditor), cast.litein.pk)


@pytest.fixture
def shown(site: LoggedSite, as_user: AsUser) -> Any:
    return as_user(site.user).get(f"/factories/{site.factory.pk}/today/")


def text_of(response: Any) -> str:
    """What a reader sees, tags and line ends taken out."""
    return " ".join(re.sub(r"<[^>]+>", "", response.content.decode()).split())


def wood_per_tea(api: Api) -> dict[Any, Decimal]:
    """Factory day -> kg wood per kg made tea."""
    wood: dict[Any, Decimal] = {}
    for row in api.rows("energy-entries", energy_type="firewood"):
        day = moment(row["period_start"])
        dry_kg = Decimal(row["biogenic_co2_kg"]) / (Decimal("0.50") * 44 / 12)
        wood[day] = wood.get(day, Decimal(0)) + round(dry_kg / (1 - Decimal(row["moisture_fraction"])), 6)
    made = {moment(row["period_start"]): Decimal(row["amount_kg"]) for row in api.rows("production")}
    return {day: wood[day] / made[day] for day in wood}


def test_wood_per_tea_and_the_usual(api: Api, shown: Any) -> None:
    ratios = wood_per_tea(api)

    own = ratios.pop(day_start(YESTERDAY))
    before = [ratio for day, ratio in ratios.items() if day >= day_start(YESTERDAY - 28 * A_DAY)]
    usual = statistics.median(before)
    assert len(before) == 28
    figure = shown.context["page"].lead.figure
    assert (figure.value, figure.usual, figure.usual_days) == (own, usual, 28)
    assert f"{own:.1f} kg wood per kg tea. Your usual: {usual:.1f}." in text_of(shown)


def test_both_carbon_figures_of_wood(api: Api, shown: Any) -> None:
    rows = [row for row in api.rows("energy-entries", energy_type="firewood") if share(row, day_start(YESTERDAY))]

    biogenic_kg = sum(Decimal(row["biogenic_co2_kg"]) for row in rows)
    co2e_kg = sum(Decimal(row["co2e_kg"]) for row in rows)
    assert len(rows) == 2
    assert biogenic_kg == 46 * Decimal("618.75") + Decimal("1234.5") * Decimal("0.7") * Decimal("0.50") * 44 / 12
    assert wood_pair(biogenic_kg, co2e_kg) in text_of(shown)


def test_the_inputs_are_the_shares_of_that_day(api: Api, shown: Any) -> None:
    rows = api.rows("energy-entries", kind="used")
    expected = {
        row["id"]: tuple(
            round(Decimal(row[name]) * share(row, day_start(YESTERDAY)), 5)
            for name in ("energy_gj", "biogenic_co2_kg", "co2e_kg")
        )
        for row in rows
        if share(row, day_start(YESTERDAY))
    }

    listed = shown.context["page"].lead.inputs.rows
    found = {
        int(row.url.split("/")[-2]): tuple(round(value, 5) for value in (row.energy_gj, row.biogenic_kg, row.co2e_kg))
        for row in listed
    }
    assert found == expected
    assert len(found) == 4


def test_cost_per_kg_of_tea(api: Api, shown: Any) -> None:
    (made,) = [r for r in api.rows("production") if moment(r["period_start"]) == day_start(YESTERDAY)]
    costs = [
        Decimal(row["cost"]) * share(row, day_start(YESTERDAY))
        for row in api.rows("energy-entries")
        if row["cost"] is not None
    ]

    per_kg = sum(costs) / Decimal(made["amount_kg"])
    assert f"KES {per_kg:,.2f} per kg product" in text_of(shown)
    assert sum(costs) == 48_000 + 17_500


# --- Stack -------------------------------------------------------------------------------------
def hours(api: Api) -> dict[datetime, Decimal]:
    """Start of the hour -> kg CO2 of record."""
    first = day_start(TODAY - 28 * A_DAY)
    found: dict[datetime, Decimal] = {}
    for week in range(5):  # an answer has at most 1,000 rows
        start = first + 6 * week * A_DAY
        for row in api.rows("emissions/hours", **{"from": start.isoformat(), "to": (start + 6 * A_DAY).isoformat()}):
            if row["record_kg"] is not None:
                found[moment(row["period_start"])] = Decimal(row["record_kg"])
    return found


def test_the_stack_so_far_and_the_same_hours_of_28_days(api: Api, shown: Any) -> None:
    of_hour = hours(api)
    whole = [day_start(TODAY) + timedelta(hours=place) for place in range(8)]

    sums = [sum(float(of_hour[hour - back * A_DAY]) for hour in whole) for back in range(1, 29)]
    deciles = statistics.quantiles(sums, n=10, method="inclusive")
    stack = shown.context["page"].stack
    assert stack.kg == pytest.approx(float(sum(of_hour[hour] for hour in whole)), rel=1e-12)  # float sums
    assert (stack.days_compared, stack.whole_hours, stack.known_hours) == (28, 8, 8)
    assert stack.usual_kg == pytest.approx(statistics.median(sums), rel=1e-12)
    assert (stack.low_kg, stack.high_kg) == pytest.approx((deciles[0], deciles[-1]), rel=1e-12)
    assert f"{stack.kg:,.1f} kg CO2" in text_of(shown)
    assert f"The same hours usually: {stack.usual_kg:,.1f} kg" in text_of(shown)


def test_each_hour_of_the_chart(api: Api, shown: Any) -> None:
    of_hour = hours(api)

    for place, drawn in enumerate(shown.context["page"].stack.chart.hours):
        start = day_start(TODAY) + timedelta(hours=place)
        before = [float(of_hour[start - back * A_DAY]) for back in range(1, 29)]
        deciles = statistics.quantiles(before, n=10, method="inclusive")
        assert drawn.kg == (float(of_hour[start]) if place < 8 else None)
        assert (drawn.low_kg, drawn.high_kg) == pytest.approx((deciles[0], deciles[-1]), rel=1e-12)
        assert drawn.median_kg == pytest.approx(statistics.median(before), rel=1e-12)


def test_the_fire_log_shows_each_hour(api: Api, shown: Any) -> None:
    of_hour = hours(api)

    (chimney,) = shown.context["page"].chimneys
    rows = [row for row in chimney.fire_log.rows if row.co2_kg_per_h is not None]
    assert len(rows) == 23  # the running hour has nothing yet
    assert all(row.co2_kg_per_h == float(of_hour[row.start.astimezone(UTC)]) for row in rows)


# --- What is missing ---------------------------------------------------------------------------
def test_the_missing_days_are_those_without_rows(cast: Cast, as_user: AsUser, api: Api) -> None:
    browser = as_user(cast.litein_manager)
    for path in ("energy-entries", "production"):
        for row in api.rows(path):
            start = moment(row["period_start"])
            if start.day in (12, 19) and row.get("energy_type") != "electricity":
                answer = browser.delete(
                    f"/api/{path}/{row['id']}/", '{"reason": "wrong"}', content_type="application/json"
                )
                assert answer.status_code == 200, answer.content

    page = browser.get(f"/factories/{cast.litein.pk}/today/").context["page"]

    def days(path: str, **parameters: str) -> set[datetime]:
        return {moment(row["period_start"]) for row in api.rows(path, **parameters)}

    fortnight = [day_start(YESTERDAY - back * A_DAY) for back in range(13, -1, -1)]
    expected = {
        "firewood": [d.date() for d in fortnight if d not in days("energy-entries", energy_type="firewood")],
        "electricity": [d.date() for d in fortnight if d not in days("energy-entries", energy_type="electricity")],
        "made_tea": [d.date() for d in fortnight if d not in days("production", product="made_tea")],
    }
    assert {row.name: [cell.day for cell in row.cells] for row in page.missing.rows} == expected
    assert [len(cells) for cells in expected.values()] == [2, 0, 2]
