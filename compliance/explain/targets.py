"""Cards of targets: the figure of twelve months that is compared with the line, and the line itself."""

from datetime import timedelta
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _

from compliance.choices import TargetMetric, TargetScope
from compliance.explain.card import Card, Operand
from compliance.explain.catalogue import label_of, unit_of
from compliance.explain.identity import Identity, of_row
from compliance.explain.sites import Book, UnknownNameError
from compliance.models import Target
from compliance.targets import WINDOW_DAYS, Verdict, verdict, year_of_window
from factories.models import Factory
from factories.sectors import KG_PER_UNIT


def of_verdict(verdict: Verdict) -> str:
    """The identity of the figure that a verdict compares with the line; empty without one."""
    if verdict.actual is None or verdict.met is None:
        return ""
    return of_row("target", verdict.target.pk, "actual", verdict.last_day)


def explain_target(figure: Identity, target: Target, book: Book) -> Card | None:
    """None for a day at which no twelve months end now."""
    sites = _sites_of(target, book)
    book.refresh(site.pk for site in sites)
    found = verdict(target, book.now)
    if found.last_day != figure.first_day or book.as_known_on is not None:
        return None
    if figure.name == "expected":
        values: tuple[Decimal | int, ...] = (
            target.base_value,
            target.target_value,
            target.base_year,
            target.target_year,
        )
        year = min(max(year_of_window(found.last_day), Decimal(target.base_year)), Decimal(target.target_year))
        labels = (_("value of the base year"), _("value of the target year"), _("base year"), _("target year"))
        parts = [Operand(s, one, Decimal(v)) for s, one, v in zip("btuv", labels, values, strict=True)]
        parts.append(Operand("y", _("year in which the twelve months end"), year))
        return _card(figure, target, found.expected, "ROUND(b + (t - b) * (y - u) / (v - u), 6)", parts)
    if figure.name != "actual":
        raise UnknownNameError(figure.name)
    days = Identity("site", (), "", found.last_day - timedelta(days=WINDOW_DAYS - 1), found.last_day)
    if target.metric == TargetMetric.INTENSITY:
        of_all = days.of(*sorted(site.pk for site in sites))
        emitted, parts = _emitted(target, of_all, "pair", "", book)
        per = KG_PER_UNIT[target.unit.rpartition("/")[2]]
        parts += [_of("m", of_all, "co2e_made_kg", book), Operand("k", _("kg of product in a unit"), Decimal(per))]
        return _card(figure, target, found.actual, f"ROUND({emitted} / m * k, 6)", parts)
    terms, operands = [], []
    for number, site in enumerate(sites, 1):
        emitted, parts = _emitted(target, days.of(site.pk), "logged", str(number), book)
        parts += [_of(f"i{number}", days.of(site.pk), "idle_days", book)]
        parts += [_of(f"d{number}", days.of(site.pk), "logged_days", book)]
        terms.append(f"{emitted} * ({WINDOW_DAYS} - i{number}) / d{number}")
        operands += parts
    return _card(figure, target, found.actual, f"ROUND(({' + '.join(terms)}) / 1000, 6)", operands)


def _sites_of(target: Target, book: Book) -> list[Factory]:
    """As the verdict counts them."""
    if target.factory is not None:
        return [target.factory]
    counted = Q(archived_at=None) | Q(archived_at__gt=book.now - timedelta(days=WINDOW_DAYS))
    return list(Factory.objects.filter(counted, organisation=target.organisation_id).order_by("pk"))


def _emitted(target: Target, days: Identity, of: str, number: str, book: Book) -> tuple[str, list[Operand]]:
    """What is counted of the scopes: the expression and its operands."""
    names = {f"e{number}": f"{'co2e_pair' if of == 'pair' else 'logged_co2e'}_kg"}
    names |= {f"s{number}": f"{'scope2_pair' if of == 'pair' else 'logged_scope2'}_kg"}
    expression = {
        TargetScope.BOTH: f"e{number}",
        TargetScope.ONE: f"(e{number} - s{number})",
        TargetScope.TWO: f"s{number}",
    }[TargetScope(target.scope)]
    return expression, [_of(symbol, days, name, book) for symbol, name in names.items() if symbol in expression]


def _of(symbol: str, days: Identity, name: str, book: Book) -> Operand:
    figure = days.named(name)
    return Operand(symbol, label_of(name), book.site_value(figure), unit_of(name), str(figure))


def _card(figure: Identity, target: Target, value: Decimal | None, expression: str, operands: list[Operand]) -> Card:
    return Card(str(figure), label_of(figure.name), target.unit, value, expression, tuple(operands))
