"""The page and the API of the leaderboard: what each role is shown, as page, JSON and file."""

import csv
import io
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from accounts.roles import Role
from factories.sectors import SECTORS
from leaderboard import words
from leaderboard.metrics import CODES, METRICS
from leaderboard.page import MOST_COMPARED
from leaderboard.reasons import days_in_words
from leaderboard.sums import last_complete_days
from science.ranking import Place
from tests import make
from tests.cast import AsUser, Cast
from tests.leaderboard.build_days import LAST, NO_HEAT, change_day, fill_days, make_network
from tests.measuring import queries_of

pytestmark = pytest.mark.django_db
API = "/api/factories/leaderboard/"


@pytest.fixture
def network(cast: Cast) -> SimpleNamespace:
    """Six sites of Meru, ranked today, and Litein, which is the last of seven; Momul has logged nothing."""
    cast.sites = make_network(cast.organisation)
    cast.last = last_complete_days([cast.litein], timezone.now())[cast.litein.pk]
    cast.days = min(365, 30 + max(0, (cast.last - LAST).days + 1))
    fill_days(cast.litein, cast.days, last=cast.last, wood=1.4)
    return cast


def test_hq_sees_all_rows_and_the_sites_without_a_place(network: SimpleNamespace, as_user: AsUser) -> None:
    response = as_user(network.hq).get("/leaderboard/")
    page, text = response.context["page"], response.content.decode()

    assert response.status_code == 200
    assert [row.factory_id for row in page.rows] == [site.pk for site in (*network.sites, network.litein)]
    assert page.rows[0].place == "shared 1st"
    assert [item.name for item in page.unplaced] == ["Momul Tea Factory"]
    assert "Nothing is logged in this period." in text
    assert text.index("<table") < text.index("Not placed yet")
    assert page.own_places == ()


def test_a_manager_sees_the_own_place_first_and_no_other_name(network: SimpleNamespace, as_user: AsUser) -> None:
    change_day(network.litein, network.last - timedelta(days=5), **NO_HEAT)

    response = as_user(network.litein_manager).get("/leaderboard/")
    page, text = response.context["page"], response.content.decode()

    own = page.own_places[0]
    assert own.sentence.endswith("of 7")
    assert own.ways[0].startswith("1 missing day costs ")
    assert own.ways[0].endswith("Add them.")
    assert own.row.fill_url == f"/factories/{network.litein.pk}/month/"
    assert len(own.months) == 13
    assert own.months[-1].digits != own.months[0].digits == "no figure"
    assert '<table class="table table--leaderboard"' not in text
    assert not any(site.name in text for site in network.sites)
    assert page.median != "–"


def test_a_manager_without_a_place_reads_why_and_what_to_do(network: SimpleNamespace, as_user: AsUser) -> None:
    response = as_user(network.momul_manager).get("/leaderboard/")

    item = response.context["page"].own_unplaced[0]
    assert item.sentences == ("Nothing is logged in this period. Write the first day.",)
    assert item.fill_url == f"/factories/{network.momul.pk}/month/"
    assert "Not placed yet" in response.content.decode()


def test_published_names_show_the_rows_and_mark_the_own(network: SimpleNamespace, as_user: AsUser) -> None:
    network.organisation.publishes_names = True
    network.organisation.save()

    response = as_user(network.litein_manager).get("/leaderboard/")

    page = response.context["page"]
    assert len(page.rows) == 7
    assert page.board.best.factory == network.sites[0]
    assert response.content.decode().count('class="is-own"') == 1


def test_up_to_four_are_compared_side_by_side(network: SimpleNamespace, as_user: AsUser) -> None:
    asked = [site.pk for site in network.sites[:5]]

    page = as_user(network.hq).get("/leaderboard/", {"compare": [*asked, "x", asked[0]]}).context["page"]

    assert [row.factory_id for row in page.compared] == asked[:MOST_COMPARED]
    assert page.compared_too_many


@pytest.mark.parametrize("metric", CODES)
def test_switches_are_links_that_keep_the_rest(network: SimpleNamespace, as_user: AsUser, metric: str) -> None:
    browser = as_user(network.hq)

    page = browser.get("/leaderboard/", {"metric": metric, "group": "region:Meru"}).context["page"]

    assert [link.is_current for link in page.metrics].count(True) == 1
    assert all("group=region%3AMeru" in link.url for link in (*page.metrics, *page.periods))
    assert len(page.rows) == 6
    for link in (*page.metrics, *page.periods, *page.groups):
        assert browser.get(f"/leaderboard/{link.url}").status_code == 200, link


@pytest.mark.parametrize("query", ["?metric=x", "?period=x", "?group=x", "?period=9999"])
def test_an_address_with_an_unknown_choice_leads_to_the_usual_page(
    network: SimpleNamespace, as_user: AsUser, query: str
) -> None:
    assert as_user(network.hq).get(f"/leaderboard/{query}")["Location"] == "/leaderboard/"


def test_without_a_factory_the_page_says_what_to_do(as_user: AsUser, cast: Cast) -> None:
    user = make.make_user()
    make.make_membership(user=user, role=Role.HQ_MANAGER, organisation=make.make_organisation())

    response = as_user(user).get("/leaderboard/")

    assert response.status_code == 200
    assert "No factory to rank yet." in response.content.decode()


def test_page_json_and_file_hold_the_same_rows(network: SimpleNamespace, as_user: AsUser) -> None:
    browser = as_user(network.hq)

    body = browser.get(API).json()
    rows = body["results"]
    page = browser.get("/leaderboard/").context["page"]
    files = [browser.get(path, {"as": "csv"}) for path in (API, "/leaderboard/")]

    assert [row["factory"] for row in rows] == [row.factory_id for row in page.rows]
    assert (body["not_placed"][0]["name"], body["not_placed"][0]["reasons"][0]["code"]) == (
        "Momul Tea Factory",
        "nothing_known",
    )
    for index, metric in enumerate(METRICS):
        assert [words.digits(row[metric.code], metric, SECTORS["tea"]) for row in rows] == [
            r.cells[index].digits for r in page.rows
        ]
    for response in files:
        assert response["Content-Type"].startswith("text/csv")
        read = list(csv.DictReader(io.StringIO(response.content.decode())))
        for name in ("value", *CODES):
            assert [float(row[name]) for row in read] == [row[name] for row in rows]


def test_the_api_tells_a_manager_no_name(network: SimpleNamespace, as_user: AsUser) -> None:
    body = as_user(network.litein_manager).get(API).json()

    assert [row["factory"] for row in body["results"]] == [network.litein.pk]
    assert body["best"]["name"] is None
    assert body["best"]["factory"] is None
    assert body["placed_count"] == 7
    assert body["not_placed"] == []


@pytest.mark.parametrize(
    "query",
    [
        "metric=kg",
        "period=2026-13",
        "period=2999",
        "period=2999-12",
        "period=yesterday",
        "period=2026-1",
        "group=region:Atlantis",
        "group=nonsense",
    ],
)
def test_the_api_names_the_field_that_is_wrong(network: SimpleNamespace, as_user: AsUser, query: str) -> None:
    response = as_user(network.hq).get(f"{API}?{query}")

    assert response.status_code == 400
    assert set(response.json()["fields"]) == {query.partition("=")[0]}


def test_the_pages_queries_do_not_grow_with_the_rows(network: SimpleNamespace, as_user: AsUser) -> None:
    browser = as_user(network.hq)

    before = queries_of(browser, "/leaderboard/")
    for _n in range(8):
        fill_days(make.make_factory(organisation=network.organisation), network.days, last=network.last)

    assert queries_of(browser, "/leaderboard/") == before


# --- Words -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("number", "word"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (12, "12th"),
        (13, "13th"),
        (21, "21st"),
        (102, "102nd"),
        (111, "111th"),
    ],
)
def test_ordinals(number: int, word: str) -> None:
    assert words.ordinal(number) == word


def test_a_place_is_shown_as_a_range() -> None:
    place = Place(8, 5, 14, 3)

    assert (words.place_words(place), words.range_words(place)) == ("shared 8th", "5th–14th")
    assert words.range_words(Place(4, 4, 4, 1)) == ""


def test_days_are_named_up_to_three() -> None:
    days = [LAST - timedelta(days=back) for back in (7, 6, 5)]

    assert days_in_words(days[:1], 1) == "14 Nov"
    assert days_in_words(days[:2], 2) == "14 and 15 Nov"
    assert days_in_words(days, 3) == "14, 15 and 16 Nov"
    assert days_in_words([LAST.replace(month=10, day=31), LAST.replace(day=1)], 2) == "31 Oct and 1 Nov"
    assert days_in_words(days, 9) == "14 Nov, 15 Nov, 16 Nov and others, 9 days in total"


def test_without_a_grid_factor_the_page_says_that_it_is_unavailable(network: SimpleNamespace, as_user: AsUser) -> None:
    abroad = make.make_factory(organisation=network.organisation, country="KR")
    fill_days(abroad, 30, last=network.last)

    response = as_user(network.hq).get("/leaderboard/")

    assert response.status_code == 200
    assert "KR" in response.content.decode()
    assert "leaderboard/unavailable.html" in [found.name for found in response.templates]
