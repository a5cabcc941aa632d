"""Sites and their organisations as they were known at a moment: zone, start of the day, sector, method, GWP set."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from factories.models import Factory, Organisation
from lib import history


def factories_known(factories: Iterable[Factory], as_known_on: datetime | None) -> list[Factory]:
    """The sites by their key, each with its organisation; those not known at the moment are left out."""
    if as_known_on is None:
        return sorted({factory.pk: factory for factory in factories}.values(), key=lambda factory: factory.pk)
    found = history.rows(Factory, as_known_on, pk__in=[factory.pk for factory in factories])
    wanted = {factory.organisation_id for factory in found}
    organisations = {row.pk: row for row in history.rows(Organisation, as_known_on, pk__in=wanted)}
    for factory in found:
        factory.organisation = organisations[factory.organisation_id]
    return found


def not_known_yet(factories: Iterable[Factory], as_known_on: datetime) -> str:
    """Since when the sites are known, if none of them was at the moment; else empty."""
    sites = {factory.pk: factory for factory in factories}
    events = history.events_of(Factory).objects.filter(pgh_obj_id__in=sites)
    first = events.order_by("pgh_created_at", "pgh_id").first()
    if first is None or first.pgh_created_at <= as_known_on:
        return ""
    site = sites[first.pgh_obj_id]
    words = _("Nothing was known of these sites then: the first one, %(name)s, is known since %(since)s.")
    return words % {
        "name": site.name,
        "since": first.pgh_created_at.astimezone(site.zone).isoformat(timespec="minutes"),
    }
