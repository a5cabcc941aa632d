"""A sector is one row: what a third one needs, and that no page, log or figure asks for it by name."""

import html
import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from compliance.schedule import logs
from energy.models import EnergyType
from factories.choices import Item, Product
from factories.models import EmissionSource
from factories.sectors import SECTORS, LargeSite, Required, Sector, shared_sector
from factories.services import create_factory
from portal.log_form.rows import ROWS
from tests import make
from tests.cast import AsUser
from tests.compliance.build import day_of
from tests.leaderboard.build_days import NO_HEAT, change_day, fill_days
from tests.portal.logged_site import NOW, YESTERDAY

pytestmark = pytest.mark.django_db
KILN = Sector(
    code="kiln",
    label="Charcoal kiln",
    products=(Product.COAL,),
    product_word="charcoal",
    product_name="charcoal",
    product_unit="t",
    required=(
        Required(Item.HEAT, "firewood", "wood"),
        Required(Item.ELECTRICITY, "electricity", "electricity"),
        Required(Item.PRODUCTION, "coal", "charcoal"),
    ),
    log_rows=("coal", "firewood", "electricity"),
    month_rows=("firewood",),
    first_log="Write yesterday's charge.",
    burns_for_heat=True,
    large_site=LargeSite(fuel_kw=8_000, electricity_kw=1_000, product_kg_per_day=60_000, material_kg_per_day=500),
    sites_of="%(count)d of %(total)d kilns",
    emitted_title="What the kilns emitted",
    why_no_places="Kilns have figures and no places.",
)


@pytest.fixture
def kilns(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Two sites of a sector that the code has never heard of, and who manages them."""
    monkeypatch.setitem(SECTORS, KILN.code, KILN)
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    organisation = make.make_organisation(name="Kilns")
    user = make.make_user()
    make.make_membership(user=user, role=Role.HQ_MANAGER, organisation=organisation)
    sites = [
        create_factory(organisation, name=name, sector=KILN.code, altitude_m=900.0, time_zone="Africa/Nairobi")
        for name in ("One", "Two")
    ]
    return SimpleNamespace(organisation=organisation, user=user, one=sites[0], sites=sites)


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def save_log(browser: Client, factory: Any) -> Any:
    typed = {"save_id": "7d0c1f0e-4f1e-4d2c-9a53-3c0f2b6f8f11", "day": YESTERDAY.isoformat()}
    typed |= {"coal-amount": "3", "coal-unit": "t", "firewood-amount": "24", "firewood-unit": "stere"}
    typed |= {"electricity-amount": "500", "electricity-unit": "kWh"}
    return browser.post(f"/factories/{factory.pk}/log/", typed, follow=True)


def test_a_third_sector_needs_one_row(kilns: SimpleNamespace, as_user: AsUser) -> None:
    browser = as_user(kilns.user)
    site = f"/factories/{kilns.one.pk}"
    assert not EmissionSource.objects.filter(factory=kilns.one).exists()  # its row names no boiler
    assert "Write yesterday's charge." in text_of(browser.get(f"{site}/today/"))
    assert logs([kilns.one], NOW)[kilns.one.pk].yesterday.missing == (Item.HEAT, Item.ELECTRICITY, Item.PRODUCTION)
    assert "wood, electricity, charcoal" in text_of(browser.get("/morning/"))

    form = browser.get(f"{site}/log/").context["log"]
    answer = save_log(browser, kilns.one)

    assert [row.name for row in form.rows if not row.spec.is_rare] == ["coal", "firewood", "electricity"]
    assert "kg wood per t charcoal on 21 Nov." in text_of(answer)
    assert "11,571 kg wood ÷ 3.0 t charcoal = 3,857" in text_of(browser.get(f"{site}/today/"))
    assert logs([kilns.one], NOW)[kilns.one.pk].yesterday.is_complete
    assert (day_of(kilns.one, YESTERDAY).made_kg, day_of(kilns.one, YESTERDAY).has_heat) == (3000, True)
    assert [row.name for row in browser.get(f"{site}/today/").context["page"].missing.rows] == [
        "coal",
        "firewood",
        "electricity",
    ]
    assert "3,000" in text_of(browser.get(f"{site}/month/{YESTERDAY:%Y-%m}/"))
    assert "What the kilns emitted" in text_of(browser.get("/morning/"))
    (row,) = browser.get(
        f"/api/factories/{kilns.one.pk}/intensity/", {"from": YESTERDAY, "to": YESTERDAY + timedelta(days=1)}
    ).json()["results"]
    assert float(row["co2e_kg_per_t"]) > 0
    assert browser.get("/leaderboard/").status_code == 200


def test_a_sector_without_places_has_figures_on_the_leaderboard(kilns: SimpleNamespace, as_user: AsUser) -> None:
    for site in kilns.sites:
        fill_days(site, 15)
    change_day(kilns.sites[1], YESTERDAY - timedelta(days=4), **NO_HEAT)

    ranked = as_user(kilns.user).get("/api/factories/leaderboard/", {"period": "2026-11"}).json()

    (row,) = ranked["results"]
    assert ranked["unit"] == "kg CO2e/t"
    assert (row["factory"], row["place"]) == (kilns.one.pk, None)
    assert row["value"] == row["co2e_intensity"] == pytest.approx(1000 * (1.8 * 0.0232369242 + 0.5 * 0.0954))
    assert [item["factory"] for item in ranked["not_placed"]] == [kilns.sites[1].pk]
    assert [reason["message"] for reason in ranked["not_placed"][0]["reasons"]] == [
        f"Wood missing on {YESTERDAY - timedelta(days=4):%-d %b}. Add it."
    ]


def test_where_no_ceiling_is_known_energy_without_a_heating_value_gives_no_figure(
    kilns: SimpleNamespace, as_user: AsUser
) -> None:
    for site in kilns.sites:
        fill_days(site, 15)
    change_day(kilns.one, YESTERDAY - timedelta(days=4), has_all_energy=False)
    browser = as_user(kilns.user)

    by_co2e = browser.get("/api/factories/leaderboard/", {"period": "2026-11"}).json()
    by_energy = browser.get("/api/factories/leaderboard/", {"period": "2026-11", "metric": "energy_intensity"}).json()

    energy = {row["factory"]: row["energy_intensity"] for row in by_co2e["results"]}
    assert energy == {kilns.one.pk: None, kilns.sites[1].pk: pytest.approx(1000 * (1.8 * 12.2171 + 0.5 * 3.6))}
    assert [row["factory"] for row in by_energy["results"]] == [kilns.sites[1].pk]
    assert [reason["code"] for reason in by_energy["not_placed"][0]["reasons"]] == ["heating_value_unknown"]


def test_every_row_names_what_there_is() -> None:
    types = set(EnergyType.objects.values_list("code", flat=True))
    for sector in SECTORS.values():
        rows = [ROWS[name] for name in sector.log_rows]
        assert {needed.log_row for needed in sector.required} <= set(sector.log_rows)
        assert {row.product for row in rows if row.product} <= set(sector.products)
        assert {row.energy_type for row in rows if row.is_energy} <= types
        assert all(ROWS[name].is_energy for name in sector.month_rows)
        assert sector.product_unit in {"kg", "t"}


@pytest.mark.parametrize(
    ("codes", "shared"),
    [(["tea", "tea"], "tea"), (["coal_mine"], "coal_mine"), (["tea", "coal_mine"], "other"), ([], "other")],
)
def test_a_mixture_of_sectors_is_spoken_of_generally(codes: list[str], shared: str) -> None:
    assert shared_sector(codes).code == shared
