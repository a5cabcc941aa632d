"""The factory page: its chimneys live, their last 24 hours, and today so far. Reads only."""

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _

from devices.models import Assignment, AssignmentHold
from devices.queries import DeviceState, of_record_at, state_of, waiting_holds
from emissions import queries, totals
from emissions.derive import DerivedReading, moment
from emissions.models import HourStatus
from emissions.settling import SitePeriod
from factories.days import running_day
from factories.models import Chimney, Factory
from portal.drawn.fire_log import FireLog
from portal.drawn.ribbons import day_ribbon, shared_scale_kg_per_h
from portal.words import (
    hold_sentence,
    quality_sentences,
    quality_words,
    settling_sentence,
    state_word,
    today_label,
    why_unusable,
)

# Only fields that the page shows, so that an event stays under 300 bytes on a weak network.
LIVE_FIELDS = "device,timestamp,co2_ppm,co2_kg_per_s,temperature_c,velocity_ms,quality"


@dataclass(frozen=True, slots=True)
class LiveValues:
    co2_kg_per_h: float | None
    co2_ppm: float | None
    temperature_c: float | None
    velocity_ms: float | None
    timestamp: datetime
    interval_s: float
    quality_sentences: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ChimneyView:
    name: str
    device_id: str | None
    state: str
    state_word: str
    live: LiveValues | None
    fire_log: FireLog | None
    so_far_today_kg: float | None
    coverage_pct: float | None
    is_lower_bound: bool = False
    why_unusable: str = ""
    stream_url: str = ""
    poll_url: str = ""
    hold_sentence: str | None = None
    sensor_url: str = ""


@dataclass(frozen=True, slots=True)
class FactoryPage:
    organisation_name: str
    factory: Factory
    today_label: str
    so_far_today_kg: float | None
    is_lower_bound: bool
    coverage_pct: float | None
    settling_sentence: str
    chimneys: list[ChimneyView]
    quality_words: dict[str, str]


def _live(item: DerivedReading | None) -> LiveValues | None:
    if item is None:
        return None
    row, rate = item.row, item.co2_kg_per_s
    return LiveValues(
        co2_kg_per_h=None if rate is None else rate * 3600,
        co2_ppm=row.co2_ppm,
        temperature_c=row.temperature_c,
        velocity_ms=row.velocity_ms,
        timestamp=moment(row.t_ms),
        interval_s=row.interval_s,
        quality_sentences=quality_sentences(item.quality),
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    """Data read for the whole page, by chimney, device or assignment."""

    now: datetime
    zone: ZoneInfo
    assignments: dict[int, Assignment]  # of record, by chimney
    latest: dict[int, DerivedReading]  # by device
    holds: dict[int, AssignmentHold]  # by assignment
    so_far: dict[int, totals.SoFar]  # by chimney
    hours: dict[int, list[totals.RecordHour]]  # by chimney
    scale_kg_per_h: float | None
    stream_url: str
    poll_url: str


def _facts(factory: Factory, now: datetime) -> _Facts:
    assignments = {a.chimney_id: a for a in of_record_at([factory], now)}
    holds = waiting_holds().filter(assignment__factory=factory).order_by("-starts_at")
    latest = queries.latest_readings([a.device_id for a in assignments.values()])
    hours = totals.hours_of_record([factory], now)
    parameters = urlencode({"factory": factory.pk})
    return _Facts(
        now=now,
        zone=factory.zone,
        assignments=assignments,
        latest={item.row.device_id: item for item in latest},
        holds={hold.assignment_id: hold for hold in holds},
        so_far={part.chimney_id: part for part in totals.so_far_today([factory], now)[factory.pk]},
        hours=hours,
        scale_kg_per_h=shared_scale_kg_per_h(hours),
        stream_url=f"{reverse('api-emissions-stream')}?{parameters}&fields={LIVE_FIELDS}",
        poll_url=f"{reverse('api-emissions-latest')}?{parameters}",
    )


def _chimney_view(chimney: Chimney, facts: _Facts) -> ChimneyView:
    assignment = facts.assignments.get(chimney.pk)
    device = assignment.device if assignment else None
    state = state_of(device, facts.now)
    part = facts.so_far.get(chimney.pk)
    ribbon = None
    if state not in (DeviceState.NO_DEVICE, DeviceState.NEVER):
        ribbon = day_ribbon(facts.hours.get(chimney.pk, []), facts.zone, facts.now, facts.scale_kg_per_h)
    return ChimneyView(
        name=chimney.name,
        device_id=device.device_id if device else None,
        state=state,
        state_word=state_word(state),
        live=_live(facts.latest.get(device.pk)) if device else None,
        fire_log=ribbon,
        so_far_today_kg=part.measured_kg if part and part.covered_ms else None,
        is_lower_bound=part is not None and part.is_lower_bound,
        coverage_pct=part.coverage_pct if part else None,
        why_unusable=why_unusable(state, part),
        stream_url=facts.stream_url,
        poll_url=facts.poll_url,
        hold_sentence=hold_sentence(facts.holds.get(assignment.pk)) if assignment else None,
        sensor_url=reverse("device", args=[device.device_id]) if device else "",
    )


def _has_full_hour(hours: dict[int, list[totals.RecordHour]]) -> bool:
    return any(hour.status != HourStatus.MISSING for chimney in hours.values() for hour in chimney)


def _settling_sentence(factory: Factory, facts: _Facts) -> str:
    if not _has_full_hour(facts.hours):
        return _("The first figures are coming in. A total appears after the first full hour.")
    day = running_day(factory, facts.now)
    return settling_sentence([SitePeriod(factory.pk, day.starts_at, day.ends_at)], factory.time_zone, facts.now)


def factory_page(factory: Factory, now: datetime) -> FactoryPage:
    """Everything on the page, in a number of queries that does not grow with the chimneys."""
    facts = _facts(factory, now)
    total = totals.total(list(facts.so_far.values()))
    return FactoryPage(
        organisation_name=factory.organisation.name,
        factory=factory,
        today_label=today_label(factory, now),
        so_far_today_kg=total.measured_kg if total and total.covered_ms else None,
        is_lower_bound=total is not None and total.is_lower_bound,
        coverage_pct=total.coverage_pct if total else None,
        settling_sentence=_settling_sentence(factory, facts) if total and total.covered_ms else "",
        chimneys=[_chimney_view(chimney, facts) for chimney in factory.chimneys.in_use().order_by("name")],
        quality_words=quality_words(),
    )
