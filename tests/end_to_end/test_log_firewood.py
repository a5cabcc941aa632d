"""A manager logs firewood on a phone and sees the answer: taps, double taps, no network, undo; and HQ the place."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from accounts.roles import Role
from compliance import site_days
from compliance.models import SiteDay, TouchedSite
from energy.models import EnergyEntry
from factories.models import Factory
from lib.numbers import NumberError
from portal.amounts import read_amount
from tests import make
from tests.end_to_end.browser import chromium, web_server
from tests.end_to_end.test_live_page import sign_in
from tests.leaderboard.build_days import NO_HEAT, NO_POWER, change_day, fill_days
from tests.portal.logged_site import day_at, day_start, log_days

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("chromium")]
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}


class Thumb:
    """Taps, and counts them."""

    def __init__(self) -> None:
        self.taps = 0

    def tap(self, place: Locator) -> None:
        place.tap()
        self.taps += 1


@contextmanager
def phone_of(browser: Browser, url: str, login: str) -> Iterator[tuple[Page, list[str]]]:
    problems: list[str] = []
    with browser.new_context(**PHONE) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
        sign_in(page, url, login)
        yield page, problems


def kept(factory: Factory) -> list[EnergyEntry]:
    return list(EnergyEntry.objects.filter(factory=factory, deleted_at=None).order_by("pk"))


@pytest.fixture
def litein() -> SimpleNamespace:
    """Litein with its log up to the day before yesterday, and of yesterday only the tea."""
    factory = make.make_factory(name="Litein Tea Factory")
    manager = make.make_user(email="manager@test.example")
    make.make_membership(user=manager, role=Role.FACTORY_MANAGER, factory=factory)
    yesterday = day_at(timezone.now()) - timedelta(days=1)
    log_days(factory, manager, [yesterday - timedelta(days=back) for back in range(1, 20)])
    make.make_production(factory, user=manager, amount=Decimal(10_000), timestamp=day_start(yesterday))
    return SimpleNamespace(factory=factory, manager=manager, yesterday=yesterday, entries=len(kept(factory)))


def test_firewood_is_logged_in_few_taps_and_the_answer_comes_at_once(litein: SimpleNamespace) -> None:
    thumb = Thumb()
    with web_server() as server, chromium() as browser, phone_of(browser, server.url, "manager@test.example") as it:
        page, problems = it
        expect(page).to_have_url(f"{server.url}/factories/{litein.factory.pk}/today/")
        expect(page.locator(".missing-days")).to_contain_text("Firewood")
        thumb.tap(page.get_by_role("link", name="Log last shift"))
        amount = page.get_by_label("Firewood burned: amount")
        expect(amount).to_be_focused()
        page.keyboard.type("42e.5")
        expect(amount).to_have_value("42.5")  # e is refused
        expect(page.locator("#row-firewood [data-log-effect]")).to_contain_text("26,297 kg CO2 from wood")
        expect(page.locator("#row-firewood [data-log-effect]")).to_contain_text("476 kg CO2e that counts")
        box = amount.bounding_box()
        assert box is not None
        assert box["height"] >= 48
        thumb.tap(page.locator("[data-log-save]"))

        saved = page.locator("[data-log-focus]")
        expect(saved).to_contain_text("2.0 kg wood per kg tea on")
        expect(saved).to_contain_text("26 t CO2 from wood (biogenic, reported apart) and 0.48 t CO2e that counts.")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.evaluate("localStorage.length") == 0, "the draft is gone once it is saved"
        (entry,) = kept(litein.factory)[litein.entries :]
        assert (float(entry.amount), entry.unit) == (42.5, "stere")
        thumb.tap(page.get_by_role("link", name="Done"))
        expect(page.locator("#lead-sentence")).to_contain_text("2.0 kg wood per kg tea.")
        expect(page.locator(".missing-days")).to_contain_text("Firewood: every day is logged")

    assert thumb.taps <= 6
    assert problems == []


def test_the_script_reads_a_number_as_the_server_does(litein: SimpleNamespace) -> None:
    texts = ["2070", "2,070", "2.070", "12.5", "12,5", "0,500", ",5", "1,234.5", "1.234,5", "1 234,567", "1,00,000"]
    texts += ["1,234,567", "1234,567", "1\u2019234.25", "12,34,567.25", "1,2,3", "1,23,45", "1.2.3,4", "", "1,,5"]
    cases = [(text, decimals) for text in texts for decimals in (0, 2, 3)]
    with web_server() as server, chromium() as browser, phone_of(browser, server.url, "manager@test.example") as it:
        page, _problems = it
        read = page.evaluate(
            """async (cases) => {
              const { parseNumber } = await import("/static/js/log_row.js");
              return cases.map(([text, decimals]) => parseNumber(text, decimals));
            }""",
            cases,
        )

    assert dict(zip(cases, read, strict=True)) == {case: as_the_server_reads(*case) for case in cases}


def as_the_server_reads(text: str, decimals: int) -> float | None:
    try:
        return float(read_amount(text, {0: "kg", 2: "m3", 3: "t"}[decimals]))
    except NumberError:
        return None


def test_a_double_tap_is_one_row_and_undo_takes_it_back(litein: SimpleNamespace) -> None:
    with web_server() as server, chromium() as browser, phone_of(browser, server.url, "manager@test.example") as it:
        page, problems = it
        page.get_by_role("link", name="Log last shift").tap()
        page.get_by_label("Firewood burned: amount").fill("42")
        page.evaluate(
            "document.querySelector('[data-log-save]').click(); document.querySelector('[data-log-save]').click()"
        )

        expect(page.locator("[data-log-focus]")).to_contain_text("Saved")
        assert len(kept(litein.factory)) == litein.entries + 1
        page.get_by_role("button", name="Undo").tap()
        expect(page.locator(".messages")).to_contain_text("Undone.")
        assert len(kept(litein.factory)) == litein.entries

    assert problems == []


def test_without_a_network_it_waits_on_the_phone_and_sends_itself(litein: SimpleNamespace) -> None:
    with web_server() as server, chromium() as browser, phone_of(browser, server.url, "manager@test.example") as it:
        page, _problems = it
        expect(page.locator("#lead-sentence")).to_be_visible()
        page.context.set_offline(True)
        page.get_by_role("link", name="Log last shift").tap()
        page.get_by_label("Firewood burned: amount").fill("42")
        page.locator("[data-log-save]").tap()
        expect(page.locator("[data-log-status]")).to_contain_text("kept on this phone")
        assert len(kept(litein.factory)) == litein.entries

        page.context.set_offline(False)

        expect(page.locator("[data-log-focus]")).to_contain_text("Saved")
        assert len(kept(litein.factory)) == litein.entries + 1


def test_a_draft_survives_a_closed_page_and_a_question_is_answered_with_one_tap(litein: SimpleNamespace) -> None:
    with web_server() as server, chromium() as browser, phone_of(browser, server.url, "manager@test.example") as it:
        page, problems = it
        page.get_by_role("link", name="Log last shift").tap()
        page.get_by_label("Firewood burned: amount").fill("400")
        page.reload()
        page.get_by_role("link", name="Log last shift").tap()
        expect(page.get_by_label("Firewood burned: amount")).to_have_value("400")
        expect(page.locator("[data-log-status]")).to_contain_text("Your earlier input is restored")

        page.get_by_label("Firewood burned: amount").press("Enter")
        expect(page.locator("#row-firewood")).to_contain_text("more than three times your usual")
        page.get_by_role("button", name="Change").tap()
        expect(page.locator(".log-row__question")).to_have_count(0)
        page.locator("[data-log-save]").tap()
        page.get_by_role("button", name="Yes, keep").tap()

        expect(page.locator("[data-log-focus]")).to_contain_text("400 m3 stacked")

    assert problems == []


def test_without_a_script_the_form_is_a_page(litein: SimpleNamespace) -> None:
    with web_server() as server, chromium() as browser:
        page = browser.new_context(**PHONE, java_script_enabled=False).new_page()
        sign_in(page, server.url, "manager@test.example")
        page.get_by_role("link", name="Log last shift").tap()
        page.get_by_label("Firewood burned: amount").fill("42")
        page.locator("[data-log-save]").tap()

        expect(page.locator("[data-log-focus]")).to_contain_text("2.0 kg wood per kg tea on")
        page.get_by_role("button", name="Undo").tap()
        expect(page.locator(".messages")).to_contain_text("Undone.")

    assert len(kept(litein.factory)) == litein.entries


def test_what_a_manager_logs_gives_the_factory_its_place_at_headquarters(litein: SimpleNamespace) -> None:
    organisation = litein.factory.organisation
    site_days.refresh()
    momul = make.make_factory(organisation=organisation, name="Momul Tea Factory")
    others = [make.make_factory(organisation=organisation) for _other in range(6)]
    TouchedSite.objects.all().delete()  # so that the days made by hand stay as they are
    for place, site in enumerate([*others, momul]):
        fill_days(site, 400, last=litein.yesterday, wood=1 + place / 10)
    hole = litein.yesterday - timedelta(days=20)  # what is missing of the last days is not held against anybody yet
    unlogged = {"made_kg": None, "has_production": False, "production_covered_s": 0}
    change_day(momul, hole, **NO_HEAT, **NO_POWER, **unlogged)
    SiteDay.objects.update(refreshed_at=timezone.now() - timedelta(days=1))  # so that a newer one shows as newer
    for login, role, scope in (
        ("momul@test.example", Role.FACTORY_MANAGER, {"factory": momul}),
        ("hq@test.example", Role.HQ_MANAGER, {"organisation": organisation}),
    ):
        make.make_membership(user=make.make_user(email=login), role=role, **scope)

    with web_server() as server, chromium() as browser, phone_of(browser, server.url, "momul@test.example") as it:
        page, problems = it
        with browser.new_context() as office:
            hq = office.new_page()
            sign_in(hq, server.url, "hq@test.example")
            expect(hq.get_by_role("navigation", name="Pages", exact=True)).to_be_visible()
            hq.goto(f"{server.url}/leaderboard/")
            expect(hq.locator(".unplaced")).to_contain_text("Momul Tea Factory")
            expect(hq.locator(".unplaced")).to_contain_text("Production missing")
            expect(hq.get_by_role("row", name="Momul")).to_have_count(0)

            expect(page.locator(".empty").first).to_contain_text("It takes 20 seconds")  # the form is open
            page.get_by_label("Firewood burned: amount").fill("42")
            page.get_by_label("Factory day").fill(hole.isoformat())
            page.get_by_label("Electricity: amount").fill("5000")
            page.get_by_label("Made tea: amount").fill("10000")
            page.locator("[data-log-save]").tap()
            expect(page.locator("[data-log-focus]")).to_contain_text(f"2.0 kg wood per kg tea on {hole.day} {hole:%b}.")
            hq.reload()

            expect(hq.locator(".unplaced")).not_to_contain_text("Momul Tea Factory")
            expect(hq.get_by_role("row", name="Momul").locator(".place")).to_contain_text("shared 6th")

    assert problems == []
