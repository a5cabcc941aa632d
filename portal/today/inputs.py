"""The inputs of the figure of a factory day: its entries with their share of the day, and its production.

Reads only. An entry that covers more days gives each its share of time, as in `compliance.figures`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, localcontext

from django.urls import reverse
from django.utils.translation import gettext as _

from compliance.explain import identity
from energy.choices import EntryKind
from energy.models import EnergyEntry
from factories.days import FactoryDay
from factories.models import Factory
from lib.decimals import plain
from logbook.queries import overlapping
from portal.amounts import amount_label, entry_url
from portal.carbon_words import wood_pair
from production.models import ProductionEntry
from science.rounding import decimal_part

_MICROSECOND = timedelta(microseconds=1)
ROWS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class InputRow:
    """One entry behind a day; masses and cost are the day's share of it."""

    name: str
    amount: str
    share: str
    url: str
    factor: str = ""
    factor_url: str = ""
    energy_gj: Decimal | None = None
    biogenic_kg: Decimal | None = None
    co2e_kg: Decimal | None = None
    amount_identity: str = ""
    energy_identity: str = ""
    biogenic_identity: str = ""
    co2e_identity: str = ""


@dataclass(frozen=True, slots=True)
class DayInputs:
    rows: tuple[InputRow, ...]
    more_count: int
    made: tuple[InputRow, ...]
    wood_sentence: str  # empty when no wood was burned
    wood_identity: str  # of its biogenic CO2, where nothing else has any
    cost_sentence: str  # empty when no cost was logged


def day_inputs(factory: Factory, day: FactoryDay, made_kg: Decimal | None) -> DayInputs:
    """The entries and the production of a day; two queries."""
    used = EnergyEntry.objects.filter(factory=factory, kind=EntryKind.USED).select_related("energy_type", "factor")
    entries = list(
        overlapping(used, day.starts_at, day.ends_at).order_by(
            "energy_type__scope", "energy_type__code", "period_start", "pk"
        )
    )
    made = overlapping(ProductionEntry.objects.filter(factory=factory), day.starts_at, day.ends_at).order_by(
        "product", "period_start", "pk"
    )
    wood = [entry for entry in entries if entry.energy_type.is_wood]
    only_wood = all(entry.energy_type.is_wood or not entry.biogenic_co2_kg for entry in entries)
    return DayInputs(
        rows=tuple(_energy_row(entry, day) for entry in entries[:ROWS_SHOWN]),
        more_count=max(0, len(entries) - ROWS_SHOWN),
        made=tuple(_made_row(entry, day) for entry in made[:ROWS_SHOWN]),
        wood_sentence=_wood_sentence(wood, day),
        wood_identity=identity.of_row("day", factory.pk, "biogenic_co2_kg", day.day) if wood and only_wood else "",
        cost_sentence=_cost_sentence(entries, day, made_kg),
    )


def part_of_day(amount: Decimal, entry: EnergyEntry | ProductionEntry, day: FactoryDay) -> Decimal:
    """The day's part of an amount, rounded to the microgram like the site's day."""
    assert entry.period_start is not None
    assert entry.period_end is not None
    with localcontext(prec=60):
        return decimal_part(
            amount,
            begin=max(day.starts_at - entry.period_start, timedelta(0)) // _MICROSECOND,
            end=(min(day.ends_at, entry.period_end) - entry.period_start) // _MICROSECOND,
            whole=(entry.period_end - entry.period_start) // _MICROSECOND,
        )


def _share_words(entry: EnergyEntry | ProductionEntry, day: FactoryDay) -> str:
    """This day's share of a bill's time; empty if the day covers the whole entry."""
    share = part_of_day(Decimal(1), entry, day)
    return "" if share >= 1 else _("%(percent)s %% of its time") % {"percent": f"{share * 100:.3g}"}


def _energy_row(entry: EnergyEntry, day: FactoryDay) -> InputRow:
    factor = entry.factor
    return InputRow(
        name=_(entry.energy_type.name),
        amount=amount_label(entry),
        share=_share_words(entry, day),
        url=entry_url(entry),
        factor="" if factor is None else f"{plain(factor.value)} {factor.unit}, {factor.set_name}",
        factor_url="" if factor is None else reverse("emission-factors-detail", args=[factor.pk]),
        energy_gj=None if entry.energy_gj is None else part_of_day(entry.energy_gj, entry, day),
        biogenic_kg=part_of_day(entry.biogenic_co2_kg or Decimal(0), entry, day),
        co2e_kg=part_of_day(entry.co2e_kg or Decimal(0), entry, day),
        amount_identity=identity.of_row("entry", entry.pk, "amount"),
        energy_identity=identity.of_row("share", entry.pk, "energy_gj", day.day),
        biogenic_identity=identity.of_row("share", entry.pk, "biogenic_co2_kg", day.day),
        co2e_identity=identity.of_row("share", entry.pk, "co2e_kg", day.day),
    )


def _made_row(entry: ProductionEntry, day: FactoryDay) -> InputRow:
    return InputRow(
        entry.get_product_display(),
        amount_label(entry),
        _share_words(entry, day),
        entry_url(entry),
        amount_identity=identity.of_row("production", entry.pk, "amount_kg"),
    )


def _wood_sentence(wood: Sequence[EnergyEntry], day: FactoryDay) -> str:
    biogenic_kg = sum((part_of_day(e.biogenic_co2_kg or Decimal(0), e, day) for e in wood), Decimal(0))
    co2e_kg = sum((part_of_day(e.co2e_kg or Decimal(0), e, day) for e in wood), Decimal(0))
    return wood_pair(biogenic_kg, co2e_kg) if wood else ""


def _cost_sentence(entries: Sequence[EnergyEntry], day: FactoryDay, made_kg: Decimal | None) -> str:
    """`KES 12.40 per kg tea, for firewood`: a sum for each currency, and the types without a cost."""
    if not made_kg:
        return ""
    by_currency: defaultdict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        if entry.cost is not None:
            by_currency[entry.currency] += part_of_day(entry.cost, entry, day)
    if not by_currency:
        return ""
    with_cost = dict.fromkeys(_(entry.energy_type.name) for entry in entries if entry.cost is not None)
    sums = ", ".join(f"{currency} {cost / made_kg:,.2f}" for currency, cost in sorted(by_currency.items()))
    sentence = _("%(sums)s per kg product, for: %(types)s.") % {"sums": sums, "types": ", ".join(with_cost)}
    names = dict.fromkeys(_(entry.energy_type.name) for entry in entries)
    missing = [name for name in names if name not in with_cost]
    return " ".join((sentence, _("Without a cost: %s.") % ", ".join(missing))) if missing else sentence
