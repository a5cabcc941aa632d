"""The log of simulated managers: it has each story, and its past does not change with time."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from demo import cast, ledger, mines
from demo.cast import Story
from demo.ledger import EnergyLine, Ledger
from energy.choices import EntryKind
from factories.choices import Product, SourceKind

ANCHOR_DAY = 20_779  # 2026-11-22
FIRST_DAY = ANCHOR_DAY - 396
YESTERDAY = ANCHOR_DAY - 1
NAMES = [factory.name for factory in cast.factories()]


def told_by(name: str, last_day: int = YESTERDAY) -> Ledger:
    return ledger.tea_ledger(name, first_day=FIRST_DAY, last_day=last_day, anchor_day=ANCHOR_DAY)


def of(told: Ledger, energy_type: str, kind: EntryKind = EntryKind.USED) -> list[EnergyLine]:
    return [line for line in told.lines if (line.energy_type, line.kind) == (energy_type, kind)]


def kg(lines: Sequence[EnergyLine]) -> float:
    return sum(float(line.amount) * (ledger.KG_PER_STERE if line.unit == "stere" else 1) for line in lines)


def logged_yesterday(told: Ledger) -> set[str]:
    start = ledger.day_start(YESTERDAY)
    found = {line.energy_type for line in told.lines if line.end and line.end > start}
    return found | {str(one.product) for one in told.made if one.end > start}


def test_six_of_67_did_not_log_all_of_yesterday_and_litein_lacks_its_firewood_alone() -> None:
    missing = {}
    for name in NAMES:
        told = told_by(name)
        pays_by_bill = len(of(told, "electricity")) < 20
        wanted = {"firewood", "made_tea"} | (set() if pays_by_bill else {"electricity"})
        if lacking := wanted - logged_yesterday(told):
            missing[name] = lacking

    assert len(missing) == 6
    assert missing[cast.MANAGED_FACTORY] == {"firewood"}
    assert missing["Tebesonik Tea Factory"] == {"made_tea"}


def test_days_before_yesterday_are_complete_but_for_their_stories() -> None:
    for name in NAMES:
        told, story = told_by(name), cast.story_of(name)
        if story not in (Story.RARELY_LOGS, Story.FORGOT_YESTERDAY, Story.WOOD_TO_LOG):
            covered = sum((line.end - line.start for line in of(told, "firewood") if line.end), timedelta())
            assert covered == timedelta(days=396), name
        if story is not Story.NO_PRODUCTION:
            made = [one for one in told.made if one.product == Product.MADE_TEA]
            assert len(made) >= 395, name


def test_a_later_ledger_holds_the_earlier_one_and_what_was_forgotten() -> None:
    for name in [*NAMES[::6], cast.MANAGED_FACTORY, "Kobel Tea Factory", "Nduti Tea Factory"]:
        before, after = told_by(name), told_by(name, YESTERDAY + 1)
        skipped_later = set(before.lines) - set(after.lines)
        assert all(line.start == ledger.day_start(YESTERDAY) for line in skipped_later), name
        assert set(before.made) <= set(after.made)

    after = told_by(cast.MANAGED_FACTORY, YESTERDAY + 1)
    assert ledger.day_start(YESTERDAY) in {line.start for line in of(after, "firewood")}


def test_unlogged_wood_is_in_no_log_but_missing_from_the_yard() -> None:
    name = "Rorok Tea Factory"
    told, own = told_by(name), cast.works_of(name, ANCHOR_DAY)
    since = ledger.day_start(ANCHOR_DAY - 30)
    burned_kg = own.between((ANCHOR_DAY - 30) * 86_400 + 6 * 3600, ANCHOR_DAY * 86_400 + 6 * 3600)[1]

    logged_kg = kg([line for line in of(told, "firewood") if line.start >= since])

    assert 1.3 < burned_kg / logged_kg < 1.5


@pytest.mark.parametrize("name", ["Chelal Tea Factory", "Toror Tea Factory", "Boito Tea Factory"])
def test_counts_and_deliveries_confirm_an_honest_log(name: str) -> None:
    told = told_by(name)
    counts = of(told, "firewood", EntryKind.STOCK_COUNT)
    first, last = counts[0], counts[-1]

    received = [line for line in of(told, "firewood", EntryKind.RECEIVED) if first.start <= line.start < last.start]
    used = [line for line in of(told, "firewood") if first.start - timedelta(hours=1) <= line.start < last.start]

    assert len(counts) >= 13
    by_stock_kg = kg([first]) + kg(received) - kg([last])
    assert kg(used) == pytest.approx(by_stock_kg, rel=0.05)
    assert all(line.amount > 0 for line in counts)


def test_rare_logger_has_energy_on_less_than_four_days_in_five() -> None:
    lines = of(told_by("Kobel Tea Factory"), "firewood")

    days = {line.start.date() for line in lines}

    assert 0.5 < len(days) / 396 < 0.75
    assert "firewood" in logged_yesterday(told_by("Kobel Tea Factory"))


def test_new_electricity_meter_goes_on_where_the_old_one_was_read_out() -> None:
    readings = of(told_by("Ragati Tea Factory"), "electricity", EntryKind.METER_READING)

    new = next(line for line in readings if line.meter_restarted)
    old = [line for line in readings if line.start < new.start]
    assert [line.amount for line in old] == sorted(line.amount for line in old)
    assert new.amount < old[-1].amount
    assert "replaced" in new.note
    assert new.start - old[-1].start == timedelta(minutes=10)
    assert len(readings) > 55


def test_silent_about_tea_for_twelve_days() -> None:
    last = max(one.end for one in told_by("Tebesonik Tea Factory").made)

    assert last == ledger.day_start(ANCHOR_DAY - 11)


def test_amounts_are_what_people_write_and_what_a_factory_uses() -> None:
    for name in NAMES[::5]:
        told, own = told_by(name), cast.works_of(name, ANCHOR_DAY)
        made_kg = sum(one.amount_kg for one in told.made if one.product == Product.MADE_TEA)
        leaf_kg = sum(one.amount_kg for one in told.made if one.product == Product.GREEN_LEAF)
        assert 4.3 < leaf_kg / made_kg < 4.7
        assert all(line.amount == round(line.amount * 2) / Decimal(2) for line in told.lines)
        assert all(ledger.recorded_at(one) > one.end for one in told.made)
        diesel = of(told, "diesel")
        assert {line.source_kind for line in diesel} == {SourceKind.GENSET}
        assert 15 < len(diesel) < 65
        kwh = float(sum(line.amount for line in of(told, "electricity")))
        if cast.story_of(name) is Story.METER_REPLACED:
            continue
        assert 0.9 * own.kwh_per_kg < kwh / float(made_kg) < 1.1 * own.kwh_per_kg


@pytest.mark.parametrize("mine", mines.MINES, ids=lambda mine: mine.place)
def test_mines_log_coal_trucks_explosives_and_electricity(mine: mines.PlannedMine) -> None:
    told = mines.mine_ledger(mine, first_day=FIRST_DAY, last_day=YESTERDAY)

    year_t = float(sum(one.amount_kg for one in told.made)) / 1000 * 365 / 396
    assert 0.9 < year_t / (365 * mine.coal_t_per_day) < 1.1
    assert len(told.made) == 396
    assert told.made[0].start.minute == 30  # 06:00 in India is half past in UTC
    assert {line.source_kind for line in of(told, "diesel")} == {SourceKind.HAUL_TRUCK}
    assert all(line.amount > 0 for line in of(told, "diesel"))
    bills = of(told, "electricity")
    assert len(bills) == (13 if mine.pays_by_bill else 396)
    assert all(a.end == b.start for a, b in pairwise(bills))
    assert "(fictional)" in mine.name
