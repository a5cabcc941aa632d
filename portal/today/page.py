"""The display-ready content of a factory's Today page. Reads only.

The parts are computed in `inputs.py` and `stack.py`, and in `portal/lead.py` and `portal/missing.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from compliance import queries, site_days
from compliance.queries import Sums
from compliance.schedule import MISSING_DAYS
from devices.queries import DeviceState, of_record_at, state_of
from emissions import totals
from factories.days import FactoryDay, day_just_ended, days_until, factory_day
from factories.models import Factory
from factories.sectors import SECTORS, Sector
from portal.drawn.fire_log import FireLog
from portal.drawn.ribbons import day_ribbon, shared_scale_kg_per_h
from portal.fire_told import FireCard, fire_card
from portal.lead import DAYS_COMPARED, LeadFigure, amount, latest_lead
from portal.missing import Missing, first_logged_at, missing_days
from portal.today.inputs import DayInputs, day_inputs
from portal.today.stack import StackSoFar, stack_so_far
from portal.words import state_word


@dataclass(frozen=True, slots=True)
class Lead:
    """The first figure with its unit, period, coverage and age in one block."""

    sentence: str
    day: FactoryDay
    age: str
    coverage: str
    figure: LeadFigure | None
    identity: str  # of the figure
    formula_identity: str
    hint: str  # what to log to get a figure, while there is none
    inputs: DayInputs | None
    energy_api_url: str
    production_api_url: str


@dataclass(frozen=True, slots=True)
class ChimneyLog:
    name: str
    state: str
    state_word: str
    silent_since: datetime | None
    fire_log: FireLog | None


@dataclass(frozen=True, slots=True)
class TodayPage:
    organisation_name: str
    factory: Factory
    sector: Sector
    lead: Lead | None  # None: nothing was ever logged
    has_sensor: bool
    stack: StackSoFar
    fire: FireCard | None
    fire_url: str
    chimneys: tuple[ChimneyLog, ...]
    missing: Missing | None
    live_url: str
    month_url: str


def today_page(factory: Factory, now: datetime) -> TodayPage:
    """Everything on the page, in a fixed number of queries."""
    site_days.refresh([factory.pk])
    yesterday = day_just_ended(factory, now)
    first_day = yesterday.day - timedelta(days=MISSING_DAYS + DAYS_COMPARED)
    series = queries.series([factory.pk], first_day, yesterday.day, by="day", now=now)
    sums = {row.bucket: row for row in series if row.bucket is not None}
    first = first_logged_at(factory)
    fortnight = days_until(factory, yesterday.day, MISSING_DAYS)
    chimneys = _chimneys(factory, now)
    return TodayPage(
        organisation_name=factory.organisation.name,
        factory=factory,
        sector=SECTORS[factory.sector],
        lead=None if first is None else _lead(factory, sums, yesterday, now),
        has_sensor=any(chimney.state != DeviceState.NO_DEVICE for chimney in chimneys),
        stack=stack_so_far(factory, now),
        fire=fire_card(factory, now),
        fire_url=reverse("fire", args=[factory.pk]),
        chimneys=chimneys,
        missing=None if first is None else missing_days(factory, fortnight, sums, now, first),
        live_url=reverse("factory", args=[factory.pk]),
        month_url=reverse("month", args=[factory.pk, f"{yesterday.day:%Y-%m}"]),
    )


# --- The first figure --------------------------------------------------------------------------
def _lead(factory: Factory, sums: Mapping[date, Sums], yesterday: FactoryDay, now: datetime) -> Lead:
    sector = SECTORS[factory.sector]
    figure = latest_lead(sector, sums, yesterday.day, look_back_days=MISSING_DAYS)
    day = factory_day(factory, figure.day if figure else _latest_logged(sums, yesterday.day))
    sums_of_day = sums.get(day.day)
    inputs = day_inputs(factory, day, sums_of_day.made_kg if sums_of_day else None) if sums_of_day else None
    sentence, hint = (figure.sentence, "") if figure else _totals_of(sector, sums_of_day, day)
    period = urlencode({"factory": factory.pk, "from": day.starts_at.isoformat(), "to": day.ends_at.isoformat()})
    return Lead(
        sentence=sentence,
        day=day,
        age=_ended_ago(day, now),
        coverage=_coverage(figure),
        figure=figure,
        identity=figure.identity(factory.pk) if figure else "",
        formula_identity=figure.formula_identity(factory.pk) if figure else "",
        hint=hint,
        inputs=inputs,
        energy_api_url=f"{reverse('energy-entries-list')}?{period}",
        production_api_url=f"{reverse('production-list')}?{period}",
    )


def _latest_logged(sums: Mapping[date, Sums], yesterday: date) -> date:
    logged = [day for day, row in sums.items() if row.made_kg is not None or row.energy_gj or row.heat_days]
    return max(logged, default=yesterday)


def _totals_of(sector: Sector, row: Sums | None, day: FactoryDay) -> tuple[str, str]:
    """The sentence for an incomplete ratio: what is logged, and what is missing."""
    if row is not None and row.firewood_kg is not None:
        hint = _("The figure per %(unit)s of %(product)s appears when %(logged)s is logged.")
        if row.made_kg is not None:
            hint = _("No %(product)s was made that day, so there is no figure per %(unit)s.")
        hint %= {"unit": sector.product_unit, "product": sector.product_name, "logged": sector.product_word}
        return _("%(kg)s kg wood on %(day)s.") % {"kg": amount(row.firewood_kg), "day": day.label}, hint
    if row is not None and row.made_kg is not None:
        hint = _("The figure per product appears when the energy of the day is logged.")
        return _("%(kg)s kg made on %(day)s.") % {"kg": amount(row.made_kg), "day": day.label}, hint
    return _("Nothing is logged for %(day)s yet.") % {"day": day.label}, ""


def _coverage(figure: LeadFigure | None) -> str:
    if figure is None:
        return ""
    return ngettext(
        "usual: median of %(count)d of the 28 days before",
        "usual: median of %(count)d of the 28 days before",
        figure.usual_days,
    ) % {"count": figure.usual_days}


def _ended_ago(day: FactoryDay, now: datetime) -> str:
    hours = int((now.astimezone(UTC) - day.ends_at.astimezone(UTC)) / timedelta(hours=1))
    if hours < 1:
        return _("ended just now")
    if hours < 48:
        return ngettext("ended %(count)d hour ago", "ended %(count)d hours ago", hours) % {"count": hours}
    days = hours // 24
    return ngettext("ended %(count)d day ago", "ended %(count)d days ago", days) % {"count": days}


# --- Fire logs ---------------------------------------------------------------------------------
def _chimneys(factory: Factory, now: datetime) -> tuple[ChimneyLog, ...]:
    devices = {a.chimney_id: a.device for a in of_record_at([factory], now)}
    hours = totals.hours_of_record([factory], now)
    scale = shared_scale_kg_per_h(hours)
    logs = []
    for chimney in factory.chimneys.in_use().order_by("name"):
        device = devices.get(chimney.pk)
        state = state_of(device, now)
        ribbon = None
        if state not in (DeviceState.NO_DEVICE, DeviceState.NEVER):
            ribbon = day_ribbon(hours.get(chimney.pk, []), factory.zone, now, scale)
        silent_since = device.last_heartbeat if device and state == DeviceState.SILENT else None
        logs.append(ChimneyLog(chimney.name, state, state_word(state), silent_since, ribbon))
    return tuple(logs)
