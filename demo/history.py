"""Fills the time before the live fleet: readings of the last thirteen months, and what was logged in them.

All data takes the normal way: readings through the `store` of ingest as hourly means, roll-ups by `roll_up_touched`,
entries like an import, site days by `refresh`. Stored data stays; data missing after a pause or a kill is added. Two
processes may share the work (`Share`); `filling.py` starts them.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from compliance import site_days
from demo import cast, fleet_files, goals, hour_means, ledger, mines, people, simulator
from demo.bookkeeping import Bookkeeper
from demo.cast import Behaviour, PlannedDevice
from demo.works import DAY_S, HISTORY_DAYS, LOCAL_OFFSET_S
from devices.models import Assignment, MCUDevice
from emissions.derive import milliseconds
from emissions.models import STREAM_OFFSET
from emissions.queries import latest_readings
from emissions.rollups import roll_up_touched, touch_changed_setups
from factories.days import running_day
from factories.models import Factory, Organisation
from mqtt_ingest.identify import Arrival, DeviceRef
from mqtt_ingest.messages import ParsedMessage, Reading
from mqtt_ingest.receive import Received
from mqtt_ingest.store import store
from mqtt_ingest.topics import Kind, format_topic

HOUR_MS = 3_600_000
# The live fleet simulates this much itself, with every reading of 5 s.
LIVE_FILL = timedelta(hours=2)
# The fleet fills shorter gaps itself, because it continues where it stopped.
SHORTEST_GAP_MS = 10 * 60 * 1000
READINGS_AT_ONCE = 2_500
NEVER_CUT_MS = 12 * HOUR_MS  # no power cuts in the last hours: the fleet joins there
DAYS_A_MONTH = 30.44
LOGGED_LATE_DAYS = 3  # a forgotten day is logged by then
LEDGER_SPEED = 6.0  # readings of a period take so many times as long to store as its log entries


@dataclass(frozen=True, slots=True)
class Share:
    """The part of the work for one process: every `of`-th site."""

    number: int = 0
    of: int = 1


@dataclass(frozen=True, slots=True)
class Times:
    """Local days since 1970: the day of the first start, from which stories count, and the first day of the history."""

    anchor_day: int
    first_day: int

    @property
    def begins_at(self) -> datetime:
        return ledger.day_start(self.first_day)


@dataclass(frozen=True, slots=True)
class Gap:
    """The missing time of one device: after `start_ms`, up to `end_ms`."""

    planned: PlannedDevice
    device_pk: int
    start_ms: int
    end_ms: int

    @property
    def hours(self) -> float:
        return (self.end_ms - self.start_ms) / HOUR_MS


Report = Callable[[float], object]


# --- What is to do -----------------------------------------------------------------------------
def times() -> Times:
    began = Organisation.objects.get(name=people.ORGANISATION_NAME).created_at
    anchor_day = int((began.timestamp() + LOCAL_OFFSET_S) // DAY_S)
    days = min(HISTORY_DAYS, round(settings.DEMO_HISTORY_MONTHS * DAYS_A_MONTH))
    return Times(anchor_day, anchor_day - days)


def site_names() -> list[str]:
    """The sites with a history: those of the fleet (the whole fleet also has a site without a device) and the mines."""
    if not settings.DEMO_HISTORY_MONTHS:
        return []
    planned = cast.fleet(settings.DEMO_FLEET)
    names = list(dict.fromkeys(plan.factory_name for plan in planned))
    if len(planned) == len(cast.devices()):
        names.append(cast.WITHOUT_DEVICE)
    return [*names, *(mine.name for mine in mines.MINES)]


def gaps(names: Sequence[str], now: datetime) -> list[Gap]:
    """The missing readings of each device at these sites."""
    planned = {p.device_id: p for p in cast.fleet(settings.DEMO_FLEET) if p.factory_name in set(names)}
    devices = {device.device_id: device for device in MCUDevice.objects.filter(device_id__in=planned)}
    latest = {r.row.device_id: r.row.t_ms for r in latest_readings([d.pk for d in devices.values()])}
    begins_ms, until_ms = milliseconds(times().begins_at), milliseconds(now - LIVE_FILL)
    missing = []
    for device_id, plan in planned.items():
        device = devices.get(device_id)
        if device is None or plan.behaviour is Behaviour.NEVER_REPORTED:
            continue
        end_ms = until_ms
        if plan.behaviour is Behaviour.SILENT and device.last_heartbeat is not None:
            end_ms = min(end_ms, milliseconds(device.last_heartbeat))
        gap = Gap(plan, device.pk, latest.get(device.pk, begins_ms), end_ms)
        if gap.end_ms - gap.start_ms >= SHORTEST_GAP_MS:
            missing.append(gap)
    return missing


def prepare() -> None:
    """Devices with a history count from where it begins. One process does this before any share starts."""
    begins_at = times().begins_at
    ids = [p.device_id for p in cast.fleet(settings.DEMO_FLEET) if p.behaviour is not Behaviour.NEVER_REPORTED]
    firsts = Assignment.objects.filter(device__device_id__in=ids).order_by("device_id", "valid_from")
    for assignment in firsts.distinct("device_id"):
        if assignment.valid_from is None or assignment.valid_from > begins_at:
            assignment.valid_from, assignment.waits_since = begins_at, None
            assignment.save(update_fields=["valid_from", "waits_since"])
    touch_changed_setups()


# --- Doing it ----------------------------------------------------------------------------------
def fill(share: Share, now: datetime, report: Report = lambda _done: None) -> None:
    """Do one share of what is missing; `report` gets the part done, 0 to 1. It can be interrupted at any moment."""
    names = site_names()[share.number :: share.of]
    if not names:
        return
    span = times()
    missing = gaps(names, now)
    ledger_hours = 24 * (span.anchor_day - span.first_day) / LEDGER_SPEED
    whole = sum(gap.hours for gap in missing) + len(names) * ledger_hours
    done = 0.0
    for gap in missing:
        fill_readings(gap, span.anchor_day)
        done += gap.hours
        report(done / whole)
    # What an earlier run stored without rolling it up.
    planned = [plan.device_id for plan in cast.fleet(settings.DEMO_FLEET) if plan.factory_name in set(names)]
    _roll_up(list(MCUDevice.objects.filter(device_id__in=planned).values_list("pk", flat=True)))
    bookkeeper = Bookkeeper(now)
    factory_ids = []
    for name in names:
        factory_ids.append(_fill_ledger(bookkeeper, name, now, span))
        done += ledger_hours
        report(min(0.99, done / whole))
    for factory_id in factory_ids:
        site_days.refresh([factory_id])
    report(1.0)


def fill_readings(gap: Gap, anchor_day: int) -> None:
    """Store the means of a gap, oldest first, and roll them up."""
    stream = zlib.crc32(f"{gap.planned.device_id} {gap.start_ms}".encode())
    readings = _readings(gap, anchor_day)
    while chunk := list(islice(readings, READINGS_AT_ONCE)):
        _store(gap, stream, chunk)
    _roll_up([gap.device_pk])


def _readings(gap: Gap, anchor_day: int) -> Iterator[Reading]:
    profile = simulator.profile_of(gap.planned, anchor_day)
    start_ms, seq = gap.start_ms, 0
    while start_ms < gap.end_ms:
        end_ms = min(gap.end_ms, start_ms - start_ms % HOUR_MS + HOUR_MS)
        may_be_cut = end_ms < gap.end_ms - NEVER_CUT_MS
        mean = hour_means.mean_over(profile, start_ms, end_ms, seq_from=seq + 1, may_be_cut=may_be_cut)
        if mean is not None:
            seq = mean.seq
            yield mean
        start_ms = end_ms


def _store(gap: Gap, stream: int, readings: Sequence[Reading]) -> None:
    """They are stored as if the device had kept them and sent them now; they are not a heartbeat."""
    device_id = gap.planned.device_id
    received = Received(format_topic(device_id, Kind.READINGS), b"", milliseconds(timezone.now()), is_live=False)
    parsed = ParsedMessage(
        Kind.READINGS, device_id, stream=stream, interval_s=float(hour_means.INTERVAL_S), readings=tuple(readings)
    )
    store([Arrival(received, parsed, DeviceRef(gap.device_pk, is_revoked=False))])


def _roll_up(device_pks: Sequence[int]) -> None:
    while roll_up_touched(only=device_pks):
        pass


def _fill_ledger(bookkeeper: Bookkeeper, name: str, now: datetime, span: Times) -> int:
    """Write down what a site logged; returns its key."""
    factory, since = _factory(name), None
    last_day, filled_day = _last_day(factory, now), fleet_files.load_logged(settings.DATA_DIR).get(name)
    if filled_day is not None:
        if filled_day >= last_day:
            return factory.pk
        since = ledger.day_start(filled_day - LOGGED_LATE_DAYS)
    if factory.organisation.name == mines.ORGANISATION_NAME:
        site_ledger = mines.mine_ledger(mines.planned(name), first_day=span.first_day, last_day=last_day)
    else:
        site_ledger = ledger.tea_ledger(name, first_day=span.first_day, last_day=last_day, anchor_day=span.anchor_day)
    managers = User.objects.filter(memberships__factory=factory, memberships__role=Role.FACTORY_MANAGER)
    bookkeeper.write(factory, managers.order_by("pk").first(), site_ledger, since=since)
    goals.set_goal(factory, span.anchor_day)
    return factory.pk


def _factory(name: str) -> Factory:
    return Factory.objects.select_related("organisation").get(
        name=name, organisation__name__in=[people.ORGANISATION_NAME, mines.ORGANISATION_NAME]
    )


def _last_day(factory: Factory, now: datetime) -> int:
    """The factory day that has just ended, if there is one."""
    running = running_day(factory, now).day
    return ledger.day_number(running) - 1


# --- Handing over to the fleet -----------------------------------------------------------------
def hand_over(now: datetime) -> None:
    """Record what is filled, and tell the fleet where each device's readings end, so that it continues there."""
    planned = [plan.device_id for plan in cast.fleet(settings.DEMO_FLEET)]
    devices = dict(MCUDevice.objects.filter(device_id__in=planned).values_list("pk", "device_id"))
    progress = fleet_files.load_progress(settings.DATA_DIR)
    for latest in latest_readings(list(devices)):
        row = latest.row
        device_id = devices[row.device_id]
        known = progress.get(device_id)
        if known is None or known.t_ms < row.t_ms:
            progress[device_id] = fleet_files.Progress(row.t_ms, row.stream + STREAM_OFFSET, row.seq)
    fleet_files.save_progress(settings.DATA_DIR, progress)
    logged = fleet_files.load_logged(settings.DATA_DIR)
    logged |= {name: _last_day(_factory(name), now) for name in site_names()}
    fleet_files.save_history(settings.DATA_DIR, times().anchor_day, logged)
