"""Each figure of HQ's morning, computed a second time from the raw rows that the API gives."""

import copy
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from compliance.models import Target
from compliance.site_days import refresh
from compliance.targets import Verdict
from compliance.targets import verdict as verdict_on
from emissions.models import EmissionHour
from factories.models import Factory
from lib.templatetags.units import quantity
from portal.morning.inputs import Figure
from portal.morning.sums import sums_by_factory
from tests import make
from tests.compliance.build import make_hours
from tests.portal.morning_world import DAY, day_start, tea_group
from tests.shared import shared

pytestmark = pytest.mark.django_db
PERIOD_DAYS = 28
kept_group = shared("kept_group", tea_group)


@pytest.fixture
def group(kept_group: SimpleNamespace) -> SimpleNamespace:
    return copy.deepcopy(kept_group)


@pytest.fixture
def api(group: SimpleNamespace) -> Client:
    return Client(headers={"Authorization": f"Token {make.make_token(group.hq)}"})


def rows(api: Client, url: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    """All rows of a list, page after page."""
    answer = api.get(url, {"page_size": 1000, **parameters}).json()
    while True:
        yield from answer["results"]
        if not answer["next"]:
            return
        answer = api.get(answer["next"]).json()


def figures(group: SimpleNamespace) -> dict[str, Figure]:
    browser = Client()
    browser.force_login(group.hq, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = browser.get("/morning/").context["page"]
    return {figure.key: figure for figure in (*page.success, *page.masses)}


def cells_of(figure: Figure) -> dict[str, tuple[str, ...]]:
    """Without the links to their cards."""
    return {line.name: tuple(re.sub(r"</?a\b[^>]*>", "", cell) for cell in line.cells) for line in figure.lines}


def overlap(start: datetime, end: datetime, first: datetime, last: datetime) -> Decimal:
    """The share of a period between two moments."""
    seconds = (min(end, last) - max(start, first)).total_seconds()
    return Decimal(max(0.0, seconds)) / Decimal((end - start).total_seconds())


def in_period(row: dict[str, Any], group: SimpleNamespace) -> Decimal:
    first, last = day_start(group.well, PERIOD_DAYS), day_start(group.well, 0)
    start, end = (datetime.fromisoformat(row[name]) for name in ("period_start", "period_end"))
    return overlap(start, end, first, last)


def make_target(group: SimpleNamespace, factory: Factory, limit_t: str) -> Target:
    now = timezone.now()
    return Target.objects.create(
        organisation=group.organisation,
        factory=factory,
        scope="1+2",
        metric="absolute_t",
        unit="t CO2e",
        base_year=now.year - 1,
        base_value=Decimal(1000),
        target_year=now.year + 4,
        target_value=Decimal(limit_t),
        gwp_set="AR6",
        created_at=now,
        changed_at=now,
    )


# --- Masses --------------------------------------------------------------------------------------
def test_scope_1_and_2_is_the_sum_of_the_entries(group: SimpleNamespace, api: Client) -> None:
    by_factory: dict[int, Decimal] = {}
    for row in rows(api, "/api/energy-entries/", kind="used"):
        share = in_period(row, group)
        by_factory[row["factory"]] = by_factory.get(row["factory"], Decimal(0)) + share * Decimal(row["co2e_kg"])

    figure = figures(group)["scope-1-2"]

    total = sum(by_factory.values(), Decimal(0))
    assert total > 10_000
    assert figure.value == quantity(total / 1000, "t_co2e")
    assert figure.coverage == "3 of 4 factories with energy entries"
    cells = cells_of(figure)
    for factory in (group.well, group.late, group.plain):
        assert cells[factory.name][0] == quantity(by_factory[factory.pk] / 1000, "t_co2e")
    assert cells["Nothing"] == ("no data", "0 of 28")
    assert cells["Plain"][1] == "17 of 28"
    assert figure.notes[-3:] == ("Electricity factors: life-cycle.", "Factors published as CO2e: AR5.", "GWP set: AR6")


def test_biogenic_co2_is_measured_where_the_day_is_and_from_the_wood_where_not(
    group: SimpleNamespace, api: Client
) -> None:
    first, last = day_start(group.well, PERIOD_DAYS), day_start(group.well, 0)
    measured = Decimal(0)
    for row in rows(api, "/api/emissions/hours/", **{"from": first.isoformat(), "to": last.isoformat()}):
        if row["is_of_record"] and row["factory"] == group.well.pk:
            measured += Decimal(row["record_kg"])
    wood = next(rows(api, "/api/energy-entries/", energy_type="firewood"))
    per_stere = Decimal(wood["biogenic_co2_kg"]) / Decimal(wood["amount"])

    figure = figures(group)["biogenic"]

    assert Decimal(wood["co2_kg"]) == 0  # only wood is burned: all that the stacks give off is biogenic
    assert measured == PERIOD_DAYS * 24 * 500
    # Late has 9 of 24 hours a day, Plain no sensor and 17 days logged: their wood counts, never the 9 hours alone.
    total = measured + per_stere * (86 * PERIOD_DAYS + 43 * 17)
    assert figure.value == quantity(total / 1000, "t_co2")
    assert figure.coverage == "3 of 4 factories with readings or entries"


def test_a_sensor_at_the_end_of_its_range_is_said_beside_the_sum(group: SimpleNamespace) -> None:
    note = "A CO2 sensor was at the end of its range: CO2 from the chimney is at least what is shown."
    assert note not in figures(group)["biogenic"].notes

    EmissionHour.objects.filter(period_start=day_start(group.well, 2)).update(over_range_ms=5_000)

    assert note in figures(group)["biogenic"].notes


def test_biogenic_part_of_a_co_fired_boiler_is_that_of_the_carbon_burned() -> None:
    factory = make.make_factory()
    start = day_start(factory, 3)
    make.make_energy_entry(factory, amount=Decimal(7919), unit="kg", timestamp=start)
    make.make_energy_entry(factory, energy_type="heavy_fuel_oil", amount=Decimal(1000), unit="L", timestamp=start)
    make_hours(make.make_assignment(device=make.make_device(factory=factory)), start, 24, kg=13_102.3 / 24)
    refresh([factory.pk])

    sums = sums_by_factory([factory], start.date(), start.date(), timezone.now())[factory.pk]

    # Wood 7,919 x 0.7 x 0.50 x 44/12 = 10,162.7 kg, oil 1,000 x 0.94 x 40.4 x 0.0774 = 2,939.3 kg of 13,102.1 kg.
    assert round(sums.biogenic_kg, 1) == Decimal("10162.9")


def test_the_two_masses_are_never_one(group: SimpleNamespace) -> None:
    browser = Client()
    browser.force_login(group.hq, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = browser.get("/morning/").context["page"]

    assert [figure.key for figure in page.masses] == ["scope-1-2", "biogenic"]
    assert all(figure.coverage and figure.period for figure in (*page.masses, *page.success))


def test_the_period_is_the_last_28_factory_days_that_are_over(group: SimpleNamespace) -> None:
    browser = Client()
    browser.force_login(group.hq, backend="allauth.account.auth_backends.AuthenticationBackend")
    inputs = browser.get("/morning/").context["page"].inputs

    assert inputs.last_day == day_start(group.well, 1).date()
    assert inputs.last_day - inputs.first_day == (PERIOD_DAYS - 1) * DAY


# --- The three goals -----------------------------------------------------------------------------
def test_operating_time_is_counted_in_hours_of_the_api(group: SimpleNamespace, api: Client) -> None:
    first, last = day_start(group.well, PERIOD_DAYS), day_start(group.well, 0)
    good: dict[int, int] = {}
    for row in rows(api, "/api/emissions/hours/", **{"from": first.isoformat(), "to": last.isoformat()}):
        if row["is_of_record"] and row["status"] in ("measured", "idle"):
            good[row["factory"]] = good.get(row["factory"], 0) + 1
    possible = int((last - first) / timedelta(hours=1))

    figure = figures(group)["operating-time"]

    assert good == {group.well.pk: possible, group.late.pk: PERIOD_DAYS * 9}
    assert figure.value == "1 of 2 factories"  # factories that reach 50 %
    cells = cells_of(figure)
    assert cells["Well"] == ("100 %", f"{possible} of {possible}")
    assert cells["Late"] == ("37.5 %", f"{PERIOD_DAYS * 9} of {possible}")
    assert cells["Plain"][0] == "no sensor"
    assert figure.form == "look"
    assert figure.notes == ("2 without a sensor are not counted.",)


def test_days_of_which_a_device_says_nothing_count_against_it(group: SimpleNamespace) -> None:
    make.make_assignment(device=make.make_device(factory=group.empty))  # never heard of, and nothing is logged

    figure = figures(group)["operating-time"]

    assert cells_of(figure)["Nothing"][0] == "0 %"
    assert figure.value == "1 of 3 factories"


def entered_on_time(api: Client, factory_id: int, start: datetime, deadline: datetime) -> bool:
    """By the rows of the API: fuel, electricity and tea of the day, each recorded before the deadline."""
    found = set()
    for url, word in (("/api/energy-entries/", "energy_type"), ("/api/production/", "product")):
        for row in rows(api, url, factory=factory_id):
            is_of_day = datetime.fromisoformat(row["period_start"]) == start
            if is_of_day and datetime.fromisoformat(row["created_at"]) < deadline:
                found.add(row[word])
    return found == {"firewood", "electricity", "made_tea"}


def test_on_schedule_is_what_the_entries_say(group: SimpleNamespace, api: Client) -> None:
    kept = {
        factory.name: sum(
            entered_on_time(api, factory.pk, day_start(factory, back), day_start(factory, back) + 2 * DAY)
            for back in range(2, 9)
        )
        for factory in group.factories
    }

    figure = figures(group)["on-schedule"]

    assert kept == {"Well": 7, "Late": 0, "Plain": 6, "Nothing": 0}
    assert {name: cells[0] for name, cells in cells_of(figure).items()} == {
        name: f"{days} of 7" for name, days in kept.items()
    }
    assert figure.value == "1 of 4 factories"


def test_on_target_has_three_answers(group: SimpleNamespace) -> None:
    before = figures(group)["on-target"]
    for factory, limit in ((group.well, "900"), (group.late, "900"), (group.empty, "900")):
        make_target(group, factory, limit)

    figure = figures(group)["on-target"]

    assert (before.value, before.form) == ("no target set yet", "unknown")
    assert cells_of(before)["Well"] == ("no target set", "")
    assert figure.value == "0 of 4 factories"  # a month of entries is too little for twelve
    assert figure.coverage == "0 on target, 0 above, 4 not enough data"
    assert figure.form == "unknown"
    assert cells_of(figure)["Well"][0] == "not enough data"
    assert cells_of(figure)["Nothing"] == ("not enough data", "nothing is logged in these 12 months")
    assert cells_of(figure)["Plain"][0] == "no target set"


@pytest.mark.parametrize(
    ("met", "form", "verdict"),
    [
        ([True, None, None, None], "fine", "goal reached"),
        ([False, None, None, None], "look", "not yet at the goal"),
        ([None, None, None, None], "unknown", "no data yet"),
    ],
)
def test_what_is_not_known_is_neither_met_nor_missed(
    group: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, met: list[bool | None], form: str, verdict: str
) -> None:
    targets = {f.pk: make_target(group, f, "900") for f in group.factories}

    def verdicts(factories: Any, now: datetime) -> dict[int, Verdict]:
        return {
            f.pk: replace(verdict_on(targets[f.pk], now), met=found)
            for f, found in zip(group.factories, met, strict=True)
        }

    monkeypatch.setattr("portal.morning.page.verdicts_of", verdicts)

    figure = figures(group)["on-target"]

    assert (figure.form, figure.verdict) == (form, verdict)
    assert figure.value == f"{met.count(True)} of 4 factories"
    assert figure.coverage.endswith(f"{met.count(None)} not enough data")


# --- Yesterday -----------------------------------------------------------------------------------
def test_who_logged_yesterday_is_what_the_entries_say(group: SimpleNamespace, api: Client) -> None:
    lacking = {}
    for factory in group.factories:
        start = day_start(factory, 1)
        found = {
            row[word]
            for url, word in (("/api/energy-entries/", "energy_type"), ("/api/production/", "product"))
            for row in rows(api, url, factory=factory.pk)
            if datetime.fromisoformat(row["period_start"]) == start
        }
        if missing := {"firewood", "electricity", "made_tea"} - found:
            lacking[factory.name] = missing
    browser = Client()
    browser.force_login(group.hq, backend="allauth.account.auth_backends.AuthenticationBackend")

    page = browser.get("/morning/").context["page"]

    assert set(lacking) == {"Plain", "Nothing"}
    assert page.headline[0] == "2 of 4 logged yesterday."
    assert {asking.name: asking.missing for asking in page.askings} == {
        "Nothing": "firewood, electricity, made tea",
        "Plain": "firewood, electricity, made tea",
    }
    assert all(asking.day == day_start(group.well, 1).date() for asking in page.askings)


def test_the_csv_holds_what_the_figures_are_made_of(group: SimpleNamespace) -> None:
    browser = Client()
    browser.force_login(group.hq, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = browser.get("/morning/").context["page"]

    lines = browser.get("/morning/?as=csv").content.decode().splitlines()

    table = [dict(zip(lines[0].split(","), line.split(","), strict=True)) for line in lines[1:]]
    by_name = {row["name"]: row for row in table}
    assert len(table) == 4
    known = [Decimal(row["scope_1_2_kg"]) for row in table if row["scope_1_2_kg"]]
    scope = next(figure for figure in page.masses if figure.key == "scope-1-2")
    assert quantity(sum(known, Decimal(0)) / 1000, "t_co2e") == scope.value
    assert by_name["Nothing"]["scope_1_2_kg"] == ""  # missing, not zero
    assert by_name["Late"]["operating_pct"] == "37.5"
    assert date.fromisoformat(by_name["Well"]["last_day"]) == page.inputs.last_day
