"""Is a site on track for its target? The line of a target, and the verdict of the last twelve months.

Setting and ending targets is in `services.py`. A verdict is True, False or None: None is "not enough data", with the
reason, and never counts as met or missed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.permissions import AnyUser, organisations_of, token_of, visible_to
from accounts.roles import Action
from compliance import queries
from compliance.choices import TargetMetric, TargetScope, TargetStatus
from compliance.models import Target
from factories.days import last_day_over_everywhere
from factories.models import Factory
from factories.sectors import KG_PER_UNIT
from science.intensity import KNOWN_SHARE, RECENT_DAYS, STACK_FUEL_BAND
from science.interval import total
from science.rounding import decimal_kg

WINDOW_DAYS = 365  # tea is seasonal: a month says nothing

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict of the twelve months before a day on one target."""

    target: Target
    met: bool | None
    reason: str  # why `met` is None; otherwise empty
    actual: Decimal | None
    expected: Decimal
    first_day: date
    last_day: date
    logged_days: int
    operating_days: int
    low: Decimal | None = None  # of the actual figure, k = 2
    high: Decimal | None = None  # None beside an actual figure: at least that much

    @property
    def period(self) -> str:
        return _("12 months to %(day)s") % {"day": date_format(self.last_day, "j F Y")}

    @property
    def sentence(self) -> str:
        """The figure and its limit, or why there is none."""
        if self.actual is None or self.met is None:
            return reason_words(self.reason)
        actual = significant(self.actual)
        if self.low is not None and self.high is not None:
            ends = {"actual": actual, "low": significant(self.low), "high": significant(self.high)}
            actual = _("%(actual)s (%(low)s to %(high)s)") % ends
        return _("%(actual)s of at most %(expected)s %(unit)s") % {
            "actual": actual,
            "expected": significant(self.expected),
            "unit": self.target.unit,
        }


def significant(value: Decimal, digits: int = 3) -> str:
    """Rounds to `digits` significant digits, but keeps all digits of the whole part."""
    if not value:
        return "0"
    return f"{round(value, max(0, digits - 1 - value.adjusted())):f}"


def reason_words(code: str) -> str:
    """The sentence of a reason, in the reader's language."""
    texts = {
        "nothing_logged": _("nothing is logged in these 12 months"),
        "energy_missing": _("energy is logged on fewer than 80 % of the operating days"),
        "production_missing": _("production is missing on operating days"),
        "methane_unknown": _("the class of the mine is not set, so its methane is not known"),
        "mixed_potentials": _("the entries use other warming potentials than the target"),
        "stack_and_fuel_differ": _("stack and fuel log differ by more than a quarter"),
        "factories_without_data": _("not all factories have enough data"),
    }
    return texts.get(code, "")


# --- Who sees which ---------------------------------------------------------------------------
def visible_targets(user: AnyUser, action: Action) -> QuerySet[Target]:
    """Targets of the user's factories, and of the organisations that the user sees as a whole."""
    factories = visible_to(user, Factory.objects.all(), factory_path="", action=action)
    q = Q(factory__in=factories)
    token = token_of(user)
    if token is None or not token.factory_id:
        q |= Q(factory__isnull=True, organisation__in=organisations_of(user, action))
    return Target.objects.select_related("organisation", "factory", "set_by").filter(q).order_by("id")


# --- The line ----------------------------------------------------------------------------------
def expected(target: Target, year: Decimal | int) -> Decimal:
    """The value of the line in a year, to 6 decimals; constant before the base year and after the target year.

    `base + (target - base) (y - y_base) / (y_target - y_base)` (`docs/method.md` 10).
    """
    at = min(max(Decimal(year), Decimal(target.base_year)), Decimal(target.target_year))
    share = (at - target.base_year) / (target.target_year - target.base_year)
    return decimal_kg(target.base_value + (target.target_value - target.base_value) * share)


def line(target: Target) -> list[tuple[int, Decimal]]:
    """The value of each year from the base year to the target year."""
    return [(year, expected(target, year)) for year in range(target.base_year, target.target_year + 1)]


def year_of_window(last_day: date) -> Decimal:
    """The year on the line for twelve months: 2026 if they end with 2026, 2025.5 if they end in mid 2026."""
    first = date(last_day.year, 1, 1)
    length = (date(last_day.year + 1, 1, 1) - first).days
    return Decimal(last_day.year - 1) + Decimal((last_day - first).days + 1) / length


# --- Verdicts ----------------------------------------------------------------------------------
def verdicts_of(factories: Iterable[Factory], now: datetime) -> dict[int, Verdict]:
    """Each factory's verdict on its own target in force. Of several targets, the intensity of both scopes comes first.

    A factory without a target is absent.
    """
    by_id = {factory.pk: factory for factory in factories}
    chosen: dict[int, Target] = {}
    for target in Target.objects.filter(factory__in=by_id, status=TargetStatus.IN_FORCE).order_by("id"):
        assert target.factory_id is not None
        kept = chosen.get(target.factory_id)
        if kept is None or _rank(target) < _rank(kept):
            chosen[target.factory_id] = target
    if not chosen:
        return {}
    by_target = verdicts(list(chosen.values()), now)
    return {pk: by_target[target.pk] for pk, target in chosen.items()}


def verdict_of_organisation(organisation_id: int, now: datetime) -> Verdict | None:
    """On the target in force of all of its sites; chosen likewise. None: it has none."""
    found = Target.objects.filter(organisation=organisation_id, factory=None, status=TargetStatus.IN_FORCE)
    chosen = min(found.order_by("id"), key=_rank, default=None)
    return verdict(chosen, now) if chosen else None


def verdicts(targets: Sequence[Target], now: datetime) -> dict[int, Verdict]:
    """The verdict on each target; an organisation's target covers all of its factories. Two queries for all targets.

    A site that was archived within the twelve months still counts: it must not improve a verdict by leaving.
    """
    within = {target.factory_id for target in targets}
    organisations = {target.organisation_id for target in targets if target.factory_id is None}
    counted = Q(archived_at=None) | Q(archived_at__gt=now - timedelta(days=WINDOW_DAYS))
    factories = list(Factory.objects.filter(Q(pk__in=within) | Q(organisation__in=organisations) & counted))
    first, last = window(factories, now)
    by_site = queries.sums([factory.pk for factory in factories], first, last, now=now)
    by_target = {}
    for target in targets:
        site_ids = [
            f.pk for f in factories if target.factory_id in (None, f.pk) and f.organisation_id == target.organisation_id
        ]
        by_target[target.pk] = _judge(target, {pk: by_site.get(pk) for pk in site_ids}, first, last)
    return by_target


def verdict(target: Target, now: datetime) -> Verdict:
    return verdicts([target], now)[target.pk]


def window(factories: Sequence[Factory], now: datetime) -> tuple[date, date]:
    """The last 365 factory days that are over at all of the sites."""
    last = last_day_over_everywhere(factories, now)
    return last - timedelta(days=WINDOW_DAYS - 1), last


def _rank(target: Target) -> tuple[bool, bool]:
    return target.metric != TargetMetric.INTENSITY, target.scope != TargetScope.BOTH


def _judge(target: Target, by_site: Mapping[int, queries.Sums | None], first: date, last: date) -> Verdict:
    reasons = {_reason(target, sums) for sums in by_site.values()} - {""}
    known = [sums for sums in by_site.values() if sums is not None]
    reason = ""
    if reasons or not by_site:
        reason = reasons.pop() if len(by_site) == 1 else "factories_without_data"
    actual = None if reason else _actual(target, known)
    limit = expected(target, year_of_window(last))
    interval = (None, None) if actual is None else _interval(target, actual, known)
    if actual is None and not reason:
        reason = "production_missing"
    return Verdict(
        target=target,
        met=None if actual is None else actual <= limit,
        reason=reason,
        actual=actual,
        low=interval[0],
        high=interval[1],
        expected=limit,
        first_day=first,
        last_day=last,
        logged_days=sum(sums.logged_days for sums in known),
        operating_days=sum(_operating_days(sums) for sums in known),
    )


def _interval(target: Target, actual: Decimal, known: Sequence[queries.Sums]) -> tuple[Decimal | None, Decimal | None]:
    """Low and high: the relative errors are those of what the sites emitted; an amount made has none [A]."""
    name = {TargetScope.BOTH: "co2e", TargetScope.ONE: "scope1", TargetScope.TWO: "scope2"}[TargetScope(target.scope)]
    mass = total(found for sums in known if (found := sums.uncertain(name)) is not None)
    if not mass.likely_kg:
        return actual, actual
    low, high = mass.low_kg, mass.high_kg
    return (
        decimal_kg(actual * low / mass.likely_kg),
        None if high is None else decimal_kg(actual * high / mass.likely_kg),
    )


def _operating_days(sums: queries.Sums) -> int:
    """A day counts as operating unless every stack proves idle and nothing was entered as made."""
    return WINDOW_DAYS - sums.idle_days


def _reason(target: Target, sums: queries.Sums | None) -> str:
    """Why the figures of a site are not sufficient; empty when they are."""
    if sums is None or not sums.gwp_set + sums.published_gwp_set:
        return "nothing_logged"
    if sums.methane_unknown_days:
        return "methane_unknown"
    operating = _operating_days(sums)
    if sums.logged_days < Decimal(str(KNOWN_SHARE)) * operating:
        return "energy_missing"
    if sums.production_days + RECENT_DAYS < operating:
        return "production_missing"
    if sums.gwp_set not in ("", target.gwp_set):
        return "mixed_potentials"
    low, high = STACK_FUEL_BAND
    if sums.balance_fuel_kg and not low <= (sums.balance_stack_kg or _ZERO) / sums.balance_fuel_kg <= high:
        return "stack_and_fuel_differ"
    return ""


def _actual(target: Target, known: Sequence[queries.Sums]) -> Decimal | None:
    """The figure to compare with the line. Tonnes are scaled from the days logged to the operating days."""
    if target.metric == TargetMetric.ABSOLUTE_T:
        kg = sum(
            (
                _of_scope(target, sums.logged_co2e_kg, sums.logged_scope2_kg) * _operating_days(sums) / sums.logged_days
                for sums in known
            ),
            _ZERO,
        )
        return decimal_kg(kg / KG_PER_UNIT["t"])
    emitted = sum((_of_scope(target, sums.co2e_pair_kg, sums.scope2_pair_kg) for sums in known), _ZERO)
    made_kg = sum((sums.co2e_made_kg or _ZERO for sums in known), _ZERO)
    if not made_kg:
        return None
    return decimal_kg(emitted / made_kg * KG_PER_UNIT[target.unit.rpartition("/")[2]])


def _of_scope(target: Target, co2e_kg: Decimal | None, scope2_kg: Decimal | None) -> Decimal:
    both, two = co2e_kg or _ZERO, scope2_kg or _ZERO
    return {TargetScope.BOTH: both, TargetScope.ONE: both - two, TargetScope.TWO: two}[TargetScope(target.scope)]
