"""The log of the simulated factories' managers: energy, deliveries, stock counts and tea, by their story.

A pure function of the factory, the day of the first start (`anchor_day`) and the last day to be logged: the load of
`works.py`, with human errors. `bookkeeping.py` writes it into the database.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import ClassVar

from demo import cast
from demo.cast import Story
from demo.chance import draw, either_side
from demo.works import DAY_S, FACTORY_DAY_STARTS_S, HOUR_S, LOCAL_OFFSET_S, Works
from energy.choices import EntryKind
from factories.choices import Product, SourceKind

EPOCH = date(1970, 1, 1)
KG_PER_STERE = 450 * (1 - 0.25) / (1 - 0.30)  # as burned at 30 % moisture; a stere is 450 kg at 25 %
UNLOGGED_DAYS, UNLOGGED_SHARE = 35, 0.28
WITHOUT_PRODUCTION_DAYS = 12
METER_REPLACED_DAYS = 41
RARELY_SKIPS_SHARE = 0.36
STOCK_DAYS = 25
DELIVERY_WEEKDAYS = (1, 4)  # Tuesday and Friday, in the afternoon
GENSET_SHARE_OF_DAYS = 0.09


@dataclass(frozen=True, slots=True)
class EnergyLine:
    """One energy entry. A use covers [start, end); a delivery, a count or a meter reading has only a moment."""

    energy_type: str
    kind: EntryKind
    amount: Decimal
    unit: str
    start: datetime
    end: datetime | None = None
    source_kind: SourceKind | None = None
    note: str = ""
    meter_restarted: bool = False

    @property
    def name(self) -> str:
        return self.energy_type


@dataclass(frozen=True, slots=True)
class ProductionLine:
    """One production entry."""

    kind: ClassVar = ""
    product: Product
    amount_kg: Decimal
    start: datetime
    end: datetime

    @property
    def name(self) -> str:
        return self.product


@dataclass(slots=True)
class Ledger:
    lines: list[EnergyLine] = field(default_factory=list)
    made: list[ProductionLine] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Book:
    """How one factory keeps its log."""

    works: Works
    story: Story | None
    anchor: int
    last_day: int
    wood_unit: str
    logs_by_shift: bool
    pays_by_bill: bool

    @property
    def seed(self) -> int:
        return self.works.seed

    def logs_wood(self, day: int) -> bool:
        return self._logs_energy(day) and not (self.story is Story.WOOD_TO_LOG and day == self.last_day)

    def logs_electricity(self, day: int) -> bool:
        return self._logs_energy(day) and not self.pays_by_bill and self.story is not Story.METER_REPLACED

    def logs_tea(self, day: int) -> bool:
        if self.story is Story.NO_PRODUCTION:
            return day <= self.anchor - WITHOUT_PRODUCTION_DAYS
        return not (self.story is Story.FORGOT_YESTERDAY and day == self.last_day)

    def _logs_energy(self, day: int) -> bool:
        if day == self.last_day:
            return self.story is not Story.FORGOT_YESTERDAY
        return self.story is not Story.RARELY_LOGS or draw(self.seed, 60, day) >= RARELY_SKIPS_SHARE

    def logged_share(self, day: int) -> float:
        """Logged wood of a day as a share of the wood burned: a constant bias, a daily error, and unlogged wood."""
        share = 1.0 + 0.025 * either_side(self.seed, 61) + 0.08 * either_side(self.seed, 62, day)
        if self.story is Story.UNLOGGED_WOOD and day > self.anchor - UNLOGGED_DAYS:
            share *= 1.0 - UNLOGGED_SHARE
        return share

    def in_wood_unit(self, kg: float) -> Decimal:
        if self.wood_unit == "stere":
            return Decimal(round(2 * kg / KG_PER_STERE)) / 2
        return Decimal(round(kg / 10)) * 10


def recorded_at(entry: EnergyLine | ProductionLine) -> datetime:
    """The morning after, a little after the shift changed."""
    return (entry.end or entry.start) + timedelta(minutes=8 + 70 * draw(69, 70, int(entry.start.timestamp())))


def day_number(day: date) -> int:
    return (day - EPOCH).days


def day_start(day: int, into_s: float = FACTORY_DAY_STARTS_S) -> datetime:
    """A moment of a local day in Kenya; by default when the factory day begins."""
    return datetime.fromtimestamp(day * DAY_S + into_s - LOCAL_OFFSET_S, UTC)


def tea_ledger(factory_name: str, *, first_day: int, last_day: int, anchor_day: int) -> Ledger:
    """All entries of a factory for the factory days from `first_day` to `last_day`, both included."""
    works = cast.works_of(factory_name, anchor_day)
    is_managed = factory_name == cast.MANAGED_FACTORY
    book = _Book(
        works=works,
        story=cast.story_of(factory_name),
        anchor=anchor_day,
        last_day=last_day,
        wood_unit="stere" if is_managed or works.seed % 3 == 0 else "kg",
        logs_by_shift=not is_managed and works.seed % 5 == 2,
        pays_by_bill=not is_managed and works.seed % 4 == 1 and cast.story_of(factory_name) is None,
    )
    ledger = Ledger()
    for day in range(first_day, last_day + 1):
        if book.logs_wood(day):
            ledger.lines += _wood(book, day)
            ledger.lines += _engine(book, day)
        if book.logs_electricity(day):
            ledger.lines.append(_electricity(book, day, 1))
        if book.logs_tea(day):
            ledger.made += _tea(book, day)
    if book.pays_by_bill:
        ledger.lines += [_electricity(book, day, days) for day, days in whole_months(first_day, last_day)]
    if book.story is Story.METER_REPLACED:
        ledger.lines += _meter(book, first_day)
    ledger.lines += _stock(book, first_day)
    return ledger


# --- A day -------------------------------------------------------------------------------------
def _burned(book: _Book, day: int, from_h: float = 0.0, to_h: float = 24.0) -> tuple[float, float]:
    """Tea made and wood burned in some hours of a factory day [kg]."""
    start_s = day * DAY_S + FACTORY_DAY_STARTS_S
    return book.works.between(start_s + from_h * HOUR_S, start_s + to_h * HOUR_S)


def _wood(book: _Book, day: int) -> Iterator[EnergyLine]:
    parts = ((0.0, 12.0), (12.0, 24.0)) if book.logs_by_shift else ((0.0, 24.0),)
    for from_h, to_h in parts:
        wood_kg = _burned(book, day, from_h, to_h)[1] * book.logged_share(day)
        start = day_start(day) + timedelta(hours=from_h)
        end = day_start(day) + timedelta(hours=to_h)
        yield EnergyLine("firewood", EntryKind.USED, book.in_wood_unit(wood_kg), book.wood_unit, start, end)


def _electricity(book: _Book, day: int, days: int) -> EnergyLine:
    kwh = 0.0
    for one in range(day, day + days):
        standby_kwh = 0.05 * book.works.tea_kg_per_day
        tea_kg = 0.95 * _burned(book, one)[0]
        kwh_per_kg = book.works.kwh_per_kg * book.works.progress_share(one)
        kwh += kwh_per_kg * (tea_kg + standby_kwh) * (1.0 + 0.03 * either_side(book.seed, 63, one))
    amount = Decimal(round(kwh))
    return EnergyLine("electricity", EntryKind.USED, amount, "kWh", day_start(day), day_start(day + days))


def _engine(book: _Book, day: int) -> Iterator[EnergyLine]:
    """The generator ran during a power cut."""
    if draw(book.seed, 64, day) < GENSET_SHARE_OF_DAYS:
        litres = Decimal(40 + 10 * round(20 * draw(book.seed, 65, day) ** 2))
        start, end = day_start(day), day_start(day + 1)
        yield EnergyLine("diesel", EntryKind.USED, litres, "L", start, end, SourceKind.GENSET)


def _tea(book: _Book, day: int) -> Iterator[ProductionLine]:
    tea_kg = Decimal(round(_burned(book, day)[0]))
    leaf_kg = Decimal(round(float(tea_kg) * (4.38 + 0.24 * draw(book.seed, 66, day))))
    for product, amount_kg in ((Product.MADE_TEA, tea_kg), (Product.GREEN_LEAF, leaf_kg)):
        yield ProductionLine(product, amount_kg, day_start(day), day_start(day + 1))


# --- Months and deliveries ---------------------------------------------------------------------
def whole_months(first_day: int, last_day: int) -> Iterator[tuple[int, int]]:
    """First day and length of each month that is over, for its bill; the first month begins with `first_day`."""
    day = first_day
    while True:
        first = EPOCH + timedelta(days=day)
        days = day_number((first.replace(day=1) + timedelta(days=32)).replace(day=1)) - day
        if day + days > last_day + 1:
            return
        yield day, days
        day += days


def _meter(book: _Book, first_day: int) -> Iterator[EnergyLine]:
    """The electricity meter on Monday mornings; on one day a new meter replaces the old one."""
    reading = partial(EnergyLine, "electricity", EntryKind.METER_READING, unit="kWh")
    shown_kwh = 483_210.0
    for day in range(first_day, book.last_day + 1):
        if (day + 3) % 7 == 0:
            yield reading(amount=Decimal(round(shown_kwh)), start=day_start(day))
        if day == book.anchor - METER_REPLACED_DAYS:
            replaced_at = day_start(day) + timedelta(minutes=15)
            note = "Last reading of the old meter, replaced by the power company."
            yield reading(amount=Decimal(round(shown_kwh)), start=replaced_at, note=note)
            shown_kwh = 12.0
            started_at = replaced_at + timedelta(minutes=10)
            yield reading(amount=Decimal(12), start=started_at, note="Meter replaced.", meter_restarted=True)
        shown_kwh += float(_electricity(book, day, 1).amount)


def _stock(book: _Book, first_day: int) -> Iterator[EnergyLine]:
    """Deliveries that match the use, and the stock on the first of each month."""
    usual_kg = book.works.wood_kg_per_day
    stock_kg, burned_kg = STOCK_DAYS * usual_kg, 0.0
    for day in range(first_day, book.last_day + 1):
        if (EPOCH + timedelta(days=day)).day == 1 or day == first_day:
            moment = day_start(day, FACTORY_DAY_STARTS_S + 0.5 * HOUR_S)
            counted_kg = stock_kg * (1.0 + 0.01 * either_side(book.seed, 67, day))
            amount = book.in_wood_unit(counted_kg)
            yield EnergyLine("firewood", EntryKind.STOCK_COUNT, amount, book.wood_unit, moment)
        wood_kg = _burned(book, day)[1]
        stock_kg, burned_kg = stock_kg - wood_kg, burned_kg + wood_kg
        if (day + 3) % 7 in DELIVERY_WEEKDAYS:
            wanted_kg = burned_kg * (0.9 + 0.2 * draw(book.seed, 68, day))
            wanted_kg += 0.2 * (STOCK_DAYS * usual_kg - stock_kg)
            if wanted_kg > 0.0:
                amount = book.in_wood_unit(wanted_kg)
                stock_kg += float(amount) * (KG_PER_STERE if book.wood_unit == "stere" else 1)
                moment = day_start(day, 15 * HOUR_S)
                yield EnergyLine("firewood", EntryKind.RECEIVED, amount, book.wood_unit, moment)
            burned_kg = 0.0
