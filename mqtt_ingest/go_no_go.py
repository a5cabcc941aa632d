"""Runs of go / no-go: gathers the evidence from readings, messages, refusals and the registry; acts for page and API.

GO ends in a certificate.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from devices import certificate
from devices.broker import broker_state
from devices.choices import BrokerState, GoVerdict
from devices.go_no_go import STATUS_EVERY_S, Evidence, LeakTest, PlugTest, Result, Sensor, judge, longest_quiet_s
from devices.models import Assignment, GoNoGoRun, InstallationCertificate, MCUDevice
from devices.queries import in_force_at
from devices.sensors import flue_gas_of, misfit_of
from devices.silence import OFF_LINE_AFTER
from emissions.models import STREAM_OFFSET, Emission
from mqtt_ingest.choices import MessageKind, Reason
from mqtt_ingest.models import DeviceMessage, RejectedGroup
from science import readings

RECENT = timedelta(minutes=15)
CLOCK_OVER = timedelta(minutes=2)
BEFORE_LEAK = timedelta(minutes=1)
AFTER_LEAK = timedelta(minutes=3)
LEAST_OUTAGE_S = 10.0
ACTS = ("start", "leak", "plug", "finish")


@dataclass(frozen=True, slots=True)
class LiveChecks:
    """The open run, if any, with what is seen at this moment."""

    device: MCUDevice
    run: GoNoGoRun | None
    evidence: Evidence
    result: Result

    @property
    def runs(self) -> QuerySet[GoNoGoRun]:
        """The runs before, newest first."""
        ended = self.device.go_no_go_runs.exclude(ended_at=None)
        return ended.select_related("started_by", "ended_by", "certificate")[:20]


def look(device: MCUDevice, now: datetime) -> LiveChecks:
    run = GoNoGoRun.objects.filter(device=device, ended_at=None).first()
    evidence = evidence_of(device, run, now)
    return LiveChecks(device, run, evidence, judge(evidence))


@transaction.atomic
def act(device: MCUDevice, name: str, user: Any, url: Callable[[], str]) -> GoNoGoRun:
    """Do one of ACTS: a double tap starts one run; a test begins again if it began before.

    `url()`: the page of a certificate, with `{pk}` in place of the run's key. Raises ValidationError.
    """
    now = timezone.now()
    if name not in ACTS:
        raise ValidationError(_("Choose one of: start, leak, plug, finish."), code="unknown_act")
    if name == "start":
        begin = {"started_at": now, "started_by": user}
        return GoNoGoRun.objects.get_or_create(device=device, ended_at=None, defaults=begin)[0]
    run = GoNoGoRun.objects.select_for_update(of=("self",)).filter(device=device, ended_at=None).first()
    if run is None:
        raise ValidationError(_("No go / no-go runs for this device: start one."), code="no_open_run")
    if name == "finish":
        _end(run, user, now, url)
    else:
        setattr(run, f"{name}_started_at", now)
        run.save(update_fields=[f"{name}_started_at"])
    return run


def _end(run: GoNoGoRun, user: Any, now: datetime, url: Callable[[], str]) -> None:
    """Store evidence and verdict; after GO issue the certificate."""
    evidence = evidence_of(run.device, run, now)
    result = judge(evidence)
    run.ended_at, run.ended_by = now, user
    run.verdict, run.words = result.verdict, result.words[:300]
    run.evidence, run.lines = asdict(evidence), [astuple(line) for line in result.lines]
    run.save()
    if result.verdict is GoVerdict.GO:
        content = certificate.content_of(run, url().format(pk=run.pk))
        pdf = certificate.render(content, now)
        sha256 = hashlib.sha256(pdf).hexdigest()
        InstallationCertificate.objects.create(run=run, issued_at=now, content=content, pdf=pdf, sha256=sha256)


def evidence_of(device: MCUDevice, run: GoNoGoRun | None, now: datetime) -> Evidence:
    """Of the last quarter of an hour, and of the two tests since their start. About ten queries."""
    interval = timedelta(seconds=device.interval_s)
    since = now - max(RECENT, 3 * interval)
    statuses, wills = _statuses(device, since)
    status, said = (statuses[-1], statuses[-1].payload) if statuses else (None, {})
    recent = _arrivals(device, since, now) or _newest(device, since)
    last = max((one.received_at for one in recent), default=None)
    heard = max([moment for moment in (last, status.received_at if status else None) if moment], default=None)
    refusal = _refusal(device, last or since)
    stored = [one for one in recent if status and one.stream == _stream(said) and one.received_at <= status.received_at]
    assignment = in_force_at(now).select_related("chimney").filter(device=device).first()
    gas = flue_gas_of(assignment.chimney) if assignment else None
    reported = _sensor(said)
    login = broker_state(device)
    return Evidence(
        is_foreign=device.profile_id is not None,
        is_dated=device.profile is None or bool(device.profile.time_path),
        interval_s=device.interval_s,
        run_age_s=_seconds(now - run.started_at) if run else 0.0,
        heard_age_s=_seconds(now - heard) if heard else None,
        is_online=heard is not None
        and now - heard <= max(OFF_LINE_AFTER, 3 * interval)
        and all(will <= heard for will in wills),
        is_login_in_force=login in (BrokerState.IN_FORCE, BrokerState.ROTATING, BrokerState.BY_HAND),
        login_words=str(login.label),
        has_status=status is not None,
        supply_v=said.get("supply_v"),
        reset_reason=said.get("reset_reason") or "",
        rssi_dbm=said.get("rssi_dbm"),
        clock_lag_s=_clock_lag_s(recent, now - max(CLOCK_OVER, 3 * interval)),
        refusal=refusal,
        refusal_words=str(Reason(refusal).label) if refusal else "",
        stored_age_s=_seconds(now - last) if last else None,
        usual_gap_s=_usual_gap_s(recent),
        outbox=said.get("outbox"),
        outbox_before=statuses[-2].payload.get("outbox") if len(statuses) > 1 else None,
        stored_count=len(stored),
        stored_for_s=_seconds(status.received_at - stored[0].received_at) if status and stored else 0.0,
        registered=_sensor(assignment) if assignment else None,
        reported=reported,
        burned=gas.burned if gas else "",
        misfit=misfit_of(assignment, **_stated(reported)) if assignment else "",
        leak=_leak_test(device, run),
        plug=_plug_test(device, run, now),
    )


def _seconds(span: timedelta) -> float:
    return span.total_seconds()


def _statuses(device: MCUDevice, since: datetime) -> tuple[list[DeviceMessage], list[datetime]]:
    """Statuses, and the moments of last wills; ascending."""
    rows = DeviceMessage.objects.filter(device=device, kind=MessageKind.STATUS, received_at__gt=since)
    found = list(rows.order_by("received_at", "pk"))
    wills = [row.received_at for row in found if not row.payload.get("online")]
    return [row for row in found if row.payload.get("online")], wills


def _arrivals(device: MCUDevice, since: datetime, now: datetime) -> list[Emission]:
    """Readings that came since, whatever their own clock said, in the order of their coming."""
    measured = Emission.objects.filter(device=device, timestamp__range=(since - RECENT, now + RECENT))
    return list(measured.filter(received_at__gt=since).order_by("received_at", "timestamp"))


def _newest(device: MCUDevice, since: datetime) -> list[Emission]:
    """The reading with the newest time, if it came since: of a clock that is hours behind there is no other."""
    newest = Emission.objects.filter(device=device).order_by("-timestamp").first()
    return [newest] if newest and newest.received_at > since else []


def _stream(said: dict[str, Any]) -> int | None:
    stream = said.get("stream")
    return None if stream is None else stream - STREAM_OFFSET


def _clock_lag_s(recent: Sequence[Emission], since: datetime) -> float | None:
    live = [one for one in recent if not one.flags & readings.REPLAYED and one.received_at > since]
    return min((_seconds(one.received_at - one.timestamp) for one in live), default=None)


def _usual_gap_s(recent: Sequence[Emission]) -> float:
    """The usual time between two messages with readings: a device may send twelve readings at once."""
    moments = sorted({one.received_at for one in recent})
    gaps = [_seconds(later - earlier) for earlier, later in pairwise(moments)]
    return min(STATUS_EVERY_S, median(gaps)) if gaps else 0.0


def _refusal(device: MCUDevice, since: datetime) -> str:
    groups = RejectedGroup.objects.filter(topic_device_id=device.device_id, last_at__gt=since)
    newest = groups.exclude(reason=Reason.RATE_LIMITED).order_by("-last_at").first()
    return newest.reason if newest else ""


def _sensor(source: Assignment | dict[str, Any]) -> Sensor:
    get = source.get if isinstance(source, dict) else lambda name: getattr(source, name)
    return Sensor(**{one.name: value for one in fields(Sensor) if (value := get(one.name)) is not None})


def _stated(reported: Sensor) -> dict[str, Any]:
    """What decides the fit, where the device says it: as it reports itself it is, whatever is registered."""
    names = ("sensor", "range_ppm", "co2_basis")
    return {name: value for name in names if (value := getattr(reported, name))}


# --- The two tests ------------------------------------------------------------------------------
def _leak_test(device: MCUDevice, run: GoNoGoRun | None) -> LeakTest | None:
    if run is None or run.leak_started_at is None:
        return None
    start, interval = run.leak_started_at, timedelta(seconds=device.interval_s)
    period = start - max(BEFORE_LEAK, 3 * interval), start + max(AFTER_LEAK, 4 * interval)
    rows = Emission.objects.filter(device=device, timestamp__range=period)
    points = rows.order_by("timestamp").values_list("timestamp", "co2_ppm")
    return LeakTest(tuple((_seconds(at - start), co2_ppm) for at, co2_ppm in points))


def _plug_test(device: MCUDevice, run: GoNoGoRun | None, now: datetime) -> PlugTest | None:
    """The longest silence since the button, and the readings that are missing from just before it on."""
    if run is None or run.plug_started_at is None:
        return None
    start = run.plug_started_at
    heard_since = start - max(CLOCK_OVER, timedelta(seconds=3 * device.interval_s))
    arrivals, (statuses, _wills) = _arrivals(device, heard_since, now), _statuses(device, heard_since)
    moments = sorted({one.received_at for one in arrivals} | {one.received_at for one in statuses})
    usual_s = _usual_gap_s([one for one in arrivals if one.received_at <= start])
    before = [moment for moment in moments if moment <= start][-1:] or [start]
    course = [*before, *(moment for moment in moments if moment > start), now]
    gaps = [(_seconds(later - earlier), earlier, later) for earlier, later in pairwise(course)]
    outage_s, began, ended = max(gaps, key=lambda gap: gap[0])
    if outage_s < max(LEAST_OUTAGE_S, longest_quiet_s(usual_s, device.interval_s)):
        return PlugTest(outage_s=0.0)
    if ended == now:
        return PlugTest(outage_s=outage_s)
    since = began - timedelta(seconds=max(5.0, 2 * usual_s, 2 * device.interval_s))
    of_test = [one for one in arrivals if one.timestamp >= since]
    return PlugTest(
        outage_s=outage_s,
        is_back=True,
        back_for_s=_seconds(now - ended),
        is_caught_up=any(one.timestamp >= ended for one in of_test),
        missing_count=_missing_count(of_test),
    )


def _missing_count(arrivals: Iterable[Emission]) -> int:
    """Holes in the numbers of a boot; between two boots what the time lacks, since nothing was measured without power.

    Not by time within a boot: a busy board measures a little late and loses nothing.
    """
    missing = 0
    for earlier, later in pairwise(sorted(arrivals, key=lambda one: one.timestamp)):
        if later.stream == earlier.stream:
            missing += max(0, (later.seq_from or later.seq) - earlier.seq - 1)
            continue
        gap_s = _seconds(later.timestamp - earlier.timestamp) - (later.span_s or later.interval_s)
        missing += max(0, round(gap_s / later.interval_s))
    return missing
