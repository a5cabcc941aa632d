"""A round of evaluation: reads what was measured and found, asks `evaluate.py`, and stores what follows.

One transaction under one lock: two workers never do the same round, and one that is killed leaves either nothing or an
alarm with its event, so opening is idempotent and no notice is lost. `AlertEvent` rows of one round share a `batch`.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from alerts.choices import AlertAct, AlertKind, AlertState
from alerts.evaluate import (
    REOPENS_WITHIN,
    Live,
    Passage,
    Point,
    Step,
    Threshold,
    hour_matters,
    opens_again,
    passage,
    step_of_fact,
    step_of_passage,
)
from alerts.findings import OFTEN, SELDOM, Finder, Finding
from alerts.kinds import KINDS, LONGEST_MEASURED_S, MEASURED
from alerts.models import Alert, AlertEvent
from alerts.rules import SiteRules, ensure_usual_rules, is_watched, rules_by_kind
from alerts.services import store_events
from devices.models import MCUDevice
from factories.models import Factory
from lib import sql
from mqtt_ingest.silence import silence_of

_OFTEN, _SELDOM = 0x414C4552, 0x414C4553  # advisory locks: one round of each sort at a time; they share no kind
SHORTEST_GAIN = 0.01  # a value is stored again when it is further from the limit by this share


class Subject(NamedTuple):
    """What tells open alarms of one kind apart, as the constraint of the table does."""

    factory_id: int | None
    device_id: int | None
    chimney_id: int | None
    detail: str = ""


@dataclass(slots=True)
class Round:
    """What one round does, collected and stored at its end."""

    now: datetime
    batch: uuid.UUID = field(default_factory=uuid.uuid4)
    opened: list[Alert] = field(default_factory=list)
    reopened: list[Alert] = field(default_factory=list)
    changed: list[Alert] = field(default_factory=list)
    closed: list[Alert] = field(default_factory=list)

    def open(self, alert: Alert, recent: Alert | None) -> None:
        """A new alarm, or the one that closed by itself a moment ago."""
        if recent is not None and recent.closed_at and opens_again(recent.closed_at, alert.began_at):
            recent.state = AlertState.ACKNOWLEDGED if recent.acknowledged_at else AlertState.OPEN
            if recent.snoozed_until is not None and recent.snoozed_until > self.now:
                recent.state = AlertState.SNOOZED  # it was put off, and flapping does not bring it back
            recent.closed_at = recent.cleared_at = None
            recent.reopened_count += 1
            self.reopened.append(recent)
        else:
            self.opened.append(alert)

    def close(self, alert: Alert) -> None:
        alert.state, alert.closed_at, alert.cleared_at = AlertState.CLOSED, self.now, alert.cleared_at or self.now
        self.closed.append(alert)

    def clear(self, alert: Alert) -> None:
        alert.cleared_at = alert.cleared_at or self.now
        self.changed.append(alert)

    def seen(self, alert: Alert, value: float | None, params: Mapping[str, Any] | None = None) -> None:
        """It is still so: keep the value furthest from the limit, and the newest facts."""
        before = alert.value
        is_gain = value is not None and (before is None or abs(value - before) > SHORTEST_GAIN * abs(before))
        newest = alert.params | dict(params or {})
        if is_gain or alert.cleared_at is not None or newest != alert.params:
            alert.value = value if value is not None else before
            alert.cleared_at, alert.params = None, newest
            self.changed.append(alert)

    def store(self) -> int:
        Alert.objects.bulk_create(self.opened)
        fields = ["state", "closed_at", "cleared_at", "reopened_count", "value", "params", "changed_at"]
        touched = [*self.reopened, *self.changed, *self.closed]
        for alert in touched:
            alert.changed_at = self.now
        Alert.objects.bulk_update(touched, fields)
        acts = ((AlertAct.OPENED, self.opened), (AlertAct.REOPENED, self.reopened), (AlertAct.CLOSED, self.closed))
        store_events(
            AlertEvent(alert=alert, at=self.now, act=act, batch=self.batch) for act, alerts in acts for alert in alerts
        )
        return sum(len(alerts) for _act, alerts in acts)


@dataclass(frozen=True, slots=True)
class _Before:
    """The alarms of some kinds from before this round, by kind and subject."""

    still: Mapping[tuple[str, Subject], Alert]  # open, or closed by a person while it was so
    recent: Mapping[tuple[str, Subject], Alert]  # closed by themselves: may open again


def _before(kinds: Iterable[str], now: datetime) -> _Before:
    by_person = Q(cleared_at__isnull=True)
    # What began within the time of reopening opens only when the duration of its rule has passed as well.
    closed_after = now - REOPENS_WITHIN - timedelta(seconds=LONGEST_MEASURED_S)
    wanted = Q(closed_at__isnull=True) | by_person | Q(closed_by__isnull=True, closed_at__gt=closed_after)
    still: dict[tuple[str, Subject], Alert] = {}
    recent: dict[tuple[str, Subject], Alert] = {}
    # Locked: a person may acknowledge or close one of them at this moment.
    rows = Alert.objects.filter(wanted, kind__in=list(kinds)).order_by("opened_at", "pk").select_for_update()
    for alert in rows:
        key = (alert.kind, Subject(alert.factory_id, alert.device_id, alert.chimney_id, alert.detail))
        if alert.closed_at is None or alert.cleared_at is None:
            still[key] = alert
        else:
            recent[key] = alert
    return _Before(still, recent)


def _live(alert: Alert | None) -> Live | None:
    return None if alert is None else Live(alert.closed_at is None, alert.closed_at, alert.cleared_at)


# --- A round --------------------------------------------------------------------------------------
def evaluate(now: datetime | None = None) -> int:
    """Measured kinds, silence, holds and device's own alerts; how many alarms were opened or closed."""

    def work(each: Round) -> None:
        _measured(each)
        _found(each, OFTEN)

    return _round(_OFTEN, now, work)


def evaluate_seldom(now: datetime | None = None) -> int:
    """Kinds that change with entries and days."""
    return _round(_SELDOM, now, lambda each: _found(each, SELDOM))


def _round(lock: int, now: datetime | None, work: Callable[[Round], object]) -> int:
    ensure_usual_rules()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock])
            if not cursor.fetchone()[0]:
                return 0  # another worker is at it
        each = Round(now or timezone.now())
        work(each)
        return each.store()


# --- Measured, minute by minute -------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Measured:
    """A row of `sql/measured.sql`."""

    device_id: int
    chimney_id: int
    factory_id: int
    organisation_id: int
    rule_id: int
    kind: str
    severity: str
    limit_: float
    hysteresis: float
    duration_s: int
    is_enabled: bool
    from_hour: int | None
    to_hour: int | None
    local_hour: int
    sign: int
    interval_s: float
    starts: list[float] | None
    ends: list[float] | None
    means: list[float | None] | None

    @property
    def points(self) -> list[Point]:
        return [Point(*row) for row in zip(self.starts or (), self.ends or (), self.means or (), strict=True)]

    @property
    def is_watched(self) -> bool:
        return self.is_enabled and hour_matters(self.local_hour, self.from_hour, self.to_hour)


def _measured(each: Round) -> None:
    before = _before(MEASURED, each.now)
    parameters = {
        "now": each.now,
        "kinds": list(MEASURED),
        "quantities": [quantity.column for quantity in MEASURED.values()],
        "signs": [quantity.sign for quantity in MEASURED.values()],
        "firing": [quantity.while_firing for quantity in MEASURED.values()],
    }
    rows = sql.fetch(sql.load("alerts", "measured"), parameters, Measured)
    device_ids = dict(MCUDevice.objects.filter(pk__in={row.device_id for row in rows}).values_list("pk", "device_id"))
    looked_at = set()
    for row in rows:
        key = (row.kind, Subject(row.factory_id, row.device_id, row.chimney_id))
        looked_at.add(key)
        _judge(each, row, before.still.get(key), before.recent.get(key), device_ids[row.device_id])
    _end_unwatched(each, before, looked_at)


def _judge(each: Round, row: Measured, alert: Alert | None, recent: Alert | None, device_id: str) -> None:
    if not row.is_enabled:
        if alert is not None:
            (each.close if alert.is_open else each.clear)(alert)
        return
    threshold = Threshold(row.limit_, row.hysteresis, row.sign, row.duration_s)
    found = passage(row.points, threshold, was_beyond=alert is not None, interval_s=row.interval_s)
    step = step_of_passage(found, threshold, _live(alert), is_watched=row.is_watched)
    if step is Step.OPEN:
        each.open(_new_measured(row, found, each.now, device_id), recent)
    elif alert is not None and step is Step.CLOSE:
        each.close(alert)
    elif alert is not None and step is Step.CLEAR:
        each.clear(alert)
    elif alert is not None and alert.is_open and found.extreme is not None:
        each.seen(alert, threshold.further(alert.value, found.extreme))


def _new_measured(row: Measured, found: Passage, now: datetime, device_id: str) -> Alert:
    return Alert(
        organisation_id=row.organisation_id,
        factory_id=row.factory_id,
        device_id=row.device_id,
        chimney_id=row.chimney_id,
        kind=row.kind,
        rule_id=row.rule_id,
        severity=row.severity,
        began_at=datetime.fromtimestamp(found.since_s, UTC),
        opened_at=now,
        value=found.extreme,
        limit=row.limit_,
        params={"device": device_id, "duration_s": row.duration_s},
    )


# --- Found ----------------------------------------------------------------------------------------
def _found(each: Round, finders: Mapping[Any, Finder]) -> None:
    factories = list(Factory.objects.in_use().select_related("organisation").order_by("pk"))
    rules = rules_by_kind(finders)
    before = _before(finders, each.now)
    looked_at = set()
    for kind, finder in finders.items():
        of_kind = rules[kind]
        watched = [factory for factory in factories if (rule := of_kind.of(factory)) is not None and rule.is_enabled]
        for finding in finder(watched, of_kind, each.now):
            key = (str(kind), Subject(finding.factory.pk, finding.device_id, finding.chimney_id, finding.detail))
            looked_at.add(key)
            _decide(each, key, finding, of_kind, before)
    _end_unwatched(each, before, looked_at)


def _decide(each: Round, key: tuple[str, Subject], finding: Finding, rules: SiteRules, before: _Before) -> None:
    alert, rule = before.still.get(key), rules.of(finding.factory)
    assert rule is not None
    step = step_of_fact(
        alert.began_at if alert is not None and finding.is_of_window else finding.began_at,
        _live(alert),
        each.now,
        duration=timedelta(seconds=rule.duration_s),
        calm=KINDS[key[0]].calm,
        is_watched=is_watched(rule, finding.factory, each.now),
    )
    if step is Step.OPEN:
        if alert is not None:
            each.clear(alert)
        subject, params = key[1], dict(finding.params)
        if key[0] == AlertKind.SENSOR_SILENT and subject.device_id is not None:
            params["cause"] = _why_silent(subject.device_id, each.now)
        opened = Alert(
            organisation_id=finding.factory.organisation_id,
            factory=finding.factory,
            device_id=subject.device_id,
            chimney_id=subject.chimney_id,
            detail=subject.detail,
            kind=key[0],
            rule=rule,
            severity=rule.severity,
            began_at=finding.began_at,
            opened_at=each.now,
            value=finding.value,
            limit=finding.limit,
            params=params,
        )
        each.open(opened, before.recent.get(key))
    elif alert is not None and alert.is_open:
        each.seen(alert, finding.value, finding.params)


def _why_silent(device_id: int, now: datetime) -> str:
    """The cause that the device's last messages show, asked once, when the alarm opens: some eight queries."""
    silence = silence_of(MCUDevice.objects.get(pk=device_id), now)
    return "" if silence is None else str(silence.cause)


def _end_unwatched(each: Round, before: _Before, looked_at: set[tuple[str, Subject]]) -> None:
    """Alarms of what is not so any more, or not watched any more: the device was taken away, the rule out of use."""
    for key, alert in before.still.items():
        if key in looked_at:
            continue
        calm = KINDS[alert.kind].calm
        step = step_of_fact(None, _live(alert), each.now, duration=timedelta(), calm=calm, is_watched=False)
        if step is Step.CLOSE:
            each.close(alert)
        elif step is Step.CLEAR or alert.cleared_at is None:
            each.clear(alert)
