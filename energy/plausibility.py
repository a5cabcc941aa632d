"""Whether an entry looks right beside the factory's own past, its other entries and its production. Never refuses."""

from decimal import Decimal

from django.db.models import Q, QuerySet, Sum

from energy.choices import EntryKind
from energy.models import EnergyEntry
from factories.choices import Product
from lib.decimals import plain
from logbook.choices import Origin
from logbook.notices import Notice
from production.models import ProductionEntry
from production.plausibility import LOOK_BACK, LOOKED_AT_MOST, per_day, usual_limit

# KTDA benchmarks in docs/sources.md: per kg of made tea. Wood in kg, electricity in kWh.
BANDS = {"firewood": (Decimal("1.0"), Decimal("4.0"), "kg"), "electricity": (Decimal("0.2"), Decimal("1.0"), "kWh")}


def notices_for(entry: EnergyEntry, kg_per_factor_unit: Decimal | None) -> list[Notice]:
    """What is odd about an entry of kind used that is about to be stored; at most three queries."""
    if entry.kind != EntryKind.USED or entry.period_start is None or entry.period_end is None:
        return []
    others = EnergyEntry.objects.filter(
        factory_id=entry.factory_id, energy_type_id=entry.energy_type_id, kind=EntryKind.USED, deleted_at__isnull=True
    ).exclude(pk=entry.pk)
    found = [_above_usual(entry, others), _overlapping(entry, others), _outside_band(entry, kg_per_factor_unit)]
    return [notice for notice in found if notice is not None]


def _above_usual(entry: EnergyEntry, others: QuerySet[EnergyEntry]) -> Notice | None:
    start, end = entry.period_start, entry.period_end
    assert start is not None
    assert end is not None
    rows = others.filter(
        factor__per_unit=entry.factor.per_unit if entry.factor else "",
        period_start__gte=start - LOOK_BACK,
        period_start__lt=start,
    ).values_list("factor_amount", "period_start", "period_end")[:LOOKED_AT_MOST]
    rates = [per_day(amount, start, end) for amount, start, end in rows if amount is not None and start and end]
    limit = usual_limit(rates)
    if limit is None or not entry.factor or entry.factor_amount is None:
        return None
    if per_day(entry.factor_amount, start, end) <= limit:
        return None
    unit = entry.factor.per_unit
    amount = plain(per_day(entry.factor_amount, start, end).quantize(Decimal("0.001")))
    return Notice("above_usual", {"amount": amount, "unit": unit, "limit": plain(limit.quantize(Decimal("0.001")))})


def _overlapping(entry: EnergyEntry, others: QuerySet[EnergyEntry]) -> Notice | None:
    rows = others.filter(period_start__lt=entry.period_end, period_end__gt=entry.period_start)
    if entry.origin == Origin.METER:
        # Uses of one meter never overlap in the end; while a reading is inserted between two they do for a moment.
        rows = rows.exclude(origin=Origin.METER, source_id=entry.source_id)
    same_source = Q(source_id=entry.source_id) | Q(source_id=None)
    other = rows.filter(same_source).order_by("-id").first()
    if other is None:
        return None
    return Notice("overlaps", {"amount": plain(other.amount), "unit": other.unit, "entry": other.pk})


def _outside_band(entry: EnergyEntry, kg_per_factor_unit: Decimal | None) -> Notice | None:
    band = BANDS.get(entry.energy_type.code)
    if band is None or entry.factor_amount is None:
        return None
    low, high, unit = band
    size = kg_per_factor_unit if unit == "kg" else Decimal(1)
    made = ProductionEntry.objects.filter(
        factory_id=entry.factory_id,
        product=Product.MADE_TEA,
        deleted_at__isnull=True,
        period_start__gte=entry.period_start,
        period_end__lte=entry.period_end,
    ).aggregate(kg=Sum("amount_kg"))["kg"]
    if not made or size is None:
        return None
    ratio = entry.factor_amount * size / made
    if low <= ratio <= high:
        return None
    shown = plain(ratio.quantize(Decimal("0.01")))
    return Notice("outside_band", {"ratio": shown, "unit": unit, "low": str(low), "high": str(high)})
