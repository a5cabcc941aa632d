"""The wood lot: what is left, for how many days, and how much of what burned has evidence; by hand, API and page."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from compliance.models import WoodOrigin
from compliance.wood_lot import LotFlag, wood_lot
from energy.choices import EntryKind
from factories.days import factory_day
from tests import make
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db

FIRST, END = date(2026, 11, 1), date(2026, 11, 11)


def at(day: int, month: int = 11) -> datetime:
    return datetime(2026, month, day, 9, tzinfo=UTC)


def write(cast: Cast, kind: EntryKind, kg: int, when: datetime) -> int:
    fields = {"kind": kind, "amount": Decimal(kg), "unit": "kg", "timestamp": when}
    return make.make_energy_entry(cast.litein, **fields).pk


@pytest.fixture
def lot(cast: Cast) -> Cast:
    """100 t counted on 30 October; two deliveries of 30 t, one with evidence; 10 t burned on each of ten days."""
    write(cast, EntryKind.STOCK_COUNT, 100_000, at(30, 10))
    cast.proven = write(cast, EntryKind.RECEIVED, 30_000, at(3))
    cast.bought = write(cast, EntryKind.RECEIVED, 30_000, at(5))
    for day in range(1, 11):
        write(cast, EntryKind.USED, 10_000, at(day))
    return cast


def prove(lot: Cast, as_user: AsUser, **more: str) -> int:
    data = {"entry": lot.proven, "source": "own", "species": "eucalyptus", "evidence": "FSC 123"} | more
    return as_user(lot.litein_manager).post(f"/factories/{lot.litein.pk}/wood/", data).status_code


def test_what_is_left_lasts_and_has_evidence(lot: Cast, as_user: AsUser) -> None:
    """100 + 60 - 100 = 60 t; 100 t in 28 days are 3,571 kg a day: 16.8 days. 30 t with evidence came in and 100 t were
    burned: of the CO2 of 100 t of 30 % moisture, 128,333 kg, 30 % may be called sustainable."""
    assert prove(lot, as_user) == 302

    found = wood_lot(lot.litein, FIRST, END)

    assert (found.opening_kg, found.received_kg, found.burned_kg) == (100_000, 60_000, pytest.approx(100_000))
    assert found.closing_kg == pytest.approx(60_000)
    assert found.days_left == pytest.approx(Decimal("16.8"))
    assert (found.grown_kg, found.evidenced_share, found.flags) == (30_000, pytest.approx(Decimal("0.3")), ())
    assert float(found.sustainable_co2_kg) == pytest.approx(0.3 * 100_000 * 0.7 * 0.5 * 44 / 12)


def test_wood_that_was_not_there_is_flagged_and_has_no_evidence(lot: Cast, as_user: AsUser) -> None:
    """60 t more are burned than the 160 t that were there: 220 - 160. Of 220 t 30 have evidence."""
    prove(lot, as_user)
    for day in range(1, 5):
        write(lot, EntryKind.USED, 30_000, at(day) + timedelta(hours=1))

    found = wood_lot(lot.litein, FIRST, END)

    assert found.closing_kg == pytest.approx(-60_000)
    assert (found.flags, found.days_left) == ((LotFlag.NEGATIVE,), 0)
    assert found.sustainable_co2_kg / found.biogenic_co2_kg == pytest.approx(Decimal(30) / 220)


def test_a_lot_that_was_empty_for_a_while_is_flagged(lot: Cast) -> None:
    """160 t are burned by 4 November, and 130 t were there: -30 t, until 90 t come in on 9 November."""
    for day in range(1, 5):
        write(lot, EntryKind.USED, 30_000, at(day) + timedelta(hours=1))
    write(lot, EntryKind.RECEIVED, 90_000, at(9))

    found = wood_lot(lot.litein, FIRST, END)

    assert (found.closing_kg, found.flags) == (pytest.approx(30_000), (LotFlag.NEGATIVE,))


def test_what_is_left_follows_the_last_count(lot: Cast) -> None:
    """55 t are counted when the factory day of 6 November begins, after both deliveries; 5 days of 10 t follow."""
    start = factory_day(lot.litein, date(2026, 11, 6)).starts_at
    write(lot, EntryKind.STOCK_COUNT, 55_000, start)

    found = wood_lot(lot.litein, FIRST, END)

    assert (found.opening_kg, found.closing_kg, found.flags) == (100_000, pytest.approx(5_000), ())
    only_later = wood_lot(lot.litein, date(2026, 10, 20), END)
    assert (only_later.opening_kg, only_later.closing_kg, only_later.flags) == (None, found.closing_kg, ())


def test_a_kind_of_wood_that_was_never_counted_is_flagged(lot: Cast) -> None:
    pellets = {"energy_type": "wood_pellets", "kind": EntryKind.USED, "amount": Decimal(900), "unit": "kg"}
    make.make_energy_entry(lot.litein, **pellets, timestamp=at(4))

    found = wood_lot(lot.litein, FIRST, END)

    assert (found.closing_kg, found.flags) == (pytest.approx(60_000), (LotFlag.NO_COUNT,))


def test_wood_is_weighed_at_the_moisture_of_the_site(lot: Cast) -> None:
    """8.75 t at 20 % moisture hold 7 t of dry wood, as 10 t at 30 % do: 100 + 10 t are burned."""
    fields = {"kind": EntryKind.USED, "amount": Decimal(8_750), "unit": "kg", "moisture_fraction": Decimal("0.2")}
    make.make_energy_entry(lot.litein, **fields, timestamp=at(4) + timedelta(hours=1))

    assert wood_lot(lot.litein, FIRST, END).burned_kg == pytest.approx(110_000)


def test_without_a_count_nothing_is_invented(cast: Cast) -> None:
    write(cast, EntryKind.USED, 10_000, at(2))

    found = wood_lot(cast.litein, FIRST, END)

    assert (found.opening_kg, found.closing_kg, found.days_left) == (None, None, None)
    assert (found.flags, found.sustainable_co2_kg) == ((LotFlag.NO_COUNT,), 0)
    came = write(cast, EntryKind.RECEIVED, 2_000, at(2))
    WoodOrigin.objects.create(entry_id=came, source="own", evidence="FSC 123", changed_at=at(2))
    assert wood_lot(cast.litein, FIRST, END).evidenced_share == pytest.approx(Decimal("0.2"))  # 2 of 10 t, not all
    with pytest.raises(ValueError, match="at least one day"):
        wood_lot(cast.litein, END, FIRST)


def test_api_and_page_give_and_take_the_origin(lot: Cast, as_user: AsUser) -> None:
    path = f"/api/factories/{lot.litein.pk}/wood-lot/"
    sent = {"entry": lot.bought, "source": "bought", "supplier": "Kipkelion Growers", "evidence": ""}

    answer = as_user(lot.litein_manager).post(path, sent, content_type="application/json").json()
    assert answer == sent | {"species": ""}
    assert prove(lot, as_user) == 302
    got = as_user(lot.auditor).get(f"{path}?from={FIRST}&to={END}").json()
    assert (got["evidenced_share"], got["closing_kg"], len(got["origins"])) == ("0.300000", "60000.000000", 2)
    page = as_user(lot.auditor).get(f"/factories/{lot.litein.pk}/wood/").content.decode()
    assert "Kipkelion Growers" in page
    assert '<form class="form"' not in page
    of_no_delivery = as_user(lot.hq).post(path, sent | {"entry": 1}, content_type="application/json")
    assert (of_no_delivery.status_code, of_no_delivery.json()["code"]) == (404, "no_such_delivery")
    assert prove(lot, as_user, source="stolen") == 200  # shown again with its error
    assert WoodOrigin.objects.get(entry=lot.proven).source == "own"
