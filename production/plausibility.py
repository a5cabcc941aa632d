"""Whether production looks right beside the factory's own past and its other entries. Never refuses.

`usual_limit` and `per_day` are the rule for energy too (`energy/plausibility.py`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import QuerySet, Sum

from factories.choices import Product
from lib.decimals import plain
from logbook.notices import Notice
from production.models import ProductionEntry

LOOK_BACK = timedelta(days=28)
FEWEST_TO_COMPARE = 5
USUAL_TIMES = 3
LOOKED_AT_MOST = 2_000
# KTDA benchmarks in docs/sources.md: made tea is 0.22 to 0.24 of the green leaf. Seasons and counting need some room.
OUT_TURN_BAND = (Decimal("0.20"), Decimal("0.26"))


def per_day(amount: Decimal, start: datetime, end: datetime) -> Decimal:
    """Amount a day; a period shorter than a day counts as one, since shifts are not 24 hours long."""
    days = Decimal(max((end - start).total_seconds(), 86_400)) / 86_400
    return amount / days


def usual_limit(rates: Sequence[Decimal]) -> Decimal | None:
    """Three times the most of earlier days; None when there are too few of them to say."""
    if len(rates) < FEWEST_TO_COMPARE:
        return None
    return USUAL_TIMES * max(rates) or None


def notices_for(entry: ProductionEntry) -> list[Notice]:
    """What is odd about production that is about to be stored; at most four queries."""
    others = ProductionEntry.objects.filter(factory_id=entry.factory_id, deleted_at__isnull=True).exclude(pk=entry.pk)
    of_product = others.filter(product=entry.product)
    found = [_above_usual(entry, of_product), _overlapping(entry, of_product), _out_turn(entry, others)]
    return [notice for notice in found if notice is not None]


def _above_usual(entry: ProductionEntry, others: QuerySet[ProductionEntry]) -> Notice | None:
    rows = others.filter(period_start__gte=entry.period_start - LOOK_BACK, period_start__lt=entry.period_start)
    columns = rows.values_list("amount_kg", "period_start", "period_end")[:LOOKED_AT_MOST]
    limit = usual_limit([per_day(*row) for row in columns])
    now = per_day(entry.amount_kg, entry.period_start, entry.period_end)
    if limit is None or now <= limit:
        return None
    return Notice("above_usual", {"amount": _to_grams(now), "unit": "kg", "limit": _to_grams(limit)})


def _overlapping(entry: ProductionEntry, others: QuerySet[ProductionEntry]) -> Notice | None:
    rows = others.filter(period_start__lt=entry.period_end, period_end__gt=entry.period_start)
    other = rows.order_by("-id").first()
    if other is None:
        return None
    return Notice("overlaps", {"amount": plain(other.amount), "unit": other.unit, "entry": other.pk})


def _out_turn(entry: ProductionEntry, others: QuerySet[ProductionEntry]) -> Notice | None:
    """Made tea over green leaf of the same time, as far as both lie within the period of the entry."""
    pair = {Product.MADE_TEA: Product.GREEN_LEAF, Product.GREEN_LEAF: Product.MADE_TEA}
    wanted = pair.get(Product(entry.product))
    if wanted is None:
        return None
    within = others.filter(period_start__gte=entry.period_start, period_end__lte=entry.period_end)
    sums = within.filter(product=wanted).aggregate(kg=Sum("amount_kg"))
    same = within.filter(product=entry.product).aggregate(kg=Sum("amount_kg"))
    this_kg, other_kg = entry.amount_kg + (same["kg"] or 0), sums["kg"]
    made_kg, leaf_kg = (this_kg, other_kg) if wanted == Product.GREEN_LEAF else (other_kg, this_kg)
    if not made_kg or not leaf_kg:
        return None
    low, high = OUT_TURN_BAND
    ratio = made_kg / leaf_kg
    if low <= ratio <= high:
        return None
    shown = plain(ratio.quantize(Decimal("0.001")))
    return Notice("out_turn_outside_band", {"ratio": shown, "low": str(low), "high": str(high)})


def _to_grams(kg: Decimal) -> str:
    return plain(kg.quantize(Decimal("0.001")))
