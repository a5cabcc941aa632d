"""The factory page: its chimneys live, their last 24 hours, and today so far. Reads only."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from compliance.explain import identity
from devices.queries import DeviceState, of_record_at, state_of, waiting_holds
from emissions import queries, totals
from emissions.derive import DerivedReading, moment
from emissions.models import HourStatus
from emissions.settling import SitePeriod
from factories.days import local_hour_start, running_day
from factories.models import Factory
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
from science.interval import UncertainMass

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
    identity: str = ""  # of what it emitted so far today
    interval: UncertainMass | None = None
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
    interval: UncertainMass | None
    is_lower_bound: bool
    coverage_pct: float | None
    settling_sentence: str
    identity: str
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


def _chimney_views(
    factory: Factory, now: datetime, so_far: list[totals.SoFar], hours: dict[int, list[totals.ChimneyHour]]
) -> list[ChimneyView]:
    """In a number of queries that does not grow with the chimneys."""
    assignments = {a.chimney_id: a for a in of_record_at([factory], now)}
    latest = {r.row.device_id: r for r in queries.latest_readings([a.device_id for a in assignments.values()])}
    waiting = waiting_holds().filter(assignment__factory=factory).order_by("-starts_at")
    holds = {hold.assignment_id: hold for hold in waiting}
    parts = {part.chimney_id: part for part in so_far}
    scale_kg_per_h = shared_scale_kg_per_h(hours)
    parameters = urlencode({"factory": factory.pk})
    start, end = running_day(factory, now).starts_at, local_hour_start(now, factory.zone) + timedelta(hours=1)
    views = []
    for chimney in factory.chimneys.in_use().order_by("name"):
        assignment, part = assignments.get(chimney.pk), parts.get(chimney.pk)
        device = assignment.device if assignment else None
        state = state_of(device, now)
        ribbon = None
        if state not in (DeviceState.NO_DEVICE, DeviceState.NEVER):
            ribbon = day_ribbon(hours.get(chimney.pk, []), factory.zone, now, scale_kg_per_h)
        views.append(
            ChimneyView(
                name=chimney.name,
                device_id=device.device_id if device else None,
                state=state,
                state_word=state_word(state),
                live=_live(latest.get(device.pk)) if device else None,
                fire_log=ribbon,
                so_far_today_kg=part.measured_kg if part and part.covered_ms else None,
                identity=identity.hours("chimney", chimney.pk, start, end, "measured_kg"),
                interval=totals.uncertain([part], [factory]) if part else None,
                is_lower_bound=part is not None and part.is_lower_bound,
                coverage_pct=part.coverage_pct if part else None,
                why_unusable=why_unusable(state, part),
                stream_url=f"{reverse('api-emissions-stream')}?{parameters}&fields={LIVE_FIELDS}",
                poll_url=f"{reverse('api-emissions-latest')}?{parameters}",
                hold_sentence=hold_sentence(holds.get(assignment.pk)) if assignment else None,
                sensor_url=reverse("device", args=[device.device_id]) if device else "",
            )
        )
    return views


def _settling_sentence(factory: Factory, hours: dict[int, list[totals.ChimneyHour]], now: datetime) -> str:
    if all(hour.status == HourStatus.MISSING for chimney in hours.values() for hour in chimney):
        return _("The first figures are coming in. A total appears after the first full hour.")
    day = running_day(factory, now)
    return settling_sentence([SitePeriod(factory.pk, day.starts_at, day.ends_at)], factory.time_zone, now)


def factory_page(factory: Factory, now: datetime) -> FactoryPage:
    so_far, hours = totals.so_far_today([factory], now)[factory.pk], totals.hours_of_record([factory], now)
    total = totals.total(so_far)
    has_readings = total is not None and total.covered_ms > 0
    return FactoryPage(
        organisation_name=factory.organisation.name,
        factory=factory,
        today_label=today_label(factory, now),
        so_far_today_kg=total.measured_kg if total and has_readings else None,
        interval=totals.uncertain(so_far, [factory]),
        is_lower_bound=total is not None and total.is_lower_bound,
        coverage_pct=total.coverage_pct if total else None,
        settling_sentence=_settling_sentence(factory, hours, now) if has_readings else "",
        identity=identity.hours(
            "stack",
            factory.pk,
            running_day(factory, now).starts_at,
            local_hour_start(now, factory.zone) + timedelta(hours=1),
            "measured_kg",
        ),
        chimneys=_chimney_views(factory, now, so_far, hours),
        quality_words=quality_words(),
    )
