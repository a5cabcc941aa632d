"""What an organisation's stored entries would give under other settings: GWP set, factor set, basis of electricity.

Stored entries keep their results; a changed setting counts for what is entered or corrected afterwards.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache

from django.db.models import Case, Count, Min, Sum, When
from django.db.models.functions import TruncMonth

from energy.choices import EntryKind
from energy.models import EmissionFactor, EnergyEntry, EnergyType
from energy.own_factors import MASSES, NOTHING, PREVIEW, Masses, local_day
from energy.valuation import Valuer
from factories.models import EmissionSource, Factory, Organisation
from lib.errors import ApiError


@dataclass(slots=True)
class Revaluation:
    """A site's uses that began in the last 12 months: as stored, and with the settings."""

    factory: Factory
    start: datetime
    entry_count: int = 0
    not_valued: int = 0  # they have no factor under the settings; both sides count them as stored
    before: Masses = NOTHING
    after: Masses = NOTHING


def revalue(changed: Organisation, now: datetime) -> list[Revaluation]:
    """The last 12 months of each site under the settings of `changed`, which is not stored; by name. Stores nothing.
    An entry that named its factor set keeps it."""
    uses = EnergyEntry.objects.filter(
        factory__organisation=changed.pk,
        kind=EntryKind.USED,
        deleted_at__isnull=True,
        period_start__gte=now - PREVIEW,
        period_start__lt=now,
    )
    factories = Factory.objects.filter(organisation=changed.pk).in_bulk()
    for factory in factories.values():
        factory.organisation = changed
    sources = EmissionSource.objects.filter(factory__in=factories).in_bulk()
    types = EnergyType.objects.in_bulk()

    @cache
    def valuer(factory_id: int, type_id: int, factor_set: str, source_id: int | None) -> Valuer:
        source = sources.get(source_id) if source_id else None
        return Valuer(factories[factory_id], types[type_id], factor_set, source=source)

    by_site = {pk: Revaluation(factory, now - PREVIEW) for pk, factory in factories.items()}
    stated = Case(When(moisture_is_default=False, then="moisture_fraction"))
    keys = ("factory_id", "energy_type_id", "factor_set", "source_id", "unit", "stated", "month")
    grouped = uses.annotate(day=local_day(), stated=stated).annotate(month=TruncMonth("day")).values(*keys).order_by()
    for group in grouped.annotate(total=Sum("amount"), first_day=Min("day"), count=Count("pk"), **MASSES):
        site = by_site[group["factory_id"]]
        stored = Masses(group["co2e_kg"] or Decimal(0), group["biogenic_co2_kg"] or Decimal(0))
        site.entry_count += group["count"]
        try:
            valued, _notices = valuer(*(group[key] for key in keys[:4])).value(
                group["total"], group["unit"], (group["first_day"], group["first_day"]), group["stated"]
            )
            new = Masses(valued.co2e_kg, valued.biogenic_co2_kg)
        except ApiError:
            site.not_valued += group["count"]
            new = stored
        site.before, site.after = site.before + stored, site.after + new
    return sorted(by_site.values(), key=lambda site: site.factory.name)


def factor_sets_of(organisation: Organisation) -> list[str]:
    """The names of the sets that an organisation can prefer."""
    rows = EmissionFactor.objects.filter(organisation__isnull=True) | EmissionFactor.objects.filter(
        organisation=organisation
    )
    return sorted(set(rows.exclude(is_default=True).values_list("set_name", flat=True)))
