"""A person's input of production and the columns computed from it: products of a sector, kilograms, out-turn.

Recording, correcting, deleting and undoing are in `logbook/services.py`.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from factories.capacity import product_capacity
from factories.choices import Product, ProductionUnit
from factories.models import Factory
from factories.sectors import SECTORS
from lib.errors import invalid
from logbook.notices import Notice, outside_band, overlap
from logbook.periods import period_of
from logbook.plausibility import Thing
from logbook.services import EntryLog, checked_amount
from production.models import KG_PER_UNIT, ProductionEntry

BELOW_KG = Decimal(10) ** 10
# How people write the two units; energy uses the same words.
UNIT_WORDS: dict[str, tuple[str, ...]] = {
    "kg": ("kgs", "kilo", "kilos", "kilogram", "kilograms", "kilogramme", "kilogrammes"),
    "t": ("tonne", "tonnes", "metric ton", "metric tons"),
}
# KTDA benchmarks in docs/sources.md: made tea is 0.22 to 0.24 of the green leaf. Seasons and counting need some room.
OUT_TURN_BAND = (Decimal("0.20"), Decimal("0.26"))
STEP_KG = Decimal("0.001")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionInput:
    """A person's input. `product` and `unit` in any spelling; zero says that nothing was made."""

    product: str
    amount: Decimal
    unit: str = ProductionUnit.KG
    timestamp: datetime | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    note: str = ""


class ProductionLog(EntryLog[ProductionEntry, ProductionInput]):
    model = ProductionEntry
    input_class = ProductionInput

    def columns_of(self, factory: Factory, data: ProductionInput, now: datetime) -> dict[str, Any]:
        product, unit = find_product(factory, data.product), find_unit(data.unit)
        amount_kg = in_kg(data.amount, unit)
        period = period_of(factory, timestamp=data.timestamp, start=data.period_start, end=data.period_end, now=now)
        return {
            "product": product,
            "unit": unit,
            "amount_kg": amount_kg,
            "period_start": period.start,
            "period_end": period.end,
            "note": data.note,
        }

    def input_of(self, entry: ProductionEntry) -> ProductionInput:
        return ProductionInput(
            product=entry.product,
            amount=entry.amount,
            unit=entry.unit,
            period_start=entry.period_start,
            period_end=entry.period_end,
            note=entry.note,
        )

    def thing_of(self, entry: ProductionEntry) -> Thing:
        return thing_of(entry.factory, Product(entry.product), without=entry.pk or 0)

    def notices_for(self, entry: ProductionEntry) -> list[Notice]:
        others = self.model.objects.filter(factory_id=entry.factory_id, deleted_at__isnull=True).exclude(pk=entry.pk)
        of_product = others.filter(product=entry.product)
        notices = (overlap(entry, of_product), _out_turn(entry, others))
        return [notice for notice in notices if notice is not None]


production_log = ProductionLog()


def thing_of(factory: Factory, product: Product, *, without: int = 0) -> Thing:
    """What an amount of a product is compared with, in kg; `without` is the entry that is compared."""
    capacity = product_capacity(factory)
    if product is Product.GREEN_LEAF:
        capacity *= 1 / OUT_TURN_BAND[0]
    return Thing(
        factory=factory,
        others=ProductionEntry.objects.filter(factory=factory, product=product).exclude(pk=without),
        column="amount_kg",
        capacity=capacity,
        unit_sizes=lambda: {one.value: size for one, size in KG_PER_UNIT.items()},
    )


def find_product(factory: Factory, name: str) -> Product:
    """A product of the factory's sector by code or name, in any case: `made_tea`, `Made tea`.

    Raises ApiError 400 on `product` that lists what such a site makes.
    """
    wanted = "_".join(str(name).split()).casefold()
    sector = SECTORS[factory.sector]
    makes = sector.products
    product = next((product for product in makes if product.value == wanted), None)
    if product is None:
        known = ", ".join(makes)
        raise invalid(
            "product",
            "unknown_product",
            _("product=%(name)r is not made by %(factory)s (%(sector)s); use %(known)s.")
            % {"name": str(name)[:60], "factory": factory.name, "sector": sector.label, "known": known},
            product=str(name)[:60],
            known=list(makes),
        )
    return product


def find_unit(name: str) -> ProductionUnit:
    """kg or t, however it is written. Raises ApiError 400 on `unit`."""
    wanted = " ".join(str(name).split()).lower()
    for unit in ProductionUnit:
        if wanted == unit.value or wanted in UNIT_WORDS[unit.value]:
            return unit
    raise invalid(
        "unit",
        "unknown_unit",
        _("unit=%(unit)r is unknown for production; use kg or t.") % {"unit": str(name)[:40]},
        unit=str(name)[:40],
    )


def in_kg(amount: Decimal, unit: ProductionUnit) -> Decimal:
    """The amount as stored, to a gram. Raises ApiError 400 for one that is below 0 or too large."""
    checked_amount(amount, unit.value, below=BELOW_KG / KG_PER_UNIT[unit])
    return (amount * KG_PER_UNIT[unit]).quantize(STEP_KG, rounding=ROUND_HALF_EVEN)


def _out_turn(entry: ProductionEntry, others: QuerySet[ProductionEntry]) -> Notice | None:
    """Made tea divided by green leaf of the same time, where both are within the period of the entry."""
    pair = {Product.MADE_TEA: Product.GREEN_LEAF, Product.GREEN_LEAF: Product.MADE_TEA}
    wanted = pair.get(Product(entry.product))
    if wanted is None:
        return None
    within = others.filter(period_start__gte=entry.period_start, period_end__lte=entry.period_end)
    sums = {
        product: within.filter(product=product).aggregate(kg=Sum("amount_kg"))["kg"] or Decimal(0) for product in pair
    }
    sums[Product(entry.product)] += entry.amount_kg
    made_kg, leaf_kg = sums[Product.MADE_TEA], sums[Product.GREEN_LEAF]
    if not made_kg or not leaf_kg:
        return None
    return outside_band("out_turn_outside_band", made_kg / leaf_kg, *OUT_TURN_BAND, step="0.001")
