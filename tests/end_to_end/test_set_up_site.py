"""A mine and a tea factory are set up in a real browser without a script, on a phone's screen."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.roles import Role
from factories.models import Factory
from tests import make
from tests.end_to_end.browser import chromium, web_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("chromium")]
LOGIN = "hq@test.example"


@contextmanager
def phone_without_scripts(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    problems: list[str] = []
    with browser.new_context(viewport={"width": 390, "height": 780}, java_script_enabled=False) as context:
        page = context.new_page()
        page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
        yield page, problems


def has_no_sideways_scroll(page: Page) -> bool:
    page.wait_for_load_state()  # a press leads to another page, which may not be there yet
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_a_site_is_set_up_from_its_kind_to_what_waits() -> None:
    user = make.make_user(email=LOGIN)
    make.make_membership(user=user, role=Role.HQ_MANAGER, organisation=make.make_organisation(country="KE"))

    with web_server() as server, chromium() as browser, phone_without_scripts(browser) as (page, problems):
        page.goto(f"{server.url}/accounts/login/?next=/factories/new/")
        page.get_by_label("Phone number or e-mail").fill(LOGIN)
        page.get_by_label("Password").fill(make.PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("link", name="Tea factory").click()

        page.get_by_label("name", exact=False).first.fill("Walk Hill")
        page.get_by_label("place", exact=False).first.fill("Kericho")
        page.get_by_role("button", name="Look the place up").click()
        page.get_by_role("button", name="Kericho").first.click()
        assert has_no_sideways_scroll(page)
        page.get_by_role("button", name="Save and go on").click()

        page.get_by_role("link", name="Direct-fired dryer").click()
        page.get_by_label("name", exact=False).first.fill("Dryer 1")
        page.get_by_label("Firewood").check()
        page.get_by_label("type of dryer").select_option("fluid_bed")
        page.get_by_role("button", name="Save", exact=True).click()
        assert has_no_sideways_scroll(page)
        page.get_by_role("link", name="Go on to the chimneys").click()

        page.get_by_role("link", name="Add a chimney").click()
        page.get_by_label("shape").select_option("circle")
        page.get_by_label("inner diameter (m)").fill("0.9")
        page.get_by_role("button", name="Draw it").click()
        expect(page.get_by_role("img", name="Round, 0.9 m inside")).to_be_visible()
        assert has_no_sideways_scroll(page)
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("link", name="Summary").click()
        expect(page.get_by_text("Nobody keeps its log yet")).to_be_visible()
        assert has_no_sideways_scroll(page)

    site = Factory.objects.get()
    assert (site.name, site.altitude_is_estimated) == ("Walk Hill", True)
    assert site.emission_sources.get(name="Dryer 1").dryer_type == "fluid_bed"
    assert site.chimneys.get().diameter_m == 0.9
    assert problems == []
