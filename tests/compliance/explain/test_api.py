"""/api/explain/ and the page: who sees which figure, files of each rung, and what is no figure."""

import csv
import io
from datetime import date
from types import SimpleNamespace

import pytest
from django.urls import reverse

from accounts.models import User
from compliance.explain import identity
from energy.models import EnergyEntry
from tests.cast import signed_in
from tests.compliance.explain.test_formula import in_a_sheet
from tests.portal.logged_site import NOW, YESTERDAY, LoggedSite, kept_litein, logged_litein

__all__ = ["kept_litein", "logged_litein"]  # fixtures
pytestmark = pytest.mark.django_db

API = "/api/explain/"


@pytest.fixture(autouse=True)
def _now(clock: SimpleNamespace) -> None:
    clock.now = NOW


def statuses(figure: str, user: User) -> tuple[int, int]:
    browser = signed_in(user)
    return tuple(browser.get(url, {"figure": figure}).status_code for url in (API, reverse("explain")))  # type: ignore[return-value]


def test_a_figure_is_for_those_who_see_its_site_and_kind(logged_litein: LoggedSite) -> None:
    site, cast = logged_litein.factory.pk, logged_litein.cast
    assert cast is not None
    entry = EnergyEntry.objects.filter(factory=site).earliest("pk")
    energy = [
        # The installer sees the stacks, and not what was made.
        identity.site(site, date(2026, 11, 1), YESTERDAY, "stack_co2_kg_per_kg"),
        identity.site(site, date(2026, 11, 1), YESTERDAY, "stack_made_kg"),
        identity.site(site, date(2026, 11, 1), YESTERDAY, "co2e_kg"),
        identity.of_row("day", site, "record_scope1_co2e_kg", YESTERDAY),
        identity.of_row("entry", entry.pk, "co2e_kg"),
        identity.of_row("share", entry.pk, "co2e_kg", entry.timestamp.date()),
        identity.of_row("factor", entry.factor_id or 0, "value"),
    ]
    measured = [identity.hours("stack", site, NOW.replace(hour=3, minute=0), NOW.replace(minute=0))]

    for figure in energy + measured:
        assert statuses(figure, cast.litein_manager) == statuses(figure, cast.auditor) == (200, 200), figure
    for figure in energy[:-1] + measured:
        assert statuses(figure, cast.momul_manager) == statuses(figure, cast.outsider) == (404, 404), figure
        assert statuses(figure, cast.nobody) == (403, 403), figure
    assert {statuses(figure, cast.installer) for figure in energy} == {(404, 404)}
    assert statuses(measured[0], cast.installer) == (200, 200)
    both = identity.site([site, cast.elsewhere.pk], date(2026, 11, 1), YESTERDAY, "co2e_kg")
    assert statuses(both, cast.hq) == (404, 404)


@pytest.mark.parametrize("figure", ["site:1:co2e_kg", "x", "<script>"])
def test_what_is_no_figure_is_said(logged_litein: LoggedSite, figure: str) -> None:
    browser = signed_in(logged_litein.user)

    answer = browser.get(API, {"figure": figure})

    assert answer.status_code == 400
    assert answer.json()["fields"]["figure"][0]["code"] == "not_a_figure"
    page = browser.get(reverse("explain"), {"figure": figure})
    assert page.status_code == 400
    assert "names no figure" in page.content.decode()


def test_a_figure_that_is_not_there_is_404(logged_litein: LoggedSite) -> None:
    for figure in (f"site:{logged_litein.factory.pk}:2026-11-01..2026-11-02:nonsense_kg", "entry:999999:co2e_kg"):
        assert statuses(figure, logged_litein.user) == (404, 404)


def test_card_by_api_with_ladder_files_and_formula(logged_litein: LoggedSite) -> None:
    figure = identity.site(logged_litein.factory.pk, date(2026, 11, 18), YESTERDAY, "scope1_co2e_kg")
    browser = signed_in(logged_litein.user)

    card = browser.get(API, {"figure": figure}).json()

    assert card["is_identical"] is True
    assert card["difference"] == "0"
    assert in_a_sheet(card["spreadsheet"]) == pytest.approx(float(card["value"]), rel=1e-12)
    rungs = {rung["key"]: rung["rows"] for rung in card["rungs"]}
    assert set(rungs) == {"hours", "factors", "setup", "history"}
    assert any("IPCC" in " ".join(row) for row in rungs["factors"])
    assert [row[2] for row in rungs["hours"]] == ["measured"]
    assert len(rungs["history"]) == 12  # four days with wood, electricity and tea
    for rung, rows in {"formula": card["operands"], **rungs}.items():
        text = browser.get(API, {"figure": figure, "rung": rung, "as": "csv"}).content.decode()
        assert len(list(csv.reader(io.StringIO(text)))) == 1 + len(rows)


def test_page_shows_the_card_and_leads_on(logged_litein: LoggedSite) -> None:
    figure = identity.site(logged_litein.factory.pk, date(2026, 11, 18), YESTERDAY, "scope1_co2e_kg")
    browser = signed_in(logged_litein.user)

    page = browser.get(reverse("explain"), {"figure": figure}).content.decode()

    assert "Recomputed now: identical" in page
    assert "Permanent link" in page
    assert f'data-figure="{identity.site(logged_litein.factory.pk, YESTERDAY, YESTERDAY, "scope1_co2e_kg")}"' in page
    assert "No figure is chosen." in browser.get(reverse("explain")).content.decode()
