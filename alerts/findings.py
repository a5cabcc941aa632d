"""What is so at sites now, other than what is measured minute by minute: silent sensors, missing logs, open holds.

A finder of a kind yields what it finds at the factories asked for, since when. Whether an alarm opens is decided in
`evaluate.py`. Reads only.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max
from django.db.models.fields.json import KeyTextTransform

from alerts.choices import AlertKind
from alerts.kinds import KINDS
from alerts.models import AlertRule
from alerts.rules import SiteRules
from compliance import queries
from compliance.fire import GOOD_LOSS, firewoods, what_fires_tell, wood_sites
from compliance.schedule import still_missing
from compliance.targets import verdicts_of
from devices.models import Calibration, MCUDevice
from devices.queries import SILENT_AFTER, in_force_at, waiting_holds
from emissions.settling import SitePeriod
from factories.days import factory_day, last_day_over_everywhere, local_hour_start
from factories.models import Factory
from mqtt_ingest.choices import MessageKind
from mqtt_ingest.models import DeviceMessage
from science.balance import shape
from science.intensity import STACK_FUEL_BAND

MISSED_INTERVALS = 3
BALANCE_DAYS = 14  # how far back days with a stack and a fuel figure are looked for


@dataclass(frozen=True, slots=True)
class Finding:
    factory: Factory
    began_at: datetime
    device_id: int | None = None
    chimney_id: int | None = None
    detail: str = ""
    value: float | None = None
    limit: float | None = None
    params: dict[str, Any] = field(default_factory=dict)
    is_of_window: bool = False  # it is looked for in the last hours only, and may have begun before


Finder = Callable[[Sequence[Factory], SiteRules, datetime], Iterable[Finding]]


def _limit(rule: AlertRule | None, kind: AlertKind) -> float:
    limit = rule.limit if rule is not None and rule.limit is not None else KINDS[kind].limit
    assert limit is not None
    return limit


def _watched_devices(factories: Sequence[Factory], now: datetime) -> Iterator[tuple[Factory, MCUDevice, int]]:
    """The devices in chimneys, of record or beside it."""
    by_pk = {factory.pk: factory for factory in factories}
    mounted = in_force_at(now).filter(factory__in=list(by_pk), device__revoked_at=None).select_related("device")
    for assignment in mounted:
        yield by_pk[assignment.factory_id], assignment.device, assignment.chimney_id


def silent_sensors(factories: Sequence[Factory], rules: SiteRules, now: datetime) -> Iterator[Finding]:
    """Devices that were heard before. Silence begins with the last message, or with the last will after it."""
    for factory, device, chimney_id in _watched_devices(factories, now):
        heard = device.last_heartbeat
        if heard is None:
            continue
        gone = device.reported_online is False and device.last_will_at is not None and device.last_will_at >= heard
        patience = timedelta() if gone else max(SILENT_AFTER, timedelta(seconds=MISSED_INTERVALS * device.interval_s))
        if gone or now - heard > patience:
            yield Finding(factory, heard, device.pk, chimney_id, params={"device": device.device_id})


def device_alerts(factories: Sequence[Factory], rules: SiteRules, now: datetime) -> Iterator[Finding]:
    """The newest alert of each device and kind, until it is older than the hours of the rule."""
    by_pk = {factory.pk: factory for factory in factories}
    longest = max((_limit(rules.of(factory), AlertKind.DEVICE_ALERT) for factory in factories), default=0.0)
    newest = (
        DeviceMessage.objects.filter(
            device__factory__in=list(by_pk), kind=MessageKind.ALERT, received_at__gte=now - timedelta(hours=longest)
        )
        .annotate(alert=KeyTextTransform("kind", "payload"))
        .order_by("device_id", "alert", "-received_at")
        .distinct("device_id", "alert")
        .select_related("device")
    )
    for message in newest:
        factory = by_pk[message.device.factory_id]
        hours = _limit(rules.of(factory), AlertKind.DEVICE_ALERT)
        if now - message.received_at < timedelta(hours=hours):
            payload, code = message.payload, str(message.payload.get("kind", ""))[:24]
            yield Finding(
                factory,
                message.received_at,
                message.device_id,
                detail=code,
                value=_number(payload.get("value")),
                limit=_number(payload.get("limit")),
                params={"device": message.device.device_id, "code": code},
            )


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def open_holds(factories: Sequence[Factory], rules: SiteRules, now: datetime) -> Iterator[Finding]:
    """The oldest hold of each device that waits for a decision."""
    by_pk = {factory.pk: factory for factory in factories}
    holds = waiting_holds().filter(assignment__factory__in=list(by_pk)).select_related("assignment__device")
    for hold in holds.order_by("assignment__device_id", "opened_at").distinct("assignment__device_id"):
        mounted = hold.assignment
        words = {"field": hold.field, "registered": hold.registered, "reported": hold.reported, "hold": hold.kind}
        yield Finding(
            by_pk[mounted.factory_id],
            hold.opened_at,
            mounted.device_id,
            mounted.chimney_id,
            params={"device": mounted.device.device_id, **words},
        )


def ending_calibrations(factories: Sequence[Factory], rules: SiteRules, now: datetime) -> Iterator[Finding]:
    """Devices whose newest end of validity is nearer than the days of the rule, or past. Value: days that are left."""
    devices = {device.pk: (factory, device, chimney) for factory, device, chimney in _watched_devices(factories, now)}
    ends = Calibration.objects.filter(device__in=list(devices), valid_until__isnull=False).values("device_id")
    for row in ends.annotate(end=Max("valid_until")).order_by("device_id"):
        factory, device, chimney_id = devices[row["device_id"]]
        days = _limit(rules.of(factory), AlertKind.CALIBRATION_ENDING)
        began_at = row["end"] - timedelta(days=days)
        if now >= began_at:
            left = (row["end"] - now) / timedelta(days=1)
            params = {"device": device.device_id, "valid_until": row["end"].isoformat()}
            yield Finding(factory, began_at, device.pk, chimney_id, value=round(left, 1), limit=days, params=params)


def missing_logs(factories: Sequence[Factory], rules: SiteRules, now: datetime) -> Iterator[Finding]:
    """Sites whose log lacks something of a day whose deadline has passed; a bill that is not due is awaited."""
    by_pk = {factory.pk: factory for factory in factories}
    for factory_id, days in still_missing(factories, now).items():
        last = days[-1]
        items = sorted({str(item) for day in days for item in day.missing})
        params = {"days": [day.day.isoformat() for day in days], "items": items}
        due_at = last.starts_at + timedelta(days=2)  # the end of the next factory day
        yield Finding(by_pk[factory_id], due_at, value=float(len(days)), params=params)


def stack_against_fuel(factories: Sequence[Factory], rules: SiteRules, now: datetime) -> Iterator[Finding]:
    """Sites whose last known days are all on one side of the band, for as many days as the rule's duration has."""
    if not factories:
        return
    last = last_day_over_everywhere(factories, now)
    by_site: dict[int, list[queries.Sums]] = {}
    first = last - timedelta(days=BALANCE_DAYS - 1)
    for sums in queries.series([factory.pk for factory in factories], first, last, by="day", now=now):
        if sums.balance_stack_kg is not None and sums.balance_fuel_kg:
            by_site.setdefault(sums.factory_id, []).append(sums)
    found = []
    for factory in factories:
        rule = rules.of(factory)
        width = _limit(rule, AlertKind.STACK_AGAINST_FUEL)
        if finding := _out_of_band(factory, by_site.get(factory.pk, []), width, rule):
            found.append(finding)
    yield from _in_wood(found, now)


def _in_wood(found: Sequence[Finding], now: datetime) -> Iterator[Finding]:
    """With the difference in stacked m3, where nothing but firewood burns under the measured chimneys."""
    factories = [finding.factory for finding in found]
    of_wood = wood_sites(factories)
    woods = firewoods([factory for factory in factories if factory.pk in of_wood], now)
    for finding in found:
        wood = woods.get(finding.factory.pk)
        if wood is not None and wood.kg_per_stere is not None:
            difference_kg = abs(finding.params["stack_kg"] - finding.params["fuel_kg"])
            finding.params["m3"] = round(difference_kg / float(wood.co2_kg_per_unit("stere")), 1)
        yield finding


def _out_of_band(factory: Factory, days: list[queries.Sums], width: float, rule: AlertRule | None) -> Finding | None:
    needed = max(1, round((rule.duration_s if rule else 0) / 86_400))
    ratios = [(day, float((day.balance_stack_kg or 0) / (day.balance_fuel_kg or 1))) for day in days]
    run: list[queries.Sums] = []
    side = 0
    for day, ratio in reversed(ratios):
        here = 1 if ratio > 1 + width else -1 if ratio < 1 - width else 0
        if not here or (side and here != side):
            break
        side = here
        run.insert(0, day)
    if len(run) < needed or run[0].bucket is None or run[-1].bucket is None:
        return None
    stack = sum(float(day.balance_stack_kg or 0) for day in run)
    fuel = sum(float(day.balance_fuel_kg or 0) for day in run)
    params = {
        "first_day": run[0].bucket.isoformat(),
        "last_day": run[-1].bucket.isoformat(),
        "days": len(run),
        "stack_kg": round(stack, 3),
        "fuel_kg": round(fuel, 3),
        "shape": str(shape([ratio for _day, ratio in ratios])),
    }
    began_at = factory_day(factory, run[0].bucket).starts_at
    return Finding(factory, began_at, value=round(stack / fuel, 4), limit=1 + side * width, params=params)


def low_efficiency(factories: Sequence[Factory], rules: SiteRules, now: datetime) -> Iterator[Finding]:
    """Sites whose wood fires lost more of their heat than the limit [%], over the last whole hours of the rule."""
    by_pk = {factory.pk: factory for factory in factories}
    periods = []
    for pk, factory in by_pk.items():
        rule, end = rules.of(factory), local_hour_start(now, factory.zone)
        periods.append(SitePeriod(pk, end - timedelta(hours=max(1, (rule.duration_s if rule else 0) // 3600)), end))
    for period, told in zip(periods, what_fires_tell(factories, periods, now), strict=True):
        if told is None:
            continue
        factory = by_pk[period.factory_id]
        limit, loss_pct = _limit(rules.of(factory), AlertKind.EFFICIENCY_LOW), 100 * told.loss.total
        if loss_pct > limit:
            hours = round((period.end - period.start) / timedelta(hours=1))
            params = {"hours": hours, "good_pct": round(100 * GOOD_LOSS, 1), "remedy": str(told.remedy)}
            value = round(loss_pct, 1)
            yield Finding(factory, period.start, value=value, limit=limit, params=params, is_of_window=True)


def targets_at_risk(factories: Sequence[Factory], rules: SiteRules, now: datetime) -> Iterator[Finding]:
    """Sites whose last twelve months are above the line of their target. Not enough data is no verdict."""
    by_pk = {factory.pk: factory for factory in factories}
    for factory_id, verdict in verdicts_of(factories, now).items():
        if verdict.met is False and verdict.actual is not None:
            factory = by_pk[factory_id]
            month = now.astimezone(factory.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
            yield Finding(
                factory,
                month,  # closed by a person, it comes back next month
                value=float(verdict.actual),
                limit=float(verdict.expected),
                params={"target": verdict.target.pk, "unit": verdict.target.unit},
            )


assert STACK_FUEL_BAND == (0.75, 1.25)  # the usual limit of the kind
# What each round looks at, and what is looked at every five minutes: it changes with entries and days.
OFTEN: dict[AlertKind, Finder] = {
    AlertKind.SENSOR_SILENT: silent_sensors,
    AlertKind.DEVICE_ALERT: device_alerts,
    AlertKind.HOLD_OPEN: open_holds,
}
SELDOM: dict[AlertKind, Finder] = {
    AlertKind.CALIBRATION_ENDING: ending_calibrations,
    AlertKind.LOG_MISSING: missing_logs,
    AlertKind.STACK_AGAINST_FUEL: stack_against_fuel,
    AlertKind.EFFICIENCY_LOW: low_efficiency,
    AlertKind.TARGET_AT_RISK: targets_at_risk,
}
