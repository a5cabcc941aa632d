"""What the wood of a site costs, from the costs that were logged with it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F, Sum

from energy.choices import EntryKind, UnitFamily
from energy.models import EnergyEntry

LOOK_BACK = timedelta(days=365)  # [A] long enough for a season, short enough for prices of today


@dataclass(frozen=True, slots=True)
class WoodPrice:
    """Per kg of CO2 that the wood becomes: so it needs no unit of wood and no moisture."""

    per_kg_co2: Decimal
    currency: str

    def cost(self, co2_kg: float) -> Decimal:
        return self.per_kg_co2 * Decimal(co2_kg)


def wood_prices(factory_ids: Iterable[int], now: datetime) -> dict[int, WoodPrice]:
    """The mean of the last year for each site that logged costs of wood, in one currency; one query.

    A site with costs in two currencies has no price.
    """
    logged = EnergyEntry.objects.filter(
        factory__in=factory_ids,
        kind=EntryKind.USED,
        energy_type__is_wood=True,
        energy_type__unit_family=UnitFamily.STACKED_VOLUME,
        deleted_at=None,
        cost__gt=0,
        biogenic_co2_kg__gt=0,
        timestamp__gte=now - LOOK_BACK,
        timestamp__lte=now,
    )
    sums = (
        logged.order_by()
        .values("factory_id", "currency")
        .annotate(cost_sum=Sum(F("cost")), co2_kg=Sum(F("biogenic_co2_kg")))
    )
    found: dict[int, list[WoodPrice]] = {}
    for row in sums:
        price = WoodPrice(row["cost_sum"] / row["co2_kg"], row["currency"])
        found.setdefault(row["factory_id"], []).append(price)
    return {pk: prices[0] for pk, prices in found.items() if len(prices) == 1}
