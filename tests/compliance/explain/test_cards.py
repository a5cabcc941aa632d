"""Cards: each figure of a site, walked down to entries, factors and hours; recomputed from operands alone."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest

from compliance.explain import identity
from compliance.explain.explain import explain
from compliance.explain.sites import PARTS, RATIOS, SUMMED, Book
from tests import make
from tests.compliance.explain.walking import walk
from tests.energy.test_market import CONTRACT
from tests.portal.logged_site import NOW, YESTERDAY, LoggedSite, kept_litein, logged_litein

__all__ = ["kept_litein", "logged_litein"]  # fixtures
pytestmark = pytest.mark.django_db

FIRST = date(2026, 11, 12)


@pytest.fixture(autouse=True)
def _now(clock: SimpleNamespace) -> None:
    clock.now = NOW


def test_each_figure_of_a_site_is_recomputed_down_to_entries_factors_and_hours(logged_litein: LoggedSite) -> None:
    site, book = logged_litein, Book(NOW)

    seen: dict[str, object] = {}
    for name in sorted(SUMMED | RATIOS.keys() | PARTS.keys()):
        figure = identity.site(site.factory.pk, FIRST, YESTERDAY, name)
        if book.site_value(identity.parse(figure)) is not None:
            walk(figure, site.user, book, seen=seen)  # type: ignore[arg-type]

    kinds = {text.partition(":")[0] for text in seen}
    assert kinds >= {"site", "day", "share", "entry", "factor", "made", "production", "chimney", "hour"}
    assert len(seen) > 150


def test_card_says_the_sum_with_its_arithmetic(logged_litein: LoggedSite) -> None:
    # A stere is 450 kg at 25 % moisture, so 450 x 0.75 / 0.70 kg at the usual 30 %: 482.142857 kg.
    figure = identity.site(logged_litein.factory.pk, date(2026, 11, 20), date(2026, 11, 21), "firewood_kg")

    card = explain(figure, logged_litein.user)

    stere = [Decimal(40 + day.toordinal() % 7) for day in (date(2026, 11, 20), date(2026, 11, 21))]
    assert card.expression == "SUM(d)"
    kg = [round(amount * 450 * Decimal("0.75") / Decimal("0.70"), 6) for amount in stere]
    assert [operand.value for operand in card.operands] == kg
    assert card.value == sum(kg)
    assert card.is_identical


@pytest.mark.parametrize(("amount", "unit"), [("400.1237", "kWh")])
def test_a_contract_is_recomputed_from_what_was_typed(logged_litein: LoggedSite, amount: str, unit: str) -> None:
    # Its energy is stored as 1.440445 GJ, of which 0.5 kg a kWh would make 200.061806 kg.
    fields = CONTRACT | {"supplier_factor_kgco2e_per_kwh": Decimal("0.5"), "energy_type": "electricity"}
    entry = make.make_energy_entry(logged_litein.factory, amount=Decimal(amount), unit=unit, **fields)

    seen = walk(f"entry:{entry.pk}:market_co2e_kg", logged_litein.user, Book(NOW))

    assert [card.value for card in seen.values()] == [Decimal("200.06185"), Decimal(amount)]


def test_inventory_is_recomputed_from_its_lines(logged_litein: LoggedSite) -> None:
    for name in ("scope1_co2e_kg", "scope2_co2e_kg", "biogenic_co2_kg"):
        card = explain(f"inventory:{logged_litein.factory.pk}:2026-11-01..2026-11-20:{name}", logged_litein.user)

        assert card.is_identical
        assert card.value is not None
        assert card.low is not None
        assert card.low < card.value
