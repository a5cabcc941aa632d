"""HQ's morning: whom to ask and how, what needs a look, one organisation at a time, and what it costs."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from alerts.choices import AlertKind, CostBasis
from alerts.evaluation import evaluate
from compliance.models import SiteDay
from compliance.site_days import refresh
from factories.choices import MineClass, Product, SourceKind
from factories.days import last_day_over_everywhere
from factories.models import EmissionSource
from lib.templatetags.units import quantity
from logbook.models import Reminder
from mqtt_ingest.models import DeviceMessage
from portal.morning.page import MorningPage
from tests import make
from tests.alerts.test_models import make_alert
from tests.cast import AsUser, Cast
from tests.measuring import queries_of
from tests.portal.morning_world import DAY, day_start, log_days

pytestmark = pytest.mark.django_db


def page_of(browser: Client, **parameters: Any) -> MorningPage:
    response = browser.get("/morning/", parameters)
    assert response.status_code == 200
    page: MorningPage = response.context["page"]
    return page


# --- Whom to ask ---------------------------------------------------------------------------------
def with_phone(user: User, phone: str = "+254712345678", language: str = "") -> None:
    user.phone, user.language = phone, language
    user.save()


def test_a_manager_is_reached_by_telephone_and_whatsapp(cast: Cast, as_user: AsUser) -> None:
    with_phone(cast.litein_manager)
    log_days(cast.momul, 1, 1)

    page = page_of(as_user(cast.hq))

    assert page.headline[0] == "1 of 2 logged yesterday."
    assert page.remind_label == "Remind 1 factory"
    (asking,) = page.askings
    assert (asking.name, asking.missing) == ("Litein Tea Factory", "firewood, electricity, made tea")
    assert asking.phone_url == "tel:+254712345678"
    address = urlparse(asking.whatsapp_url)
    assert (address.netloc, address.path) == ("wa.me", "/254712345678")
    (text,) = parse_qs(address.query)["text"]
    assert "Litein Tea Factory" in text
    assert "Missing: firewood, electricity, made tea" in text
    assert text.endswith(f"http://testserver/factories/{cast.litein.pk}/today/")


def test_a_message_from_a_demo_says_that_it_is_simulated(cast: Cast, as_user: AsUser, settings: Any) -> None:
    settings.DEMO = True
    with_phone(cast.litein_manager)

    askings = page_of(as_user(cast.hq)).askings

    (text,) = parse_qs(urlparse(askings[0].whatsapp_url).query)["text"]
    assert text.startswith("SIMULATED DATA")


def test_without_a_phone_number_the_way_to_add_one_is_shown(cast: Cast, as_user: AsUser) -> None:
    response = as_user(cast.hq).get("/morning/")

    assert all(asking.phone_url == "" for asking in response.context["page"].askings)
    page = response.content.decode()
    assert "no phone number on file" in page
    assert 'href="/members/"' in page
    assert "wa.me" not in page


def test_of_two_managers_the_one_with_a_phone_is_asked(cast: Cast, as_user: AsUser) -> None:
    second = make.make_user(first_name="Chebet", phone="+254700000001")
    make.make_membership(user=second, role=Role.FACTORY_MANAGER, factory=cast.litein)

    askings = {asking.name: asking for asking in page_of(as_user(cast.hq)).askings}

    assert askings["Litein Tea Factory"].manager == "Chebet"
    assert askings["Momul Tea Factory"].phone == ""


def test_an_auditor_sees_what_is_missing_and_nobodys_number(cast: Cast, as_user: AsUser) -> None:
    with_phone(cast.litein_manager)

    response = as_user(cast.auditor).get("/morning/")

    page = response.content.decode()
    assert "missing: firewood, electricity, made tea" in page
    assert "+254712345678" not in page
    assert "/asked/" not in page


# --- Noting it -----------------------------------------------------------------------------------
def test_the_page_keeps_who_was_asked_and_by_whom(cast: Cast, as_user: AsUser) -> None:
    cast.hq.first_name = "Wanjiku"
    cast.hq.save()

    response = as_user(cast.hq).post(f"/morning/{cast.litein.pk}/asked/")

    reminder = Reminder.objects.get()
    assert response.status_code == 302
    assert response["Location"].endswith(f"?organisation={cast.organisation.pk}#asked-{cast.litein.pk}")
    assert (reminder.factory, reminder.asked_by) == (cast.litein, cast.hq)
    assert reminder.day == day_start(cast.litein, 1).date()
    asked = {a.name: a.asked for a in page_of(as_user(cast.hq)).askings}
    local = reminder.asked_at.astimezone(cast.litein.zone)
    assert asked == {"Litein Tea Factory": f"asked by Wanjiku {local:%H:%M}", "Momul Tea Factory": ""}


def test_a_double_tap_is_one_reminder_and_a_script_gets_the_words(cast: Cast, as_user: AsUser) -> None:
    browser = as_user(cast.hq)

    answers = [browser.post(f"/morning/{cast.litein.pk}/asked/", headers={"Accept": "text/plain"}) for _tap in range(2)]

    assert Reminder.objects.count() == 1
    assert answers[0].content.decode().startswith("asked by ")
    assert answers[0].content == answers[1].content


def test_asking_again_later_is_another_reminder(cast: Cast, as_user: AsUser) -> None:
    browser = as_user(cast.hq)
    browser.post(f"/morning/{cast.litein.pk}/asked/")
    Reminder.objects.update(asked_at=timezone.now() - timedelta(minutes=11))

    browser.post(f"/morning/{cast.litein.pk}/asked/")

    assert Reminder.objects.count() == 2


def test_yesterdays_asking_is_not_todays(cast: Cast, as_user: AsUser) -> None:
    day = day_start(cast.litein, 2).date()
    Reminder.objects.create(factory=cast.litein, day=day, asked_by=cast.hq)

    assert {asking.asked for asking in page_of(as_user(cast.hq)).askings} == {""}


# --- Devices -------------------------------------------------------------------------------------
def test_sites_with_alarms_come_dearest_first_each_with_its_sentence(cast: Cast, as_user: AsUser) -> None:
    cheap = make_alert(
        cast.litein, kind=AlertKind.SENSOR_SILENT, cost_kg_co2=Decimal(10), cost_basis=CostBasis.NOT_MEASURED
    )
    dear = {
        "cost_amount": Decimal(18_400),
        "cost_currency": "KES",
        "cost_kg_co2": Decimal(3000),
        "cost_basis": "not_in_log",
    }
    days = {"first_day": "2026-11-19", "last_day": "2026-11-20", "stack_kg": 9000.0, "fuel_kg": 5287.5}
    params = days | {"difference_kg": 3712.5, "m3": 6.0, "verdict": "unlogged_fuel"}
    worst = make_alert(cast.momul, kind=AlertKind.STACK_AGAINST_FUEL, value=1.7, params=params, **dear)
    make_alert(cast.momul, kind=AlertKind.HOLD_OPEN)
    make_alert(cast.litein, kind=AlertKind.LOG_MISSING, params={"days": ["2026-11-19"], "items": []})
    make_alert(cast.elsewhere, kind=AlertKind.HOLD_OPEN)

    page = page_of(as_user(cast.hq))

    assert [look.alarm.url for look in page.looks] == [f"/alarms/{worst.pk}/", f"/alarms/{cheap.pk}/"]
    first, second = page.looks
    assert first.alarm.sentence == (
        "Stack shows more wood than the log (about 6 m3 from 19 Nov to 20 Nov). Was a delivery not written?"
    )
    assert "KES 18,400" in first.alarm.price
    assert (first.more, second.more) == ("1 more alarm", "")
    assert page.headline[-1] == "2 sites need a look."
    assert page.calm_count == 0


def test_morning_does_not_say_that_all_is_well_while_logs_are_missing(cast: Cast, as_user: AsUser) -> None:
    page = page_of(as_user(cast.hq))

    assert page.looks == ()
    assert "needs a look" not in " ".join(page.headline)  # two logs are missing: whom to ask stands below


def test_the_dots_of_a_site_are_its_days_of_stack_against_fuel(cast: Cast, as_user: AsUser) -> None:
    make_alert(cast.litein, kind=AlertKind.HOLD_OPEN)
    last = last_day_over_everywhere([cast.litein, cast.momul], timezone.now())
    SiteDay.objects.create(
        factory=cast.litein,
        day=last,
        starts_at=timezone.now() - timedelta(days=2),
        ends_at=timezone.now() - timedelta(days=1),
        refreshed_at=timezone.now(),
        has_heat=True,
        stack_filled_co2_kg=Decimal(1500),
        heat_carbon_co2_kg=Decimal(1000),
    )

    (look,) = page_of(as_user(cast.hq)).looks

    assert look.dots is not None
    assert [dot.is_outside for dot in look.dots.dots] == [True]


def test_the_list_of_factories_begins_with_what_costs_most(cast: Cast, as_user: AsUser) -> None:
    make_alert(cast.momul, kind=AlertKind.HOLD_OPEN, cost_kg_co2=Decimal(10), cost_basis=CostBasis.NOT_MEASURED)

    rows = as_user(cast.hq).get("/factories/").context["page"].rows

    assert rows[0].factory_id == cast.momul.pk
    assert [row.look is None for row in rows] == [False] + [True] * (len(rows) - 1)


def test_an_alert_of_an_unknown_kind_is_shown_as_it_came_and_escaped(cast: Cast, as_user: AsUser) -> None:
    device = make.make_device(factory=cast.litein)
    for payload in ({"kind": "<b>new</b>"}, {}):
        DeviceMessage.objects.create(device=device, kind="alert", received_at=timezone.now(), payload=payload)
    evaluate()

    page = as_user(cast.hq).get("/morning/").content.decode()

    assert "&lt;b&gt;new&lt;/b&gt;" in page
    assert "<b>new</b>" not in page


# --- One organisation at a time ------------------------------------------------------------------
def test_two_organisations_are_never_added_up(cast: Cast, as_user: AsUser) -> None:
    make.make_membership(user=cast.hq, role=Role.HQ_MANAGER, organisation=cast.elsewhere.organisation)
    browser = as_user(cast.hq)

    first = page_of(browser)
    second = page_of(browser, organisation=cast.elsewhere.organisation.pk)

    assert (first.organisation_name, first.factory_count) == ("Tea Group", 2)
    assert (second.organisation_name, second.factory_count) == ("Other Group", 1)
    assert [(link.name, link.is_shown) for link in second.organisations] == [
        ("Tea Group", False),
        ("Other Group", True),
    ]


@pytest.mark.parametrize("organisation", ["999999", "x", "1' OR 1=1", "-1", "99999999999999999999"])
def test_an_organisation_that_is_not_ones_own_is_not_there(cast: Cast, as_user: AsUser, organisation: str) -> None:
    assert as_user(cast.hq).get("/morning/", {"organisation": organisation}).status_code == 404


def test_somebody_elses_organisation_is_not_there(cast: Cast, as_user: AsUser) -> None:
    answer = as_user(cast.hq).get("/morning/", {"organisation": cast.elsewhere.organisation.pk})

    assert answer.status_code == 404


def test_a_county_is_all_that_its_manager_sees(cast: Cast, as_user: AsUser) -> None:
    make.make_factory(organisation=cast.organisation, county="Nandi")
    user = make.make_user()
    make.make_membership(user=user, role=Role.HQ_MANAGER, organisation=cast.organisation, county="Nandi")

    assert page_of(as_user(user)).factory_count == 1


def test_an_organisation_without_factories_says_what_to_do(as_user: AsUser) -> None:
    user = make.make_user()
    make.make_membership(user=user, role=Role.HQ_MANAGER, organisation=make.make_organisation())

    response = as_user(user).get("/morning/")

    assert response.status_code == 200
    assert 'class="button" href="/factories/"' in response.content.decode()
    assert as_user(user).get("/morning/?as=csv").status_code == 200


# --- Mines ---------------------------------------------------------------------------------------
def test_a_group_of_mines_hears_of_coal_and_methane(as_user: AsUser) -> None:
    organisation = make.make_organisation(name="Mines")
    mine = make.make_factory(
        organisation=organisation,
        name="Mine",
        sector="coal_mine",
        country="IN",
        altitude_m=300.0,
        time_zone="Asia/Kolkata",
    )
    EmissionSource.objects.create(
        factory=mine, name="Methane", kind=SourceKind.MINE_METHANE, mine_class=MineClass.OPENCAST
    )
    start = day_start(mine, 2)
    period: dict[str, Any] = {"period_start": start, "period_end": start + DAY}
    make.make_production(mine, product=Product.COAL, amount=Decimal(5_000_000), **period)
    make.make_energy_entry(
        mine, energy_type="electricity", amount=Decimal(40_000), unit="kWh", timestamp=start, **period
    )
    refresh([mine.pk])
    user = make.make_user()
    make.make_membership(user=user, role=Role.HQ_MANAGER, organisation=organisation)

    page = page_of(as_user(user))

    assert page.sector.code == "coal_mine"
    assert page.askings[0].missing == "diesel, electricity, coal"
    assert [figure.key for figure in page.masses] == ["scope-1-2", "methane", "per-tonne"]
    assert page.inputs is not None
    (own,) = page.inputs.sums.values()
    assert own.methane_kg is not None
    assert own.scope_1_2_kg is not None
    assert 0 < own.methane_kg < own.scope_1_2_kg
    per_tonne = next(figure for figure in page.masses if figure.key == "per-tonne")
    assert per_tonne.value == quantity(own.scope_1_2_kg / 5_000, "kg_co2e_per_t")


# --- Cost ----------------------------------------------------------------------------------------
def test_queries_do_not_grow_with_factories(cast: Cast, as_user: AsUser) -> None:
    browser = as_user(cast.hq)

    def fill(factory: Any) -> None:
        device = make.make_device(factory=factory, last_heartbeat=datetime(2026, 1, 1, tzinfo=UTC))
        make.make_assignment(device=device)
        make.make_energy_entry(factory)
        DeviceMessage.objects.create(
            device=device, kind="alert", received_at=timezone.now(), payload={"kind": "co2_high"}
        )
        manager = make.make_user()
        make.make_membership(user=manager, role=Role.FACTORY_MANAGER, factory=factory)
        refresh([factory.pk])

    fill(cast.litein)
    few = queries_of(browser, "/morning/")
    for _ in range(3):
        fill(make.make_factory(organisation=cast.organisation))

    assert queries_of(browser, "/morning/") == few
    assert few <= 20
