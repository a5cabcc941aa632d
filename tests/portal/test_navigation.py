"""The rows of pages: what each role finds in them, where one is, and that no link is dead."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from portal.context import NavItem
from tests import make
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db


def rows_of(browser: Client, url: str) -> tuple[list[NavItem], list[NavItem]]:
    context = browser.get(url).context
    return context["nav_items"], context["factory_nav_items"]


def labels(items: list[NavItem]) -> list[str]:
    return [item.label for item in items]


def current(items: list[NavItem]) -> dict[str, str]:
    return {item.label: item.current for item in items if item.current}


_NETWORK = ("Morning", "Factories", "Devices", "Alarms", "Leaderboard", "Targets", "Inventory", "Reports")


@pytest.mark.parametrize(
    ("who", "url", "expected"),
    [
        ("hq", "/factories/", [*_NETWORK, "Organisation", "Members"]),
        ("auditor", "/factories/", [*_NETWORK, "API reference"]),
        ("installer", "/factories/", ["Factories", "Devices", "Alarms"]),
        ("integrator", "/integrate/", ["First call", "API reference"]),
        ("nobody", "/", []),
    ],
)
def test_each_role_finds_its_pages(cast: Cast, as_user: AsUser, who: str, url: str, expected: list[str]) -> None:
    items, _second = rows_of(as_user(getattr(cast, who)), url)

    assert labels(items) == expected


def test_a_manager_finds_the_pages_of_the_own_factory(cast: Cast, as_user: AsUser) -> None:
    items, second = rows_of(as_user(cast.litein_manager), f"/factories/{cast.litein.pk}/")

    assert labels(items)[:2] == ["Today", "Chimney"]
    assert labels(items)[-5:] == ["Alarms", "Leaderboard", "Targets", "Inventory", "Reports"]
    assert current(items) == {"Chimney": "page"}
    assert second == []


@pytest.mark.parametrize("who", ["hq", "auditor", "litein_manager", "installer", "integrator"])
def test_no_link_is_dead(cast: Cast, as_user: AsUser, who: str) -> None:
    browser = as_user(getattr(cast, who))
    start = "/integrate/" if who == "integrator" else f"/factories/{cast.litein.pk}/"
    first, second = rows_of(browser, start)

    statuses = {item.url: browser.get(item.url).status_code for item in [*first, *second]}

    assert statuses
    assert {url: status for url, status in statuses.items() if status != 200} == {}


def test_a_factory_page_is_below_the_list(cast: Cast, as_user: AsUser) -> None:
    items, second = rows_of(as_user(cast.hq), f"/factories/{cast.litein.pk}/")
    page = as_user(cast.hq).get(f"/factories/{cast.litein.pk}/").content.decode()

    assert current(items) == {"Factories": "true"}
    assert current(second) == {"Chimney": "page"}
    assert labels(second)[:2] == ["Today", "Chimney"]
    assert page.count('aria-current="page"') == 1
    assert page.count('aria-current="true"') == 1


def test_each_page_names_itself(cast: Cast, as_user: AsUser) -> None:
    browser = as_user(cast.hq)
    first, _second = rows_of(browser, "/morning/")

    for item in first:
        found, _more = rows_of(browser, item.url)
        assert current(found) == {item.label: "page"}, item.url


def test_a_manager_of_two_sees_the_pages_of_the_one_that_is_open(cast: Cast, as_user: AsUser) -> None:
    make.make_membership(user=cast.litein_manager, role=Role.FACTORY_MANAGER, factory=cast.momul)
    browser = as_user(cast.litein_manager)

    choosing, _second = rows_of(browser, "/")
    opened, _second = rows_of(browser, f"/factories/{cast.momul.pk}/")

    assert current(choosing) == {"My factories": "page"}
    assert "Today" not in labels(choosing)
    assert f"/factories/{cast.momul.pk}/today/" in [item.url for item in opened]


def test_somebody_elses_factory_gets_no_links(cast: Cast, as_user: AsUser) -> None:
    make.make_membership(user=cast.litein_manager, role=Role.FACTORY_MANAGER, factory=cast.momul)

    page = as_user(cast.litein_manager).get(f"/factories/{cast.elsewhere.pk}/")

    assert page.status_code == 404
    assert (
        f"/factories/{cast.elsewhere.pk}/" not in page.content.decode().partition("<main")[0].partition("page-nav")[2]
    )


def test_the_rows_of_pages_cost_one_query(cast: Cast, as_user: AsUser) -> None:
    browser = as_user(cast.litein_manager)

    with CaptureQueriesContext(connection) as captured:
        browser.get("/accounts/password/change/")

    asked = [query["sql"] for query in captured if "accounts_membership" in query["sql"]]
    assert len(asked) == 1
    assert not any("factories_factory" in query["sql"] and "JOIN" not in query["sql"] for query in captured)


def test_without_a_user_there_are_no_rows(client: Client) -> None:
    assert client.get("/styleguide/").context["nav_items"] == []
