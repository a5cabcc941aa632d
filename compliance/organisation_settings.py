"""Change an organisation's settings; those that decide figures show their effect on the past before they are stored.

From when each counts: the substitution method counts for all hours, also of the past. Entries keep their results, so
GWP set, factor set and basis of electricity count for what is entered or corrected afterwards. Methane of mines is
computed from their coal, so a new GWP set counts for all days.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Min, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from compliance.choices import TargetStatus
from compliance.models import SiteDay, Target
from compliance.record.hours import hours_between
from compliance.schemes import schemes
from energy.own_factors import NOTHING, PREVIEW, Masses
from energy.revaluing import factor_sets_of, revalue
from factories.corrections import NOBODY, Confirmation, PastFigure, ask
from factories.days import local_day_start
from factories.models import Factory, Organisation
from science.gwp import Gas, gwp

FIELDS = (
    "name country currency languages substitution_method gwp_set factor_set electricity_basis publishes_names "
    "second_factor_required report_schemes reports_need_two_people dispute_days"
).split()
# A site has a country of its own.
_A_YEAR = timedelta(days=365)
_OF_ENTRIES = frozenset({"gwp_set", "factor_set", "electricity_basis"})
DECIDE_FIGURES = _OF_ENTRIES | {"substitution_method"}


def changed_organisation(stored: Organisation, changes: Mapping[str, Any]) -> Organisation:
    """The organisation with the changes, not stored. Raises ValidationError with an error for each field."""
    changed = Organisation.objects.get(pk=stored.pk)
    for name, value in changes.items():
        setattr(changed, name, value)
    if "country" in changes and changed.country != stored.country and "currency" not in changes:
        changed.currency = ""  # that of the new country
    changed.full_clean()
    unknown = sorted(set(changed.report_schemes) - set(schemes()))
    if unknown:
        words = _("There is no scheme %(code)s; use some of %(known)s.")
        words = words % {"code": unknown[0], "known": ", ".join(sorted(schemes()))}
        raise ValidationError({"report_schemes": ValidationError(words, code="unknown_scheme")})
    if changed.factor_set and changed.factor_set != stored.factor_set:
        known = factor_sets_of(changed)
        if changed.factor_set not in known:
            words = _("There is no factor set of this name; use one of %(known)s.") % {"known": ", ".join(known)}
            raise ValidationError({"factor_set": ValidationError(words, code="unknown_factor_set")})
    return changed


def _figures(stored: Organisation, changed: Organisation, until: datetime) -> Iterator[PastFigure]:
    """What the change means for the past; costs a pass over 12 months of entries, or of hours."""
    if stored.substitution_method != changed.substitution_method:
        yield from _substituted(stored, changed, until)
    if all(getattr(stored, name) == getattr(changed, name) for name in _OF_ENTRIES):
        return
    sites = [site for site in revalue(changed, until) if site.entry_count]
    year = (until - PREVIEW).date()
    for site in sites:
        yield from _of_entries(year, site.before, site.after, site.not_valued, site.factory.name)
    if len(sites) > 1:
        before = sum((site.before for site in sites), NOTHING)
        after = sum((site.after for site in sites), NOTHING)
        yield from _of_entries(year, before, after, sum(site.not_valued for site in sites))
    if stored.gwp_set == changed.gwp_set:
        return
    # A day that is not over grows between the question and its answer.
    days = SiteDay.objects.filter(factory__organisation=stored, methane_co2e_kg__gt=0, ends_at__lte=until)
    becomes = gwp(Gas.CH4_FOSSIL, changed.gwp_set) / gwp(Gas.CH4_FOSSIL, stored.gwp_set)
    label = _("Methane of mines, computed again for all days")
    by_mine = days.values_list("factory__name").order_by("factory__name")
    for name, since, kg in by_mine.annotate(since=Min("day"), kg=Sum("methane_co2e_kg")):
        yield PastFigure("methane", label, "kg CO2e", float(kg), float(kg * becomes), since, name)
    label = _("Targets in another GWP set: no verdict from a site's first entry in the new one until all 12 months are")
    in_force = Target.objects.filter(organisation=stored, status=TargetStatus.IN_FORCE)
    yield PastFigure("targets", label, "", 0, in_force.exclude(gwp_set=changed.gwp_set).count(), until.date())


def _of_entries(year: date, before: Masses, after: Masses, not_valued: int, site: str = "") -> Iterator[PastFigure]:
    label = _("Entries of the last 12 months, as if entered with the new settings")
    yield PastFigure("entries", label, "kg CO2e", float(before.co2e_kg), float(after.co2e_kg), year, site)
    sides = float(before.biogenic_co2_kg), float(after.biogenic_co2_kg)
    yield PastFigure("biogenic_co2", _("Biogenic CO2, outside the scopes"), "kg", *sides, year, site)
    yield PastFigure("not_valued", _("Entries that have no factor with them"), "", 0, not_valued, year, site)


def _substituted(stored: Organisation, changed: Organisation, until: datetime) -> Iterator[PastFigure]:
    """For each site, CO2 of the hours of the last 12 months that were not measured, and those that have none."""
    for factory in Factory.objects.filter(organisation=stored).order_by("name", "pk"):
        start = local_day_start(until - _A_YEAR, factory.zone)
        sides: list[tuple[float, float]] = []
        for factory.organisation in (stored, changed):
            hours = [h for h in hours_between(factory, start, until, now=until) if h.method or h.record_ug is None]
            filled_kg = sum(h.record_ug or 0 for h in hours) / 1e9
            sides.append((filled_kg, float(sum(1 for h in hours if h.record_ug is None))))
        (before_kg, before_h), (after_kg, after_h) = sides
        label, day = _("CO2 of hours not measured, last 12 months"), start.date()
        yield PastFigure("substituted", label, "kg", before_kg, after_kg, day, factory.name)
        label = _("Hours that nothing could be substituted for")
        yield PastFigure("missing", label, "h", before_h, after_h, day, factory.name)


@transaction.atomic
def change_settings(
    organisation: Organisation, changes: Mapping[str, Any], *, confirm: Confirmation = NOBODY
) -> Organisation:
    """Raises ValidationError with an error for each field, ConfirmationNeeded for what means something for the past."""
    stored = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    changed = changed_organisation(stored, changes)
    names = [name for name in FIELDS if getattr(stored, name) != getattr(changed, name)]
    if DECIDE_FIGURES & set(names):
        facts = [[name, str(getattr(stored, name)), str(getattr(changed, name))] for name in names]
        words = _("It counts for what is entered or corrected from now on. Entries that are stored keep their figures.")
        if "substitution_method" in names:
            method = _("The method counts for all hours that were not measured, also of the past.")
            words = f"{method} {words}" if _OF_ENTRIES & set(names) else method
        ask(
            ["organisation", stored.pk, facts],
            lambda until: _figures(stored, changed, until),
            confirm,
            until=timezone.now(),
            preface=words,
        )
    if names:
        changed.save(update_fields=names)
    return changed
