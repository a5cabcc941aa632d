"""A real browser signs in, opens a factory, and sees a value change the moment a reading is stored."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.roles import Role, Scope
from tests import make
from tests.end_to_end.browser import chromium, web_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("chromium")]


def post_reading(token: str, device_id: str, timestamp: datetime, **values: float) -> dict[str, Any]:
    fields = {"co2_ppm": 96_000.0, "temperature_c": 210.0, "velocity_ms": 4.1, "pressure_pa": 79_495.5} | values
    response = Client().post(
        "/api/emissions/",
        json.dumps({"device": device_id, "timestamp": timestamp.isoformat(), **fields}),
        content_type="application/json",
        headers={"authorization": f"Token {token}"},
    )
    assert response.status_code == 200, response.content
    return response.json()


def sign_in(page: Page, url: str, login: str) -> None:
    """Asks for `url`, signs in on the way, and is led there."""
    page.goto(f"{url}/")
    page.locator("input[name=login]").fill(login)
    page.locator("input[name=password]").fill(make.PASSWORD)
    page.locator("input[name=password]").press("Enter")
    # Until the page behind it has loaded, scripts too: a button that is tapped before is a plain link.
    page.wait_for_url(lambda place: "login" not in place)


def test_a_manager_on_a_phone_sees_the_chimney_change_live():
    factory = make.make_factory(name="Litein Tea Factory")
    device = make.make_assignment(chimney=make.make_chimney(factory=factory)).device
    manager = make.make_user(email="manager@test.example")
    make.make_membership(user=manager, role=Role.FACTORY_MANAGER, factory=factory)
    writer = make.make_user()
    make.make_membership(user=writer, role=Role.INTEGRATOR, organisation=factory.organisation)
    token = make.make_token(writer, Scope.READ, Scope.WRITE_EMISSIONS)
    now = timezone.now()
    post_reading(token, device.device_id, now - timedelta(seconds=10))
    problems: list[str] = []

    with web_server() as server, chromium() as browser:
        page = browser.new_page(viewport={"width": 360, "height": 640})
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
        with page.expect_response(lambda r: "/api/emissions/stream/" in r.url) as stream:
            sign_in(page, f"{server.url}/factories/{factory.pk}", "manager@test.example")
        rate = page.locator("[data-live=co2_kg_per_h]")
        expect(rate).to_have_text("785.1")  # vector 3: 785.064 kg/h
        assert stream.value.headers["content-type"].startswith("text/event-stream")
        post_reading(token, device.device_id, now, co2_ppm=48_000.0)

        expect(rate).to_have_text("392.5")  # half of the CO2, half of the rate
        expect(page.locator("[data-live=co2_ppm]")).to_have_text(re.compile("48,000"))
        assert page.url == f"{server.url}/factories/{factory.pk}/"
        width = page.evaluate("document.documentElement.scrollWidth")

    assert width <= 360, "the page scrolls sideways on a phone"
    assert problems == []


def test_the_list_refreshes_itself_and_the_menu_closes_on_escape():
    factory = make.make_factory(name="Litein Tea Factory")
    device = make.make_assignment(chimney=make.make_chimney(factory=factory)).device
    hq = make.make_user(email="hq@test.example")
    make.make_membership(user=hq, role=Role.HQ_MANAGER, organisation=factory.organisation)
    token = make.make_token(hq)

    with web_server() as server, chromium() as browser:
        page = browser.new_page()
        page.clock.install()
        sign_in(page, f"{server.url}/factories", "hq@test.example")
        expect(page.locator("tbody .cell-state")).to_contain_text("never reported")
        post_reading(token, device.device_id, timezone.now(), co2_ppm=300_000.0)  # impossible: heard, not counted
        page.clock.fast_forward(61_000)

        expect(page.locator("tbody .cell-state")).to_contain_text("online")
        expect(page.locator("tbody .cell-co2")).to_contain_text("no usable reading")

        menu = page.locator("details.menu")
        menu.locator("summary").click()
        expect(menu).to_have_attribute("open", "")
        page.keyboard.press("Escape")
        expect(menu).not_to_have_attribute("open", "")
        expect(menu.locator("summary")).to_be_focused()


def test_sign_in_says_what_is_wrong_and_keeps_what_was_typed():
    make.make_user(email="manager@test.example")

    with web_server() as server, chromium() as browser:
        page = browser.new_page()
        page.goto(f"{server.url}/factories/")
        page.locator("input[name=login]").fill("manager@test.example")
        page.locator("input[name=password]").fill("not the password")
        page.locator("input[name=password]").press("Enter")

        expect(page.locator("main")).to_contain_text("not correct")
        expect(page.locator("input[name=login]")).to_have_value("manager@test.example")
