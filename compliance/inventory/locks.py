"""Sets on which basis a source's CO2 is counted from a month on. What that makes of the site's past is shown first."""

from collections.abc import Iterator
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from compliance.choices import InventoryBasis, LockedGas
from compliance.inventory.build import build
from compliance.inventory.lines import Inventory
from compliance.models import BasisLock
from compliance.sources import HEAT_SOURCES
from factories.corrections import NOBODY, Confirmation, PastFigure, ask, lock_site
from factories.models import EmissionSource
from factories.services import require_in_use
from lib.errors import invalid
from lib.times import FIRST_YEAR, LAST_YEAR
from logbook.services import required_reason


@transaction.atomic
def lock_basis(
    user: User, source: EmissionSource, basis: str, from_month: date, reason: str, *, confirm: Confirmation = NOBODY
) -> list[BasisLock]:
    """Lock the basis of a source and of those that share its chimney, from a month until the next lock.

    Raises ApiError 400 by field, 409 `factory_archived`, and ConfirmationNeeded where the inventory of the site's past
    changes.
    """
    why = required_reason(reason)
    if source.kind not in HEAT_SOURCES:
        raise invalid("source", "not_of_heat", _("Only the CO2 of a boiler or a direct-fired dryer can be measured."))
    if basis == InventoryBasis.MEASURED and source.chimney_id is None:
        words = _("%(source)s has no chimney that could be measured; give it one first.")
        raise invalid("basis", "no_chimney", words % {"source": source.name})
    if from_month.day != 1 or not FIRST_YEAR <= from_month.year <= LAST_YEAR:
        raise invalid("from_month", "not_a_first_day", _("Give the first day of a month, like 2026-11-01."))
    site = source.factory
    require_in_use(site)
    lock_site(site)
    now = timezone.now()

    def act() -> list[BasisLock]:
        same = EmissionSource.objects.filter(factory=site, kind__in=HEAT_SOURCES, chimney=source.chimney_id)
        together = [source] if source.chimney_id is None else list(same.order_by("pk"))
        values = {"factory": site, "basis": basis, "reason": why, "set_by": user, "changed_at": now}
        return [
            BasisLock.objects.update_or_create(
                source=one,
                gas=LockedGas.CO2,
                from_month=from_month,
                defaults=values,
                create_defaults={**values, "created_at": now},
            )[0]
            for one in together
        ]

    def figures(until: datetime) -> Iterator[PastFigure]:
        end = until.astimezone(site.zone).date()
        if from_month >= end:
            return
        before = build([site], from_month, end)
        with transaction.atomic():
            act()
            after = build([site], from_month, end)
            transaction.set_rollback(True)
        yield from _changed(before, after, site.name)

    ask(["basis", source.pk, basis, from_month.isoformat()], figures, confirm, until=now)
    return act()


def _changed(before: Inventory, after: Inventory, site: str) -> Iterator[PastFigure]:
    sums = ((one.scope1.likely_kg, one.biogenic.likely_kg) for one in (before, after))
    (scope1, biogenic), (new_scope1, new_biogenic) = sums
    since = before.first_day
    yield PastFigure("scope_1", _("Scope 1"), "kg CO2e", float(scope1), float(new_scope1), since, site)
    label = _("Biogenic CO2, outside the scopes")
    yield PastFigure("biogenic_co2", label, "kg", float(biogenic), float(new_biogenic), since, site)
