"""A small scheme of our own, and a site whose October is logged."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from compliance.models import ComplianceReport
from compliance.reports import life
from compliance.reports.content import FIGURE, Content, Field, Section
from compliance.schemes import DueRule, EnteredField, EnteredKind, Level, PeriodRule, ReportInputs, Scheme, schemes
from compliance.schemes import content as content_of
from factories.models import Factory
from lib.decimals import plain
from tests.make import make_bill, make_energy_entry, make_production, make_user

NAIROBI = timedelta(hours=3)
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
PERIOD = OCTOBER, date(2026, 10, 31)
START, END = (datetime(day.year, day.month, day.day, tzinfo=UTC) - NAIROBI for day in (OCTOBER, NOVEMBER))


def _fill(inputs: ReportInputs) -> Content:
    mass = inputs.inventory.scope1
    low, high = plain(mass.low_kg), None if mass.high_kg is None else plain(mass.high_kg)
    scope_1 = Field("scope_1", "Scope 1", plain(mass.likely_kg), "kg", FIGURE, low, high)
    fields = (scope_1, *(inputs.field(field) for field in MONTHLY.entered))
    return content_of(MONTHLY, inputs, [Section("all", "All", fields)])


MONTHLY = Scheme(
    code="monthly",
    version="1",
    title="Monthly statement",
    statement="Voluntary.",
    levels=frozenset({Level.SITE, Level.ORGANISATION}),
    fill=_fill,
    entered=(
        EnteredField("removals", "Removals", "t", largest=Decimal(5000)),
        EnteredField("sampled_on", "Sampled on", kind=EnteredKind.DATE),
        EnteredField("lab", "Laboratory", kind=EnteredKind.CHOICE, choices=(("kebs", "KEBS"), ("sgs", "SGS"))),
    ),
    period=PeriodRule(months=1),
    due=DueRule(months_after=1, day=30),
    is_binding=True,
)


def log_october(factory: Factory, start: datetime = START, end: datetime = END) -> None:
    """1,000 kg of wood, 1,000 kWh and 10,000 kg of tea; of another period with other ends."""
    period = {"timestamp": None, "period_start": start, "period_end": end}
    make_energy_entry(factory, amount=Decimal(1000), unit="kg", **period)
    make_bill(factory, 1000, start, end)
    make_production(factory, amount=Decimal(10_000), period_start=start, period_end=end)


@contextlib.contextmanager
def registered() -> Iterator[None]:
    schemes()["monthly"] = MONTHLY
    try:
        yield
    finally:
        del schemes()["monthly"]


def make_report(factory: Factory, **fields: str) -> ComplianceReport:
    """A draft of October."""
    return life.draft(make_user(), "monthly", factory.organisation, factory, PERIOD, language="en", **fields)


def make_published(factory: Factory) -> ComplianceReport:
    report, user = make_report(factory), make_user()
    life.sign(user, report.pk, name="Ann Koech", role="Energy manager")
    return life.publish(user, report.pk)


def make_published_october(factory: Factory) -> ComplianceReport:
    """With its log, where the scheme is not registered."""
    log_october(factory)
    with registered():
        return make_published(factory)
