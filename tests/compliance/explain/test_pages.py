"""Every figure on every page opens its card, and the card recomputes to what is printed."""

import re
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from accounts.models import User
from accounts.roles import Role
from compliance.explain.card import Card
from compliance.explain.explain import explain
from compliance.explain.sites import Book
from factories.choices import Product
from factories.days import factory_day
from factories.models import EmissionSource
from tests import make
from tests.cast import signed_in
from tests.compliance.explain.crawling import Page, crawl
from tests.compliance.explain.walking import walk
from tests.portal.logged_site import NOW, YESTERDAY, LoggedSite, kept_litein, logged_litein

__all__ = ["kept_litein", "logged_litein"]  # fixtures
pytestmark = pytest.mark.django_db

PRINTED = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
# Printed unit -> how many of it one unit of the card is.
SCALES = ((r"t CO2e?\b", "kg CO2", 1000), (r"t\b", "kg", 1000), (r"MJ", "GJ", Decimal("0.001")))
SCALES += ((r"%", "", Decimal("0.01")),)
# Numbers with a unit that are no figure, each with its why.
EXPLAINED = {
    r"GWP set Show As CSV|AR4 \d": "totals of the page Inventory, which have identities and are not links yet",
    r"may be called sustainable|plantations|In the lot now": "of the wood lot, whose figures have no cards yet",
    r"From the chimney today": "the interval of the figure beside it, which is a link",
    r"[Gg]oal": "a goal, which the product sets",
    r"\d % of the (?:sites|time|hour|hours|days)": "a rule, which the text states",
    r"80 %|35 days|10 %|90 %": "the same",
    r"usually|Usual|usual": "the median and band of the same hours of other days, beside the figure",
    r"Time with readings|readings? [\d.]+ %|Last reading": "time covered so far: it changes with each second",
    r"of its time|of their days|chimney hours are measured": "a share of time beside its figure",
    r"Full height|table": "scale and table of a drawing, whose figure stands beside it",
    r"[Mm]oisture|as entered|Entry|[Ff]actor|Amount": "what a person typed, or a factor: it stands at its entry",
    r"last time|The month \w+:": "what a person typed",
    r"CO2e?/kWh": "an emission factor, which is a link to its row",
    r"suggests|shows less than the fuel": "an estimate in a hint; its days stand on the page it leads to",
    r"full-size|ppm|sensor": "a setting of a device",
}


def scale_of(text: str, card: Card) -> Decimal:
    after = text[PRINTED.search(text).end() :].lstrip()  # type: ignore[union-attr]
    return next(
        (Decimal(n) for unit, of, n in SCALES if re.match(unit, after) and card.unit.startswith(of)), Decimal(1)
    )


def check(text: str, card: Card) -> None:
    """What is printed is the value, rounded or cut at its last digit."""
    found = PRINTED.search(text)
    assert found is not None, f"{card.figure} prints {text!r}"
    assert card.value is not None, f"{card.figure} is not known, and prints {text!r}"
    digits = found.group().replace(",", "")
    step = Decimal(1).scaleb(-len(digits.partition(".")[2])) * scale_of(text, card)
    printed = Decimal(digits) * scale_of(text, card)
    assert abs(printed - card.value) < step, f"{card.figure} prints {text!r}, its card says {card.value}"


def pages_of(user: User) -> list[Page]:
    return list(crawl(signed_in(user)))


@pytest.fixture
def visited(logged_litein: LoggedSite, clock: SimpleNamespace) -> dict[str, tuple[User, list[Page]]]:
    clock.now = NOW
    cast = logged_litein.cast
    assert cast is not None
    people = {name: getattr(cast, name) for name in ("litein_manager", "hq", "auditor", "installer")}
    return {name: (user, pages_of(user)) for name, user in people.items()}


def test_every_figure_of_every_page_is_recomputed_from_its_card(visited: dict[str, tuple[User, list[Page]]]) -> None:
    book, counted = Book(NOW), {}
    for name, (user, pages) in visited.items():
        cards: dict[str, Card] = {}
        for page in pages:
            for figure, text in page.figures:
                if figure not in cards:
                    cards[figure] = explain(figure, user, book=book)
                assert cards[figure].is_identical, f"{page.url}: {cards[figure]}"
                check(text, cards[figure])
        counted[name] = (len(pages), sum(len(page.figures) for page in pages), len(cards))
    assert counted["litein_manager"][2] > 60
    assert counted["hq"][2] > 20
    assert counted["installer"][2] >= 2


def test_every_number_with_a_unit_is_a_figure_or_explained(visited: dict[str, tuple[User, list[Page]]]) -> None:
    bare = {
        (page.url, words)
        for _user, pages in visited.values()
        for page in pages
        for words in page.bare
        if not any(re.search(pattern, words) for pattern in EXPLAINED)
    }

    assert not bare, "\n".join(map(str, sorted(bare)))


def test_figures_of_mines_are_recomputed_down_to_coal(clock: SimpleNamespace) -> None:
    clock.now = NOW
    india = make.make_organisation(name="Coal Group", country="IN")
    mine = make.make_factory(organisation=india, name="Seam", sector="coal_mine", country="IN", day_starts_at=0)
    EmissionSource.objects.create(factory=mine, name="Methane", kind="mine_methane", mine_class="opencast")
    hq = make.make_user(email="coal@test.example")
    make.make_membership(user=hq, role=Role.HQ_MANAGER, organisation=india)
    start = factory_day(mine, YESTERDAY).starts_at
    period = {"period_start": start, "period_end": start + timedelta(days=1)}
    make.make_production(mine, product=Product.COAL, amount=Decimal(5_000_000), **period)
    for energy_type, amount, unit in (("electricity", 40_000, "kWh"), ("diesel", 900, "L")):
        make.make_energy_entry(
            mine, energy_type=energy_type, amount=Decimal(amount), unit=unit, timestamp=start, **period
        )

    book, seen = Book(NOW), dict[str, Card]()
    for page in pages_of(hq):
        for figure, text in page.figures:
            check(text, walk(figure, hq, book, seen=seen)[figure])

    names = {figure.rpartition(":")[2] for figure in seen}
    assert names >= {"methane_co2e_kg", "co2e_kg_per_t", "co2e_kg", "made_kg"}
