"""What is so at sites now, other than what is measured minute by minute: silent sensors, missing logs, open holds.

A finder of a kind yields what it finds at the factories asked for, since when. Whether an alarm opens is decided in
`evaluate.py`. Reads only.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import prefetch_related_objects
from django.db.models.fields.json import KeyTextTransform

from alerts.choices import AlertKind
from alerts.kinds import DAY_S, HOUR_S, KINDS
from alerts.rules import WatchedSite
from compliance.balance import balances
from compliance.balance_words import departure_params
from compliance.fire import GOOD_LOSS, what_fires_tell
from compliance.reports.queries import due_reports
from compliance.schedule import still_missing
from compliance.targets import verdicts_of
from devices.calibrations import valid_until
from devices.models import MCUDevice
from devices.queries import SILENT_AFTER, in_force_at, waiting_holds
from emissions.settling import SitePeriod
from factories.days import factory_day, local_hour_start
from factories.models import Factory, Organisation
from mqtt_ingest.choices import MessageKind
from mqtt_ingest.models import DeviceMessage
from science.balance import START_WIDTH

MISSED_INTERVALS = 3


@dataclass(frozen=True, slots=True)
class Finding:
    site: WatchedSite
    began_at: datetime
    device_id: int | None = None
    chimney_id: int | None = None
    detail: str = ""
    value: float | None = None
    limit: float | None = None
    params: dict[str, Any] = field(default_factory=dict)
    is_of_window: bool = False  # it is looked for in the last hours only, and may have begun before


Sites = Mapping[int, WatchedSite]
Finder = Callable[[Sites, datetime], Iterable[Finding]]


def _factories(sites: Sites) -> list[Factory]:
    return [site.factory for site in sites.values()]


def _watched_devices(sites: Sites, now: datetime) -> Iterator[tuple[WatchedSite, MCUDevice, int]]:
    """The devices in chimneys, of record or beside it."""
    mounted = in_force_at(now).filter(factory__in=list(sites), device__revoked_at=None).select_related("device")
    for assignment in mounted:
        yield sites[assignment.factory_id], assignment.device, assignment.chimney_id


def silent_sensors(sites: Sites, now: datetime) -> Iterator[Finding]:
    """Devices that were heard before. Silence begins with the last message, or with the last will after it."""
    for site, device, chimney_id in _watched_devices(sites, now):
        heard = device.last_heartbeat
        if heard is None:
            continue
        gone = device.reported_online is False and device.last_will_at is not None and device.last_will_at >= heard
        patience = timedelta() if gone else max(SILENT_AFTER, timedelta(seconds=MISSED_INTERVALS * device.interval_s))
        if gone or now - heard > patience:
            yield Finding(site, heard, device.pk, chimney_id, params={"device": device.device_id})


def device_alerts(sites: Sites, now: datetime) -> Iterator[Finding]:
    """The newest alert of each device and kind, until it is older than the hours of the rule."""
    longest = max((site.limit for site in sites.values()), default=0.0)
    since = now - timedelta(hours=longest)
    newest = (
        DeviceMessage.objects.filter(device__factory__in=list(sites), kind=MessageKind.ALERT, received_at__gte=since)
        .annotate(alert=KeyTextTransform("kind", "payload"))
        .order_by("device_id", "alert", "-received_at")
        .distinct("device_id", "alert")
        .select_related("device")
    )
    for message in newest:
        site = sites[message.device.factory_id]
        if now - message.received_at < timedelta(hours=site.limit):
            payload, code = message.payload, str(message.payload.get("kind", ""))[:24]
            value, limit = _number(payload.get("value")), _number(payload.get("limit"))
            params = {"device": message.device.device_id, "code": code}
            at, device_id = message.received_at, message.device_id
            yield Finding(site, at, device_id, detail=code, value=value, limit=limit, params=params)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def open_holds(sites: Sites, now: datetime) -> Iterator[Finding]:
    """The oldest hold of each device that waits for a decision."""
    holds = waiting_holds().filter(assignment__factory__in=list(sites)).select_related("assignment__device")
    for hold in holds.order_by("assignment__device_id", "opened_at").distinct("assignment__device_id"):
        mounted = hold.assignment
        params = {"device": mounted.device.device_id, "hold": hold.kind}
        params |= {"field": hold.field, "registered": hold.registered, "reported": hold.reported}
        site = sites[mounted.factory_id]
        yield Finding(site, hold.opened_at, mounted.device_id, mounted.chimney_id, params=params)


def ending_calibrations(sites: Sites, now: datetime) -> Iterator[Finding]:
    """Devices whose zero or span is valid for fewer days than the rule's, or no more. Value: days that are left."""
    watched = list(_watched_devices(sites, now))
    prefetch_related_objects([device for _site, device, _chimney in watched], "calibrations")
    for site, device, chimney_id in watched:
        ends = valid_until(device.calibrations.all())
        if not ends:
            continue
        part, end = next(iter(ends.items()))  # the earlier one
        began_at = end - timedelta(days=site.limit)
        if now >= began_at:
            left = (end - now) / timedelta(days=1)
            params = {"device": device.device_id, "part": str(part), "valid_until": end.isoformat()}
            yield Finding(site, began_at, device.pk, chimney_id, value=round(left, 1), limit=site.limit, params=params)


def missing_logs(sites: Sites, now: datetime) -> Iterator[Finding]:
    """Sites whose log lacks something of a day whose deadline has passed; a bill that is not due is awaited."""
    for factory_id, days in still_missing(_factories(sites), now).items():
        items = sorted({str(item) for day in days for item in day.missing})
        params = {"days": [day.day.isoformat() for day in days], "items": items}
        due_at = days[-1].starts_at + timedelta(days=2)  # the end of the next factory day
        yield Finding(sites[factory_id], due_at, value=float(len(days)), params=params)


def stack_against_fuel(sites: Sites, now: datetime) -> Iterator[Finding]:
    """Sites whose stack and log differ for at least as many days as the rule's duration has, with the verdict."""
    rules = {pk: (site.limit, max(1, round(site.rule.duration_s / DAY_S))) for pk, site in sites.items()}
    for pk, balance in balances(_factories(sites), now, rules).items():
        site, departure, judged = sites[pk], balance.departure, balance.last.judged
        if departure is not None:
            params = departure_params(site.factory, balance, now)
            began_at = factory_day(site.factory, departure.first_day).starts_at
            limit = judged.high if departure.difference_kg > 0 else judged.low
            yield Finding(site, began_at, value=round(departure.ratio, 4), limit=round(limit, 4), params=params)


def low_efficiency(sites: Sites, now: datetime) -> Iterator[Finding]:
    """Sites whose wood fires lost more of their heat than the limit [%], over the last whole hours of the rule."""
    periods = []
    for pk, site in sites.items():
        hours, end = max(1, site.rule.duration_s // HOUR_S), local_hour_start(now, site.factory.zone)
        periods.append(SitePeriod(pk, end - timedelta(hours=hours), end))
    for period, told in zip(periods, what_fires_tell(_factories(sites), periods, now), strict=True):
        if told is None:
            continue
        site, loss_pct = sites[period.factory_id], 100 * told.loss.total
        if loss_pct > site.limit:
            hours = round((period.end - period.start) / timedelta(hours=1))
            params = {"hours": hours, "good_pct": round(100 * GOOD_LOSS, 1), "remedy": str(told.remedy)}
            value, limit = round(loss_pct, 1), site.limit
            yield Finding(site, period.start, value=value, limit=limit, params=params, is_of_window=True)


def targets_at_risk(sites: Sites, now: datetime) -> Iterator[Finding]:
    """Sites whose last twelve months are above the line of their target. Not enough data is no verdict."""
    for factory_id, verdict in verdicts_of(_factories(sites), now).items():
        if verdict.met is False and verdict.actual is not None:
            local = now.astimezone(sites[factory_id].factory.zone)
            month = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
            params = {"target": verdict.target.pk, "unit": verdict.target.unit}
            value, limit = float(verdict.actual), float(verdict.expected)
            # Closed by a person, it comes back next month.
            yield Finding(sites[factory_id], month, value=value, limit=limit, params=params)


def due_reports_of_sites(sites: Sites, now: datetime) -> Iterator[Finding]:
    """Reports of sites that are not published, from the days of the rule before their due date: once then, once 7 days
    before it, and once on the day before it. A report of the organisation stands at its first site."""
    factories = _factories(sites)
    organisations = Organisation.objects.filter(factories__in=factories).distinct()
    first_site = {one.pk: one.factories.in_use().order_by("pk").first() for one in organisations}
    for due in due_reports(organisations, now.date()):
        at = due.factory or first_site[due.organisation.pk]
        if due.is_done or at is None or at.pk not in sites:
            continue
        site = sites[at.pk]
        due_at = datetime.combine(due.due_on, time(), at.zone)
        left = (due_at - now) / timedelta(days=1)
        days = min((stage for stage in (site.limit, 7, 1) if left <= stage), default=None)
        if days is None:
            continue
        blocker = due.blocker
        params = {
            "scheme": due.scheme.code,
            "place": str(due.factory or due.organisation),
            "due_on": due.due_on.isoformat(),
            "blocker": blocker["sentence"] if blocker else "",
        }
        whole = "" if due.factory else " all"
        began_at, detail = due_at - timedelta(days=days), f"{due.scheme.code[:15]} {days:g}{whole}"
        yield Finding(site, began_at, detail=detail, value=round(left, 1), limit=site.limit, params=params)


assert KINDS[AlertKind.STACK_AGAINST_FUEL].limit == START_WIDTH
# What each round looks at, and what is looked at every five minutes: it changes with entries and days.
OFTEN: dict[str, Finder] = {
    AlertKind.SENSOR_SILENT: silent_sensors,
    AlertKind.DEVICE_ALERT: device_alerts,
    AlertKind.HOLD_OPEN: open_holds,
}
SELDOM: dict[str, Finder] = {
    AlertKind.CALIBRATION_ENDING: ending_calibrations,
    AlertKind.LOG_MISSING: missing_logs,
    AlertKind.STACK_AGAINST_FUEL: stack_against_fuel,
    AlertKind.EFFICIENCY_LOW: low_efficiency,
    AlertKind.TARGET_AT_RISK: targets_at_risk,
    AlertKind.REPORT_DUE: due_reports_of_sites,
}
