"""Rules of alarms: the usual ones of a new organisation, which rule holds at a site, and changes of rules.

An organisation has one rule of each kind. A site may have its own instead.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from alerts.evaluate import is_between
from alerts.kinds import KINDS
from alerts.models import AlertRule
from factories.models import Factory, Organisation
from lib import sql
from lib.errors import ApiError, invalid
from lib.numbers import outside_words

PROPOSED_FROM = timedelta(days=28)
FILE_VERSION = 1
FIELDS = ("is_enabled", "severity", "limit", "limit_basis", "hysteresis", "duration_s", "from_hour", "to_hour")


# --- Which rule holds ---------------------------------------------------------------------------
def ensure_usual_rules() -> int:
    """Give every organisation a rule of each kind that it lacks; how many were made. Safe twice at once."""
    have = set(AlertRule.objects.filter(factory=None).values_list("organisation_id", "kind"))
    made = [
        AlertRule(
            organisation_id=pk,
            kind=row.kind,
            severity=row.severity,
            duration_s=row.duration_s,
            limit=row.limit,
            hysteresis=row.hysteresis,
        )
        for pk in Organisation.objects.values_list("pk", flat=True)
        for code, row in KINDS.items()
        if (pk, code) not in have
    ]
    AlertRule.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


@dataclass(frozen=True, slots=True)
class WatchedSite:
    """A site with the rule of one kind that holds there."""

    factory: Factory
    rule: AlertRule

    @property
    def limit(self) -> float:
        """In the unit of the kind, which has a limit."""
        assert self.rule.limit is not None
        return self.rule.limit

    def is_watched(self, now: datetime) -> bool:
        """Whether the rule is in use, and its hours are now."""
        rule = self.rule
        if rule.from_hour is None or rule.to_hour is None:
            return rule.is_enabled
        return rule.is_enabled and is_between(now.astimezone(self.factory.zone).hour, rule.from_hour, rule.to_hour)


@dataclass(frozen=True, slots=True)
class SiteRules:
    """The rules of one kind: the site's own, else its organisation's."""

    by_site: dict[int, AlertRule] = field(default_factory=dict)
    by_organisation: dict[int, AlertRule] = field(default_factory=dict)

    def of(self, factory: Factory) -> AlertRule | None:
        return self.by_site.get(factory.pk) or self.by_organisation.get(factory.organisation_id)

    def watched(self, factories: Iterable[Factory]) -> dict[int, WatchedSite]:
        """The sites at which a rule is in use, by id."""
        found = ((factory, self.of(factory)) for factory in factories)
        return {site.pk: WatchedSite(site, rule) for site, rule in found if rule is not None and rule.is_enabled}


def rules_by_kind(kinds: Iterable[str]) -> dict[str, SiteRules]:
    found = {kind: SiteRules() for kind in kinds}
    for rule in AlertRule.objects.filter(kind__in=found):
        of_kind = found[rule.kind]
        if rule.factory_id is not None:
            of_kind.by_site[rule.factory_id] = rule
        else:
            of_kind.by_organisation[rule.organisation_id] = rule
    return found


# --- Changes ------------------------------------------------------------------------------------
@transaction.atomic
def set_rule(
    user: User | None, organisation: Organisation, kind: str, values: Mapping[str, Any], *, factory: Factory | None
) -> AlertRule:
    """Set the rule of an organisation, or of one of its sites. What is not named stays, or is the organisation's.

    Raises ApiError 400 for an unknown kind or field, a limit that the kind does not have, or a value out of bounds.
    """
    row = KINDS.get(kind)
    if row is None:
        raise invalid("kind", "unknown_kind", _("There is no kind %(kind)r of alarms.") % {"kind": kind}, kind=kind)
    # Who saves the same rule at the same time waits here.
    of_all = AlertRule.objects.filter(organisation=organisation, factory=None, kind=kind)
    usual = of_all.order_by("pk").select_for_update(no_key=True).first()
    rule = AlertRule.objects.filter(factory=factory, kind=kind).first() if factory else usual
    if rule is None:
        rule = AlertRule(organisation=organisation, factory=factory, kind=kind)
        for name in FIELDS:
            setattr(rule, name, getattr(usual or row, name, getattr(rule, name)))
    for name, value in values.items():
        setattr(rule, name, value)
    _check(rule)
    rule.changed_by_id = user.pk if user else None
    rule.save()
    return rule


def _check(rule: AlertRule) -> None:
    row = KINDS[rule.kind]
    if rule.limit is None and row.limit is not None:
        raise invalid("limit", "required", _("This kind needs a limit, in %(unit)s.") % {"unit": row.unit or "1"})
    if rule.limit is not None and row.limit is None:
        raise invalid("limit", "no_limit", _("This kind has no limit; leave it empty."))
    low, high = row.bounds
    _require_within("limit", rule.limit, low, high, row.unit)
    _require_within("hysteresis", rule.hysteresis, 0.0, high - low, row.unit)
    if rule.duration_s > row.longest_s:
        words = _("%(duration_s)s s is longer than %(limit)s s, the longest duration of this kind.")
        params = {"duration_s": rule.duration_s, "limit": row.longest_s}
        raise invalid("duration_s", "too_long", words % params, **params)
    if (rule.from_hour is None) != (rule.to_hour is None) or (
        rule.from_hour is not None and rule.from_hour == rule.to_hour
    ):
        raise invalid("to_hour", "hours", _("Give both hours, and two different ones, or none for the whole day."))
    rule.full_clean(
        exclude=["organisation", "factory", "changed_by"], validate_unique=False, validate_constraints=False
    )


def _require_within(name: str, value: float | None, low: float, high: float, unit: str) -> None:
    """Refuses what is no number too: one rule with NaN would stop the rounds of all organisations."""
    if value is not None and not low <= value <= high:
        words = outside_words(value, low=low, high=high, unit=unit)
        raise invalid(name, "out_of_range", words, value=str(value), low=low, high=high, unit=unit)


@transaction.atomic
def remove_rule(rule: AlertRule) -> None:
    """Return a site to the rule of its organisation. Raises ApiError 409 for an organisation's rule: disable it."""
    if rule.factory_id is None:
        raise ApiError(409, "rule_of_organisation", _("This is the organisation's rule: take it out of use instead."))
    rule.delete()


@transaction.atomic
def copy_rules(user: User | None, source: Factory, targets: Sequence[Factory]) -> int:
    """Give other sites of the organisation the own rules of one site, in place of theirs; how many rules were set."""
    own = AlertRule.objects.filter(factory=source)
    copied = 0
    for target in targets:
        AlertRule.objects.filter(factory=target).delete()
        for rule in own:
            set_rule(user, source.organisation, rule.kind, {n: getattr(rule, n) for n in FIELDS}, factory=target)
            copied += 1
    return copied


# --- As a file ----------------------------------------------------------------------------------
def exported(organisation: Organisation) -> dict[str, Any]:
    """All rules of an organisation; sites by name, so that another installation can read it."""
    rules = AlertRule.objects.filter(organisation=organisation).select_related("factory").order_by("factory_id", "kind")
    rows = [
        {"factory": rule.factory.name if rule.factory else None, "kind": rule.kind}
        | {name: getattr(rule, name) for name in FIELDS}
        for rule in rules
    ]
    return {"version": FILE_VERSION, "organisation": organisation.name, "rules": rows}


@transaction.atomic
def import_rules(user: User | None, organisation: Organisation, rows: Sequence[Mapping[str, Any]]) -> int:
    """Set the rules of a file, all or none; rules that it does not name stay. How many were set.

    Raises ApiError 400 that names the row, counted from 1.
    """
    sites = {factory.name: factory for factory in Factory.objects.filter(organisation=organisation)}
    for number, row in enumerate(rows, 1):
        name = row.get("factory") or ""
        if name and name not in sites:
            words = _("Rule %(number)d is of %(name)r, which is no site of this organisation.")
            raise invalid("rules", "unknown_site", words % {"number": number, "name": name}, number=number, name=name)
        values = {field: row[field] for field in FIELDS if field in row}
        try:
            set_rule(user, organisation, row["kind"], values, factory=sites.get(name))
        except ApiError as error:
            words = _("Rule %(number)d: %(message)s") % {"number": number, "message": _first_message(error)}
            raise invalid("rules", "bad_rule", words, number=number) from error
    return len(rows)


def _first_message(error: ApiError) -> str:
    return next((found["message"] for errors in error.fields.values() for found in errors), error.message)


# --- Proposals ----------------------------------------------------------------------------------
def proposed_limit(factory: Factory, kind: str, now: datetime) -> float | None:
    """A limit that the site's own last 28 days would have passed for one minute in a thousand; None without such data.

    Of a low limit: of the minutes while the fire burned. To three digits, outward.
    """
    quantity = KINDS[kind].quantity
    if quantity is None or quantity.column == "over_range_pct":
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            sql.load("alerts", "proposed_limit").replace("/* column */", quantity.column),
            {
                "factory_id": factory.pk,
                "since": now - PROPOSED_FROM,
                "share": 0.999 if quantity.sign > 0 else 0.001,
                "only_firing": quantity.while_firing,
                "least": 1_000,
            },
        )
        (value,) = cursor.fetchone()
    return None if value is None else float(f"{value:.3g}")
