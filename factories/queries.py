"""Reads about places: find a factory by the name people use, local hours and days of a site."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from factories.models import Factory

TEA_SUFFIX = " tea factory"


def _plain(name: str) -> str:
    """Case, outer space and the words "Tea Factory" do not tell factories apart."""
    return " ".join(name.split()).casefold().removesuffix(TEA_SUFFIX)


def find_factory(name: str) -> Factory:
    """The one factory of that name, with or without "Tea Factory", in any case.

    Raises ValidationError naming what was asked and what there is: none (with near names), or several.
    """
    wanted = _plain(name)
    factories = list(Factory.objects.select_related("organisation"))
    found = [factory for factory in factories if _plain(factory.name) == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        where = ", ".join(f"{f.name} ({f.organisation})" for f in found)
        raise ValidationError(
            _("factory=%(name)r is ambiguous: %(where)s. Rename one, or give the full name."),
            code="ambiguous_factory",
            params={"name": name, "where": where},
        )
    near = [f.name for f in factories if wanted and wanted in _plain(f.name)][:5]
    hint = _("Did you mean: %(names)s?") % {"names": ", ".join(near)} if near else _("See the list of factories.")
    raise ValidationError(
        _("There is no factory %(name)r. %(hint)s"), code="unknown_factory", params={"name": name, "hint": hint}
    )


def local_hour_start(moment: datetime, zone: ZoneInfo) -> datetime:
    """The start of the site's whole hour that holds `moment`, in the site's zone."""
    local = moment.astimezone(zone)
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    # Through UTC: arithmetic on the zone's own clock forgets which of two repeated hours it was.
    return (moment.astimezone(UTC) - past).astimezone(zone)


def local_day_start(moment: datetime, zone: ZoneInfo, day_starts_at: int = 0) -> datetime:
    """The start of the site's day that holds `moment`: midnight, or the factory day's hour."""
    local = moment.astimezone(zone)
    start = local.replace(hour=day_starts_at, minute=0, second=0, microsecond=0, fold=0)
    if start > local:
        start = (start - timedelta(days=1)).replace(hour=day_starts_at)
    return start


def next_local_day(start: datetime) -> datetime:
    """The same wall-clock hour on the next date of the zone of `start`; a day may have 23 or 25 hours."""
    return start + timedelta(days=1)
