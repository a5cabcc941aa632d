"""HQ's list of factories: which are online, today so far, and the last 24 hours. Reads only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from compliance.explain import identity
from devices.models import Assignment
from devices.queries import DeviceState, is_online, of_record_at, state_of
from emissions import totals
from emissions.settling import SitePeriod
from factories.days import local_hour_start, running_day
from factories.models import Factory, Organisation
from portal.drawn.fire_log import FireLog
from portal.drawn.ribbons import day_ribbon, shared_scale_kg_per_h
from portal.looks import SiteLook
from portal.words import settling_sentence, state_word, today_label, why_unusable
from science.interval import UncertainMass

ONE_HOUR = timedelta(hours=1)
NO_LOOK = 1_000_000  # after all that have an alarm
SORTS = ("exception", "name", "county", "co2", "coverage", "last")
# Of sites without an alarm: silent, then never reported, then without a sensor, then online.
_EXCEPTION_ORDER = [DeviceState.SILENT, DeviceState.NEVER, DeviceState.NO_DEVICE, DeviceState.ONLINE]


@dataclass(frozen=True, slots=True)
class NetworkRow:
    factory_id: int
    name: str
    url: str
    county: str
    time_zone: str
    state: DeviceState
    state_word: str
    last_reading_at: datetime | None
    interval_s: float
    co2_today_kg: float | None
    interval: UncertainMass | None
    is_lower_bound: bool
    coverage_pct: float | None
    devices_online: int
    devices_total: int
    why_unusable: str = ""  # readings arrive, but none can be used
    identity: str = ""  # of its CO2 of today
    look: SiteLook | None = None  # its alarm that costs most
    look_place: int = NO_LOOK  # among the sites with an alarm, the dearest first
    fire_log: FireLog | None = None


@dataclass(frozen=True, slots=True)
class NetworkPage:
    organisation_name: str
    rows: list[NetworkRow]
    online_count: int
    sensors_total: int
    total_count: int  # factories
    co2_today_kg: float | None
    interval: UncertainMass | None
    is_lower_bound: bool
    coverage_pct: float | None
    factories_with_data: int
    today_label: str
    settling_sentence: str
    query: str
    state_filter: str
    sort: str


def network_rows(factories: Sequence[Factory], now: datetime, looks: Sequence[SiteLook] = ()) -> list[NetworkRow]:
    """A row for each factory, without its ribbon; two queries for all of them. `looks`: the dearest first."""
    places = {look.factory_id: place for place, look in enumerate(looks)}
    so_far = totals.so_far_today(factories, now)
    devices: dict[int, list[Any]] = {}
    for assignment in of_record_at(factories, now):
        devices.setdefault(assignment.factory_id, []).append(assignment.device)
    rows = []
    for factory in factories:
        of_site = devices.get(factory.pk, [])
        states = [state_of(device, now) for device in of_site] or [DeviceState.NO_DEVICE]
        state = min(states, key=_EXCEPTION_ORDER.index)
        part = totals.total(so_far[factory.pk])
        heard = [device.last_heartbeat for device in of_site if device.last_heartbeat]
        rows.append(
            NetworkRow(
                factory_id=factory.pk,
                name=factory.name,
                url=reverse("factory", args=[factory.pk]),
                county=factory.county,
                time_zone=factory.time_zone,
                state=state,
                state_word=state_word(state),
                last_reading_at=max(heard, default=None),
                interval_s=max((device.interval_s for device in of_site), default=5.0),
                co2_today_kg=part.measured_kg if part and part.covered_ms else None,
                interval=totals.uncertain(so_far[factory.pk], [factory]),
                is_lower_bound=part is not None and part.is_lower_bound,
                coverage_pct=part.coverage_pct if part else None,
                devices_online=sum(is_online(device, now) for device in of_site),
                devices_total=len(of_site),
                why_unusable=why_unusable(state, part),
                identity=so_far_identity(factory, now),
                look=looks[places[factory.pk]] if factory.pk in places else None,
                look_place=places.get(factory.pk, NO_LOOK),
            )
        )
    return rows


def so_far_identity(factory: Factory, now: datetime) -> str:
    """Of what its chimneys measured since the factory day began, the running hour included."""
    end = local_hour_start(now, factory.zone) + ONE_HOUR
    return identity.hours("stack", factory.pk, running_day(factory, now).starts_at, end, "measured_kg")


def filtered(rows: Sequence[NetworkRow], query: str, state: str) -> list[NetworkRow]:
    wanted = query.casefold()
    return [
        row
        for row in rows
        if (not wanted or wanted in f"{row.name} {row.county}".casefold()) and (not state or row.state == state)
    ]


def _seconds_ago(row: NetworkRow, now: datetime) -> float:
    return (now - row.last_reading_at).total_seconds() if row.last_reading_at else 0.0


def ordered(rows: Sequence[NetworkRow], sort: str, now: datetime) -> list[NetworkRow]:
    """Sorted; rows without the figure come last, whatever the order."""
    keys: dict[str, Callable[[NetworkRow], Any]] = {
        "exception": lambda row: (row.look_place, _EXCEPTION_ORDER.index(row.state), row.county, row.name),
        "name": lambda row: row.name,
        "county": lambda row: (row.county, row.name),
        "co2": lambda row: (row.co2_today_kg is None, -(row.co2_today_kg or 0), row.name),
        "coverage": lambda row: (row.coverage_pct is None, row.coverage_pct or 0, row.name),
        "last": lambda row: (row.last_reading_at is None, _seconds_ago(row, now), row.name),
    }
    return sorted(rows, key=keys[sort])


def with_ribbons(rows: Sequence[NetworkRow], factories: Sequence[Factory], now: datetime) -> list[NetworkRow]:
    """The rows of one page with the last 24 hours of each factory, all on one scale."""
    shown = {row.factory_id for row in rows}
    by_pk = {factory.pk: factory for factory in factories if factory.pk in shown}
    hours = totals.hours_of_record(list(by_pk.values()), now)
    of_factory = _by_factory(hours, list(by_pk.values()))
    scale = shared_scale_kg_per_h(of_factory)
    drawn = []
    for row in rows:
        ribbon = None
        if row.state not in (DeviceState.NO_DEVICE, DeviceState.NEVER):
            zone = by_pk[row.factory_id].zone
            ribbon = day_ribbon(of_factory.get(row.factory_id, []), zone, now, scale)
        drawn.append(replace(row, fire_log=ribbon))
    return drawn


def _by_factory(
    hours: dict[int, list[totals.ChimneyHour]], factories: Sequence[Factory]
) -> dict[int, list[totals.ChimneyHour]]:
    """Chimneys of one factory summed hour by hour: mass adds up, and so does the time covered."""
    chimneys = dict(Assignment.objects.filter(factory__in=factories).values_list("chimney_id", "factory_id").distinct())
    summed: dict[int, dict[datetime, list[totals.ChimneyHour]]] = {}
    for chimney_id, of_chimney in hours.items():
        for hour in of_chimney:
            summed.setdefault(chimneys[chimney_id], {}).setdefault(hour.period_start, []).append(hour)
    return {
        factory_id: [totals.sum_hours(parts) for _start, parts in sorted(starts.items())]
        for factory_id, starts in summed.items()
    }


def network_page(
    rows: list[NetworkRow],
    shown: list[NetworkRow],
    organisation: Organisation | None,
    parameters: dict[str, str],
    factories: Sequence[Factory],
    now: datetime,
) -> NetworkPage:
    """The page around `shown`; the three figures at the top are of the whole organisation, whatever the filter."""
    sites = [factory for factory in factories if organisation and factory.organisation_id == organisation.pk]
    own_ids = {factory.pk for factory in sites}
    rows = [row for row in rows if row.factory_id in own_ids]
    with_data = [row for row in rows if row.co2_today_kg is not None]
    parts = [part for of_site in totals.so_far_today(sites, now).values() for part in of_site]
    total = totals.total(parts)
    return NetworkPage(
        organisation_name=organisation.name if organisation else "",
        rows=shown,
        online_count=sum(row.devices_online for row in rows),
        sensors_total=sum(row.devices_total for row in rows),
        total_count=len(rows),
        co2_today_kg=sum(row.co2_today_kg or 0 for row in with_data) if with_data else None,
        interval=totals.uncertain(parts, sites),
        is_lower_bound=any(row.is_lower_bound for row in with_data),
        coverage_pct=total.coverage_pct if total else None,
        factories_with_data=len(with_data),
        today_label=today_label(sites[0], now) if sites else _("today"),
        settling_sentence=_settling_sentence(sites, now) if with_data else "",
        query=parameters["q"],
        state_filter=parameters["state"],
        sort=parameters["sort"],
    )


def _settling_sentence(sites: Sequence[Factory], now: datetime) -> str:
    days = [(factory, running_day(factory, now)) for factory in sites]
    periods = [SitePeriod(f.pk, day.starts_at, day.ends_at) for f, day in days]
    return settling_sentence(periods, sites[0].time_zone, now)
