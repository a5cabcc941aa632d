"""Stack against fuel of a site: its page, its line on other pages, and the API; who sees it."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from compliance.models import SiteDay
from factories.days import last_day_over_everywhere
from tests.cast import AsUser, Cast
from tests.leaderboard.build_days import a_day, usual

pytestmark = pytest.mark.django_db

SENTENCE = "The stack shows more than the fuel in the log, about 12,000 kg of CO2"


@pytest.fixture
def apart(cast: Cast) -> Cast:
    """Litein: seven days that agree, then three with 14,000 kg in the stack and 10,000 in the log."""
    last = last_day_over_everywhere([cast.litein], timezone.now())
    days = []
    for back in range(10):
        figures = {"has_heat": True, "heat_carbon_co2_kg": Decimal(10_000)}
        figures["stack_filled_co2_kg"] = Decimal(14_000 if back < 3 else 10_000)
        days.append(a_day(cast.litein, last - timedelta(days=back), **(usual() | figures)))
    SiteDay.objects.bulk_create(days)
    return cast


@pytest.mark.parametrize("path", ["/today/", "/", "/balance/"])
def test_pages_of_the_site_say_what_is_found(apart: Cast, as_user: AsUser, path: str) -> None:
    page = as_user(apart.litein_manager).get(f"/factories/{apart.litein.pk}{path}").content.decode()

    assert SENTENCE.replace("CO2", "CO<sub>2</sub>") in page
    assert "Was a delivery not written?" in page


def test_the_page_has_a_dot_and_a_row_a_day(apart: Cast, as_user: AsUser) -> None:
    page = as_user(apart.hq).get(f"/factories/{apart.litein.pk}/balance/").content.decode()

    assert page.count("<circle") == 10
    assert page.count("is-outside") == 3
    assert page.count("<strong>more burned than logged</strong>") == 1  # it lasts three days on the last one only
    assert "The band, 0.75 to 1.25, is the one that every site starts with" in " ".join(page.split())


def test_a_site_without_both_figures_learns_what_they_need(cast: Cast, as_user: AsUser) -> None:
    page = as_user(cast.momul_manager).get(f"/factories/{cast.momul.pk}/balance/").content.decode()

    assert "No day has both figures yet." in page


def test_the_api_gives_the_same_by_day(apart: Cast, as_user: AsUser) -> None:
    path = f"/api/factories/{apart.litein.pk}/balance/"

    rows = as_user(apart.litein_manager).get(path).json()["results"]
    known = [row for row in rows if row["ratio"] is not None]

    assert [row["ratio"] for row in known] == [1.0] * 7 + [1.4] * 3
    assert {row["verdict"] for row in known[:-1]} == {"nothing"}
    last = known[-1]
    assert (last["verdict"], last["is_apart"], last["changed_on"]) == ("unlogged_fuel", True, known[-3]["period_start"])
    assert last["ratio_change"] == pytest.approx(0.4)  # 14,000 / 10,000 - 1
    assert (last["stack_co2_kg"], last["fuel_co2_kg"], last["co2_change"]) == (14_000, 10_000, None)
    as_csv = as_user(apart.hq).get(path + "?as=csv")
    lines = list(csv.DictReader(io.StringIO(b"".join(as_csv).decode("utf-8-sig"))))
    assert [line["verdict"] for line in lines if line["ratio"]] == [row["verdict"] for row in known]


def test_an_installer_does_not_see_the_log(apart: Cast, as_user: AsUser) -> None:
    assert as_user(apart.installer).get(f"/factories/{apart.litein.pk}/balance/").status_code == 403
    page = as_user(apart.installer).get(f"/factories/{apart.litein.pk}/").content.decode()
    assert "Was a delivery not written?" not in page
