"""What a device needs to sign in; opens and resolves holds.

Devices are registered in `registration.py`, secrets are in `credentials.py`; what changes totals asks `emissions` for a
new roll-up through the caller.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from devices.choices import HoldKind, HoldResolution
from devices.credentials import TOPIC_ROOT
from devices.models import Assignment, AssignmentHold, MCUDevice
from devices.queries import in_force_at
from factories.days import local_hour_start


@dataclass(frozen=True, slots=True)
class ProvisionedDevice:
    """All that a device needs to publish. The password is shown here once and kept nowhere."""

    device_id: str
    username: str
    password: str
    host: str
    port: int
    ca_file: str
    topics: dict[str, str]


def broker_address() -> tuple[str, int, str]:
    """Host, port and CA file as a device needs them."""
    parts = urlsplit(settings.MQTT_BROKER_URL)
    port = parts.port or (8883 if parts.scheme == "mqtts" else 1883)
    ca_file = settings.MQTT_CA_FILE and str(Path(settings.MQTT_CA_FILE).resolve())
    return settings.MQTT_PUBLIC_HOST or parts.hostname or "", port, ca_file


def describe(device: MCUDevice, password: str) -> ProvisionedDevice:
    host, port, ca_file = broker_address()
    kinds = ("readings", "status", "alerts", "acks", "committed", "commands")
    return ProvisionedDevice(
        device_id=device.device_id,
        username=device.device_id,
        password=password,
        host=host,
        port=port,
        ca_file=ca_file,
        topics={kind: f"{TOPIC_ROOT}/{device.device_id}/{kind}" for kind in kinds},
    )


# --- Holds -------------------------------------------------------------------------------------
_COMPARED = ("sensor", "range_ppm", "co2_basis", "pressure_compensation")


def _as_text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float | int) else str(value)


def hold_on_mismatch(device_pk: int, status: dict[str, Any], stream: int, starts_at: datetime) -> list[AssignmentHold]:
    """Compare the report of a device with the registry; open a hold for each field that differs.

    `starts_at` is the first timestamp known of the stream; readings of the stream that arrive later with an earlier
    timestamp are held too. A field that the registry or the device leaves empty is not compared. When a field agrees
    again, its open hold ends from now on; readings already held stay held until somebody resolves it. After somebody
    decided that the registry is right, the same report opens no new hold. If holds are returned, the caller recomputes
    the roll-ups from `starts_at`.
    """
    now = timezone.now()
    assignment = in_force_at(now).filter(device_id=device_pk).first()
    if assignment is None:
        return []
    opened = []
    for field in _COMPARED:
        registered, reported = getattr(assignment, field), status.get(field)
        if registered in (None, "") or reported in (None, ""):
            continue
        holds = AssignmentHold.objects.filter(assignment=assignment, kind=HoldKind.MISMATCH, field=field)
        if _as_text(registered) == _as_text(reported):
            holds.filter(resolution="", ends_at=None).update(ends_at=now)
            continue
        report = {"registered": _as_text(registered)[:40], "reported": _as_text(reported)[:40]}
        if holds.filter(**report, resolution=HoldResolution.REGISTRY_RIGHT).exists():
            continue
        # One unresolved hold per field, even if the report changes often; it only grows.
        hold, is_new = holds.get_or_create(
            assignment=assignment,
            kind=HoldKind.MISMATCH,
            field=field,
            resolution="",
            defaults=report | {"stream": stream, "starts_at": starts_at},
        )
        if not is_new and (hold.ends_at is not None or hold.reported != report["reported"]):
            is_new = hold.ends_at is not None
            hold.ends_at, hold.reported = None, report["reported"]
            hold.save(update_fields=["ends_at", "reported"])
        if is_new:
            opened.append(hold)
    return opened


def hold_two_devices(device_pk: int, starts_at: datetime) -> AssignmentHold | None:
    """Open a hold for a device with two boots alive at once, from the first reading of the later boot.

    Nobody knows which of the two sits in the chimney: the readings of both wait. Seen again after somebody resolved it,
    a new hold begins at that moment. Returns the hold that is new, else None.
    """
    now = timezone.now()
    assignment = in_force_at(now).filter(device_id=device_pk).first()
    if assignment is None:
        return None
    holds = AssignmentHold.objects.filter(assignment=assignment, kind=HoldKind.TWO_DEVICES)
    resolved_at = holds.aggregate(latest=Max("resolved_at"))["latest"]
    hold, is_new = holds.get_or_create(
        assignment=assignment,
        kind=HoldKind.TWO_DEVICES,
        resolution="",
        defaults={"starts_at": max(starts_at, resolved_at or starts_at)},
    )
    return hold if is_new else None


def keep_geometry_holds() -> None:
    """Open a hold for every device on a chimney without a stated geometry; resolve it once that is stated.

    Compares what is stored, so it does not matter how the chimney was changed (command, admin, API, SQL). Idempotent.
    """
    now = timezone.now()
    waiting = AssignmentHold.objects.filter(kind=HoldKind.GEOMETRY, resolution="")
    waiting.exclude(assignment__chimney__shape="").update(resolution=HoldResolution.STATED, resolved_at=now)
    without = Assignment.objects.filter(chimney__shape="").exclude(pk__in=waiting.values("assignment"))
    AssignmentHold.objects.bulk_create(
        [
            AssignmentHold(assignment=a, kind=HoldKind.GEOMETRY, starts_at=a.valid_from or a.waits_since or now)
            for a in without
        ],
        ignore_conflicts=True,  # another process has opened it
    )


def _take_holds_along(resolved: AssignmentHold, old: Assignment, later: Assignment, start: datetime) -> None:
    """After the split, unresolved holds of other fields stay unresolved in each part that they concern."""
    waiting = AssignmentHold.objects.filter(assignment=old, resolution="").exclude(pk=resolved.pk)
    for hold in waiting.exclude(ends_at__lte=start):
        if hold.starts_at < start:
            hold.pk, hold._state.adding = None, True
        hold.assignment = later
        hold.save()


def first_moment(hold: AssignmentHold) -> datetime:
    """The time of the first measurement in the boot of the hold. Its stored readings may arrive after its status."""
    if hold.stream is None:
        return hold.starts_at
    streams = hold.assignment.device.streams.filter(stream=hold.stream - 2**31)  # as `emissions` stores them
    first = streams.values_list("first_timestamp", flat=True).first()
    return min(hold.starts_at, first) if first else hold.starts_at


def _reported_value(hold: AssignmentHold) -> float | str:
    if hold.field != "range_ppm":
        return hold.reported
    try:
        return float(hold.reported)
    except ValueError:
        raise ValidationError(
            _("range_ppm=%(value)r is not a number of ppm."), params={"value": hold.reported}
        ) from None


@transaction.atomic
def resolve_hold(hold: AssignmentHold, resolution: HoldResolution, user: Any) -> AssignmentHold:
    """Decide which was right. The caller then recomputes the held time (`emissions.rollups.touch_period`).

    When the device was right, its assignment is split at the hour in which that boot began and the later part takes
    the reported value; readings before it stay as they were.

    Raises ValidationError for a kind that is resolved otherwise: a geometry by stating it; of two devices neither is
    "the device".
    """
    if hold.kind == HoldKind.GEOMETRY:
        raise ValidationError(_("State the geometry of the chimney; then its readings count by themselves."))
    if hold.kind != HoldKind.MISMATCH and resolution == HoldResolution.DEVICE_RIGHT:
        raise ValidationError(_("This hold is not about the registry: there is nothing to correct in it."))
    now = timezone.now()
    if resolution == HoldResolution.DEVICE_RIGHT:
        old = hold.assignment
        start = local_hour_start(first_moment(hold), old.factory.zone)
        value = _reported_value(hold)
        if old.valid_from is None or start <= old.valid_from:
            setattr(old, hold.field, value)
            old.full_clean()
            old.save()
        else:
            later = Assignment.objects.get(pk=old.pk)
            later.pk, later._state.adding = None, True
            later.valid_from, later.waits_since = start, None
            setattr(later, hold.field, value)
            old.valid_to = start
            old.save(update_fields=["valid_to"])
            later.full_clean()
            later.save()
            _take_holds_along(hold, old, later, start)
    hold.resolution, hold.resolved_at, hold.resolved_by = resolution, now, user
    hold.save()
    return hold
