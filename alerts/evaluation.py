"""A round of evaluation: reads what was measured and found, asks `evaluate.py`, and stores what follows.

One transaction under one lock: two workers never do the same round, and one that is killed leaves either nothing or an
alarm with its event, so opening is idempotent and no notice is lost.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from alerts.choices import AlertAct, AlertKind, AlertState
from alerts.evaluate import (
    REOPENS_WITHIN,
    Point,
    Step,
    Threshold,
    opens_again,
    passage,
    step_of_end,
    step_of_fact,
    step_of_passage,
)
from alerts.findings import OFTEN, SELDOM, Finder, Finding
from alerts.kinds import KINDS, LONGEST_MEASURED_S, MEASURED
from alerts.models import Alert, AlertEvent
from alerts.rules import WatchedSite, ensure_usual_rules, rules_by_kind
from alerts.services import store_events
from devices.models import MCUDevice
from factories.models import Factory
from lib import sql
from mqtt_ingest.silence import silence_of

_OFTEN, _SELDOM = 0x414C4552, 0x414C4553  # advisory locks: one round of each sort at a time; they share no kind
SHORTEST_GAIN = 0.01  # a value is stored again when it is further from the limit by this share
_STORED = ("state", "closed_at", "cleared_at", "reopened_count", "value", "params")

Key = tuple[str, int | None, int | None, int | None, str]  # what the constraint of the table tells open alarms apart by


def evaluate(now: datetime | None = None) -> int:
    """Measured kinds, silence, holds and device's own alerts; how many alarms were opened or closed."""
    return _round(_OFTEN, [*MEASURED, *OFTEN], OFTEN, now)


def evaluate_seldom(now: datetime | None = None) -> int:
    """Kinds that change with entries and days."""
    return _round(_SELDOM, SELDOM, SELDOM, now)


def _round(lock: int, kinds: Collection[str], finders: Mapping[str, Finder], now: datetime | None) -> int:
    ensure_usual_rules()
    with transaction.atomic():
        if not sql.is_alone(lock):
            return 0  # another worker is at it
        each = Round(kinds, now or timezone.now())
        if lock == _OFTEN:
            each.look_at_measured()
        for kind, finder in finders.items():
            each.look_at_found(kind, finder)
        each.end_unwatched()
        return each.store()


@dataclass(frozen=True, slots=True)
class Measured:
    """A row of `sql/measured.sql`."""

    device_id: int
    device: str
    chimney_id: int
    factory_id: int
    kind: str
    interval_s: float
    starts: list[float] | None
    ends: list[float] | None
    means: list[float | None] | None

    @property
    def points(self) -> list[Point]:
        return [Point(*row) for row in zip(self.starts or (), self.ends or (), self.means or (), strict=True)]


class Round:
    """What one round sees and does, collected and stored at its end."""

    def __init__(self, kinds: Collection[str], now: datetime) -> None:
        self.now = now
        self.sites = list(Factory.objects.in_use().select_related("organisation").order_by("pk"))
        self.rules = rules_by_kind(kinds)
        self.still: dict[Key, Alert] = {}  # open, or closed by a person while it was so
        self.recent: dict[Key, Alert] = {}  # closed by themselves: may open again
        # What began within the time of reopening opens only when the duration of its rule has passed as well.
        closed_after = now - REOPENS_WITHIN - timedelta(seconds=LONGEST_MEASURED_S)
        recent = Q(closed_by__isnull=True, closed_at__gt=closed_after)
        wanted = Q(closed_at__isnull=True) | Q(cleared_at__isnull=True) | recent
        # Locked: a person may acknowledge or close one of them at this moment.
        for alert in Alert.objects.filter(wanted, kind__in=self.rules).order_by("opened_at", "pk").select_for_update():
            alarms = self.still if alert.closed_at is None or alert.cleared_at is None else self.recent
            alarms[alert.kind, alert.factory_id, alert.device_id, alert.chimney_id, alert.detail] = alert
        self.looked_at: set[Key] = set()
        self.opened: list[Alert] = []
        self.reopened: list[Alert] = []
        self.changed: list[Alert] = []
        self.closed: list[Alert] = []

    # --- Looking --------------------------------------------------------------------------------------
    def look_at_measured(self) -> None:
        parameters = {
            "now": self.now,
            "kinds": list(MEASURED),
            "quantities": [quantity.column for quantity in MEASURED.values()],
            "signs": [quantity.sign for quantity in MEASURED.values()],
            "firing": [quantity.while_firing for quantity in MEASURED.values()],
        }
        watched = {kind: self.rules[kind].watched(self.sites) for kind in MEASURED}
        for row in sql.fetch(sql.load("alerts", "measured"), parameters, Measured):
            site = watched[row.kind].get(row.factory_id)
            if site is not None and site.rule.limit is not None:
                self._judge(row, site)

    def _judge(self, row: Measured, site: WatchedSite) -> None:
        key, rule = (row.kind, row.factory_id, row.device_id, row.chimney_id, ""), site.rule
        alert = self.still.get(key)
        threshold = Threshold(site.limit, rule.hysteresis, MEASURED[row.kind].sign, rule.duration_s)
        found = passage(row.points, threshold, was_beyond=alert is not None, interval_s=row.interval_s)
        step = step_of_passage(found, threshold, alert, is_watched=site.is_watched(self.now))
        value = found.extreme
        if alert is not None and value is not None:
            value = threshold.further(alert.value, value)
        opens = step is Step.OPEN
        began_at = datetime.fromtimestamp(found.since_s, UTC) if opens else self.now
        # An alarm keeps the duration that it opened with, as it keeps its limit.
        params = {"device": row.device, "duration_s": rule.duration_s} if opens else {}
        seen = Finding(site, began_at, row.device_id, row.chimney_id, value=value, limit=rule.limit, params=params)
        self._take(step, key, seen)

    def look_at_found(self, kind: str, finder: Finder) -> None:
        for finding in finder(self.rules[kind].watched(self.sites), self.now):
            key = (kind, finding.site.factory.pk, finding.device_id, finding.chimney_id, finding.detail)
            alert = self.still.get(key)
            step = step_of_fact(
                alert.began_at if alert is not None and finding.is_of_window else finding.began_at,
                alert,
                self.now,
                duration=timedelta(seconds=finding.site.rule.duration_s),
                is_watched=finding.site.is_watched(self.now),
            )
            if step is Step.OPEN and kind == AlertKind.SENSOR_SILENT and finding.device_id:
                # What the device's last messages show, asked once, when the alarm opens: some eight queries.
                silence = silence_of(MCUDevice.objects.get(pk=finding.device_id), self.now)
                finding.params["cause"] = "" if silence is None else str(silence.cause)
            self._take(step, key, finding)

    def end_unwatched(self) -> None:
        """Alarms of what is not so any more, or not watched: the device was taken away, the rule is out of use."""
        for key, alert in self.still.items():
            if key not in self.looked_at:
                self._end(step_of_end(alert, self.now, KINDS[alert.kind].calm), alert)

    # --- Doing ----------------------------------------------------------------------------------------
    def _take(self, step: Step, key: Key, finding: Finding) -> None:
        self.looked_at.add(key)
        alert = self.still.get(key)
        if step is Step.OPEN:
            if alert is not None:
                self._end(Step.CLEAR, alert)
            self._open(key, finding)
        elif alert is not None and step in (Step.CLOSE, Step.CLEAR):
            self._end(step, alert)
        elif alert is not None and alert.is_open and (finding.value is not None or key[0] not in MEASURED):
            self._see(alert, finding)

    def _open(self, key: Key, finding: Finding) -> None:
        """A new alarm, or the one that closed by itself a moment ago."""
        recent = self.recent.get(key)
        if recent is not None and recent.closed_at and opens_again(recent.closed_at, finding.began_at):
            recent.state = AlertState.ACKNOWLEDGED if recent.acknowledged_at else AlertState.OPEN
            if recent.snoozed_until is not None and recent.snoozed_until > self.now:
                recent.state = AlertState.SNOOZED  # it was put off, and flapping does not bring it back
            recent.closed_at = recent.cleared_at = None
            recent.reopened_count += 1
            self.reopened.append(recent)
            return
        self.opened.append(
            Alert(
                organisation_id=finding.site.factory.organisation_id,
                factory=finding.site.factory,
                kind=key[0],
                detail=finding.detail,
                device_id=finding.device_id,
                chimney_id=finding.chimney_id,
                rule=finding.site.rule,
                severity=finding.site.rule.severity,
                began_at=finding.began_at,
                opened_at=self.now,
                value=finding.value,
                limit=finding.limit,
                params=finding.params,
            )
        )

    def _end(self, step: Step, alert: Alert) -> None:
        was_cleared, alert.cleared_at = alert.cleared_at is not None, alert.cleared_at or self.now
        if step is Step.CLOSE:
            alert.state, alert.closed_at = AlertState.CLOSED, self.now
            self.closed.append(alert)
        elif not was_cleared:
            self.changed.append(alert)

    def _see(self, alert: Alert, finding: Finding) -> None:
        """It is still so: keep the value furthest from the limit, and the newest facts."""
        value, before, newest = finding.value, alert.value, alert.params | finding.params
        is_gain = value is not None and (before is None or abs(value - before) > SHORTEST_GAIN * abs(before))
        if is_gain or alert.cleared_at is not None or newest != alert.params:
            alert.value = value if value is not None else before
            alert.cleared_at, alert.params = None, newest
            self.changed.append(alert)

    def store(self) -> int:
        Alert.objects.bulk_create(self.opened)
        touched = [*self.reopened, *self.changed, *self.closed]
        Alert.objects.bulk_update(touched, _STORED)
        acts = ((AlertAct.OPENED, self.opened), (AlertAct.REOPENED, self.reopened), (AlertAct.CLOSED, self.closed))
        store_events(AlertEvent(alert=alert, at=self.now, act=act) for act, alerts in acts for alert in alerts)
        return sum(len(alerts) for _act, alerts in acts)
