"""Change an organisation's settings; those that decide figures show their effect on the past before they are stored.

From when each counts: entries keep their results, so GWP set, factor set and basis of electricity count for what is
entered or corrected afterwards. Methane of mines is computed from their coal, so a new GWP set counts for all days.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Min, Sum
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from compliance.choices import TargetStatus
from compliance.models import SiteDay, Target
from energy.revaluing import Revaluation, factor_sets_of, revalue
from factories.corrections import CONFIRM_WITHIN, NOBODY, Confirmation, ConfirmationNeeded, digest_of, terms
from factories.models import Organisation
from science.gwp import Gas, gwp

FIELDS = (
    "name country currency languages substitution_method gwp_set factor_set electricity_basis publishes_names "
    "second_factor_required"
).split()
# A site has a country of its own, and no figure uses the substitution method yet.
DECIDE_FIGURES = frozenset({"gwp_set", "factor_set", "electricity_basis"})


@dataclass(frozen=True, slots=True)
class SettingsEffect:
    """What a change of settings means for figures of the past."""

    changed: tuple[str, ...]
    entries: Revaluation
    methane_since: date | None  # None: no methane of a mine changes
    methane_before_kg: Decimal
    methane_after_kg: Decimal
    targets_in_other_set: int  # in force, in another GWP set than the new one
    confirm: str = ""  # the text that confirms this change with this effect
    confirm_until: datetime = field(default_factory=lambda: timezone.now() + CONFIRM_WITHIN)

    @property
    def is_seen(self) -> bool:
        """Whether there is anything of the past to show."""
        return bool(self.entries.entry_count or self.methane_since or self.targets_in_other_set)

    @property
    def terms(self) -> str:
        return terms()

    def body(self) -> dict[str, Any]:
        """The answer of the API, in t CO2e."""
        entries = self.entries
        return {
            **{name: getattr(self, name) for name in ("changed", "sentences", "methane_since", "targets_in_other_set")},
            "entry_count": entries.entry_count,
            "not_valued": entries.not_valued,
            "entries": _sides(entries.before.co2e_kg, entries.after.co2e_kg),
            "methane": _sides(self.methane_before_kg, self.methane_after_kg),
            "confirm": self.confirm,
            "confirm_until": self.confirm_until,
        }

    @property
    def sentences(self) -> list[str]:
        """From when it counts, and what it would have made of the last 12 months."""
        words = [
            _("It counts for what is entered or corrected from now on. Entries that are stored keep their figures.")
        ]
        if self.entries.entry_count:
            words.append(_entries_words(self.entries))
        if self.methane_since is not None:
            changes = _(
                "Methane of mines is computed again for all days since %(day)s: %(before)s t CO2e become %(after)s."
            )
            day = date_format(self.methane_since, "j F Y")
            words.append(changes % {"day": day, **_tonnes(self.methane_before_kg, self.methane_after_kg)})
        if count := self.targets_in_other_set:
            used = ngettext(
                "%(count)d target in force uses another GWP set.",
                "%(count)d targets in force use another GWP set.",
                count,
            )
            until = _(
                "From a site's first entry in the new set its targets get no verdict, until 12 months are in one set. "
                "Then set a new target."
            )
            words += [used % {"count": count}, until]
        return words


def _sides(before_kg: Decimal, after_kg: Decimal) -> dict[str, str]:
    return {name: f"{kg / 1000:.6f}" for name, kg in (("before_t", before_kg), ("after_t", after_kg))}


def _entries_words(found: Revaluation) -> str:
    shown = {"count": found.entry_count, **_tonnes(found.before.co2e_kg, found.after.co2e_kg)}
    words = _("The %(count)d entries of the last 12 months hold %(before)s t CO2e; with the new settings %(after)s.")
    if found.not_valued:
        return words % shown + " " + _("%(count)d of them have no factor there.") % {"count": found.not_valued}
    return words % shown


def _tonnes(before_kg: Decimal, after_kg: Decimal) -> dict[str, str]:
    return {
        name: number_format(kg / 1000, decimal_pos=3, use_l10n=True, force_grouping=True)
        for name, kg in (("before", before_kg), ("after", after_kg))
    }


def changed_organisation(stored: Organisation, changes: Mapping[str, Any]) -> Organisation:
    """The organisation with the changes, not stored. Raises ValidationError with an error for each field."""
    changed = Organisation.objects.get(pk=stored.pk)
    for name, value in changes.items():
        setattr(changed, name, value)
    if "country" in changes and changed.country != stored.country and "currency" not in changes:
        changed.currency = ""  # that of the new country
    changed.full_clean()
    if changed.factor_set and changed.factor_set != stored.factor_set:
        known = factor_sets_of(changed)
        if changed.factor_set not in known:
            words = _("There is no factor set of this name; use one of %(known)s.") % {"known": ", ".join(known)}
            raise ValidationError({"factor_set": ValidationError(words, code="unknown_factor_set")})
    return changed


def effect_of(stored: Organisation, changed: Organisation, now: datetime) -> SettingsEffect:
    """What the change means for the past; costs a pass over 12 months of entries."""
    names = tuple(name for name in FIELDS if getattr(stored, name) != getattr(changed, name))
    before_kg = after_kg = Decimal(0)
    since, targets = None, 0
    if "gwp_set" in names:
        days = SiteDay.objects.filter(factory__organisation=stored, methane_co2e_kg__gt=0)
        found = days.aggregate(since=Min("day"), kg=Sum("methane_co2e_kg"))
        since, before_kg = found["since"], found["kg"] or Decimal(0)
        after_kg = before_kg * gwp(Gas.CH4_FOSSIL, changed.gwp_set) / gwp(Gas.CH4_FOSSIL, stored.gwp_set)
        in_force = Target.objects.filter(organisation=stored, status=TargetStatus.IN_FORCE)
        targets = in_force.exclude(gwp_set=changed.gwp_set).count()
    return SettingsEffect(names, revalue(changed, now), since, before_kg, after_kg, targets)


@transaction.atomic
def change_settings(
    organisation: Organisation, changes: Mapping[str, Any], *, confirm: Confirmation = NOBODY
) -> Organisation:
    """Raises ValidationError with an error for each field, ConfirmationNeeded for what means something for the past."""
    stored = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    changed = changed_organisation(stored, changes)
    names = [name for name in FIELDS if getattr(stored, name) != getattr(changed, name)]
    if DECIDE_FIGURES & set(names):
        told_until, told_digest = confirm.told()
        until = told_until or timezone.now()
        effect = effect_of(stored, changed, until)
        facts = [[name, str(getattr(stored, name)), str(getattr(changed, name))] for name in effect.changed]
        digest = digest_of(["organisation", stored.pk, facts, effect.sentences])
        if effect.is_seen and told_digest != digest:
            raise ConfirmationNeeded(replace(effect, confirm=confirm.text_for(until, digest)))
    if names:
        changed.save(update_fields=names)
    return changed
