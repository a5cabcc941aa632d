"""Pages of targets: the list, the path of one, and how HQ sets, corrects and ends it."""

from decimal import Decimal

import pytest

from compliance.choices import TargetStatus
from compliance.models import Target
from portal.drawn.target_path import draw_target_path
from tests import make
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db
FIELDS = {
    "metric": "intensity",
    "scope": "1+2",
    "base_year": "2025",
    "base_value": "0.120",
    "target_year": "2030",
    "target_value": "0.090",
}


def test_hq_sets_a_target_corrects_it_with_a_reason_and_ends_it(cast: Cast, as_user: AsUser) -> None:
    browser = as_user(cast.hq)

    empty = browser.get("/targets/")
    made = browser.post("/targets/new/", FIELDS | {"place": str(cast.litein.pk)})
    target = Target.objects.get()
    shown = browser.get(f"/targets/{target.pk}/")
    silent = browser.post(f"/targets/{target.pk}/", FIELDS | {"target_value": "0.095"})
    corrected = browser.post(f"/targets/{target.pk}/", FIELDS | {"target_value": "0.095", "reason": "board of May"})
    before = browser.get(f"/targets/{target.pk}/")
    ended = browser.post(f"/targets/{target.pk}/", {"act": "end", "reason": "replaced"}, follow=True)

    assert "No target yet." in empty.content.decode()
    assert made["Location"] == f"/targets/{target.pk}/"
    assert target.factory == cast.litein
    assert "nothing is logged in these 12 months" in shown.content.decode()  # the line alone is drawn
    assert shown.context["page"].path.actual_x_pct == ""
    # 0.12 in 2025 to 0.09 in 2030: 0.006 less each year.
    assert shown.context["page"].path.years[1] == (2026, "0.114")
    assert silent.context["form"].errors["reason"]
    assert corrected.status_code == 302
    assert "0.12 in 2025 to 0.095 kg CO2e/kg in 2030" in before.content.decode()
    target.refresh_from_db()
    assert (target.target_value, target.status) == (Decimal("0.095"), TargetStatus.ENDED)
    assert "board of May" in ended.content.decode()
    assert "Correct the target" not in ended.content.decode()


def test_an_error_stands_beside_its_field(cast: Cast, as_user: AsUser) -> None:
    browser = as_user(cast.hq)

    backward = browser.post("/targets/new/", FIELDS | {"target_year": "2024"})
    browser.post("/targets/new/", FIELDS)
    twice = browser.post("/targets/new/", FIELDS)

    assert "after the base year" in str(backward.context["form"].errors["target_year"])
    assert "in force" in str(twice.context["form"].errors["__all__"])
    assert Target.objects.get().factory is None


def test_managers_read_their_own_targets_and_the_auditor_reads_all(cast: Cast, as_user: AsUser) -> None:
    own, other = make.make_target(cast.litein), make.make_target(cast.momul)

    manager, auditor = as_user(cast.litein_manager), as_user(cast.auditor)

    assert [row.target for row in manager.get("/targets/").context["rows"]] == [own]
    assert {row.target for row in auditor.get("/targets/").context["rows"]} == {own, other}
    assert manager.get(f"/targets/{own.pk}/").context["form"] is None
    assert "Set a target" not in auditor.get("/targets/").content.decode()


def test_the_api_gives_the_line_of_every_year(cast: Cast, as_user: AsUser) -> None:
    line = {"base_year": 2025, "base_value": Decimal("0.12"), "target_year": 2027, "target_value": Decimal("0.1")}
    make.make_target(cast.litein, **line)

    found = as_user(cast.hq).get("/api/targets/").json()["results"][0]

    assert found["line"] == {"2025": "0.120000", "2026": "0.110000", "2027": "0.100000"}


@pytest.mark.parametrize(("at_year", "x_pct"), [("2026.5", "50%"), ("2020", "0%"), ("2040", "100%")])
def test_the_mark_stands_at_its_year_or_at_the_edge(at_year: str, x_pct: str) -> None:
    years = [(2025, Decimal(100)), (2026, Decimal(80)), (2027, Decimal(60)), (2028, Decimal(40))]

    drawn = draw_target_path(years=years, at_year=Decimal(at_year), actual=Decimal(55), summary="x")

    assert drawn.actual_x_pct == x_pct
    # The plot ends 10 % above 100: 55 is half of 110, so half of the 200 units.
    assert drawn.actual_y == "100"
    assert [tick.label for tick in drawn.ticks] == ["2025", "2026", "2027", "2028"]


def test_a_line_to_zero_is_drawn_without_a_figure() -> None:
    drawn = draw_target_path(
        years=[(2029, Decimal(1)), (2030, Decimal(0))], at_year=Decimal("2029.5"), actual=None, summary=""
    )

    assert drawn.line == "M0 18.18L960 200"  # 1 of 1.1: a tenth of the plot stays above it
    assert drawn.summary == "No figure yet."
