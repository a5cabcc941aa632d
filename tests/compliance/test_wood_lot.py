"""The wood lot: what is left, for how many days, and how much of what burned has evidence; by hand, API and page."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from compliance.models import WoodOrigin
from compliance.wood_lot import LotFlag, wood_lot
from energy.choices import EntryKind
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
    """100 + 60 - 100 = 60 t; 100 t in 28 days are 3,571 kg a day: 16.8 days. 30 of 60 t received have evidence: of the
    CO2 of 100 t of 30 % moisture, 128,333 kg, half may be called sustainable."""
    assert prove(lot, as_user) == 302

    found = wood_lot(lot.litein, FIRST, END)

    assert (found.opening_kg, found.received_kg, found.burned_kg) == (100_000, 60_000, pytest.approx(100_000))
    assert found.closing_kg == pytest.approx(60_000)
    assert found.days_left == pytest.approx(Decimal("16.8"))
    assert (found.grown_kg, found.evidenced_share, found.flags) == (30_000, Decimal("0.5"), ())
    assert float(found.sustainable_co2_kg) == pytest.approx(0.5 * 100_000 * 0.7 * 0.5 * 44 / 12)


def test_wood_that_was_not_there_is_flagged_and_has_no_evidence(lot: Cast, as_user: AsUser) -> None:
    """60 t more are burned than the 160 t that were there: 220 - 160. Of 220 t 160 are known: 160/220 of the half."""
    prove(lot, as_user)
    for day in range(1, 5):
        write(lot, EntryKind.USED, 30_000, at(day) + timedelta(hours=1))

    found = wood_lot(lot.litein, FIRST, END)

    assert found.closing_kg == pytest.approx(-60_000)
    assert (found.flags, found.days_left) == ((LotFlag.NEGATIVE,), 0)
    assert found.sustainable_co2_kg / found.biogenic_co2_kg == pytest.approx(Decimal(160) / 220 / 2)


def test_without_a_count_nothing_is_invented(cast: Cast) -> None:
    write(cast, EntryKind.USED, 10_000, at(2))

    found = wood_lot(cast.litein, FIRST, END)

    assert (found.opening_kg, found.closing_kg, found.days_left) == (None, None, None)
    assert (found.flags, found.sustainable_co2_kg) == ((LotFlag.NO_COUNT,), 0)
    with pytest.raises(ValueError, match="at least one day"):
        wood_lot(cast.litein, END, FIRST)


def test_api_and_page_give_and_take_the_origin(lot: Cast, as_user: AsUser) -> None:
    path = f"/api/factories/{lot.litein.pk}/wood-lot/"
    sent = {"entry": lot.bought, "source": "bought", "supplier": "Kipkelion Growers", "evidence": ""}

    answer = as_user(lot.litein_manager).post(path, sent, content_type="application/json").json()
    assert answer == sent | {"species": ""}
    assert prove(lot, as_user) == 302
    got = as_user(lot.auditor).get(f"{path}?from={FIRST}&to={END}").json()
    assert (got["evidenced_share"], got["closing_kg"], len(got["origins"])) == ("0.500000", "60000.000000", 2)
    page = as_user(lot.auditor).get(f"/factories/{lot.litein.pk}/wood/").content.decode()
    assert "Kipkelion Growers" in page
    assert '<form class="form"' not in page
    of_no_delivery = as_user(lot.hq).post(path, sent | {"entry": 1}, content_type="application/json")
    assert (of_no_delivery.status_code, of_no_delivery.json()["code"]) == (404, "no_such_delivery")
    assert prove(lot, as_user, source="stolen") == 200  # shown again with its error
    assert WoodOrigin.objects.get(entry=lot.proven).source == "own"
