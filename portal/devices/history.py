"""Rows of a device's page: its facts, places, calibrations and decided holds. Reads only."""

from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import dateformat
from django.utils.translation import gettext as _

from devices.choices import CalibrationKind, Co2Basis, HoldKind
from devices.models import Assignment, AssignmentHold, MCUDevice
from devices.sensors import check_fit


@dataclass(frozen=True, slots=True)
class DeviceFact:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class PlaceRow:
    chimney: str
    period: str
    sensor: str
    role: str


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    when: str
    kind: str
    gas: str
    reading: str
    valid_until: str
    by: str
    file_url: str


@dataclass(frozen=True, slots=True)
class CalibrationState:
    form: str  # of components/_state.html
    word: str


@dataclass(frozen=True, slots=True)
class ClosedHold:
    field: str
    registered: str
    reported: str
    decision: str
    by: str


def local(device: MCUDevice, moment: datetime | None) -> str:
    return dateformat.format(moment.astimezone(device.factory.zone), "j M Y H:i") if moment else ""


def _day(day: date | None) -> str:
    return dateformat.format(day, "j M Y") if day else ""


def facts(device: MCUDevice) -> list[DeviceFact]:
    """Those that are known."""
    told = [
        (_("Serial number"), device.serial_number),
        (_("Model"), device.model),
        (_("Firmware"), device.firmware),
        (_("Measures every"), _("%(seconds)g s") % {"seconds": device.interval_s}),
        (_("Bought"), _day(device.bought_on)),
        (_("Installed"), _day(device.installed_on)),
        (_("Last heard of"), local(device, device.last_heartbeat)),
        (_("Revoked"), local(device, device.revoked_at)),
        (_("Retired"), _day(device.retired_on)),
    ]
    return [DeviceFact(label, value) for label, value in told if value]


def places(device: MCUDevice) -> list[PlaceRow]:
    rows = device.assignments.select_related("chimney").order_by("-valid_from", "-pk")
    return [_place(device, row) for row in rows]


def _place(device: MCUDevice, row: Assignment) -> PlaceRow:
    start = local(device, row.valid_from) or _("with its first reading")
    sensor = [row.sensor or _("sensor not stated"), f"{row.range_ppm:,.0f} ppm" if row.range_ppm else ""]
    return PlaceRow(
        chimney=row.chimney.name,
        period=_("%(start)s to %(end)s") % {"start": start, "end": local(device, row.valid_to) or _("now")},
        sensor=", ".join(filter(None, [*sensor, str(Co2Basis(row.co2_basis).label)])),
        role=_("device of record") if row.is_of_record else _("cross-check"),
    )


def calibrations(device: MCUDevice) -> list[CalibrationRow]:
    found = []
    for row in device.calibrations.all():
        gas = f"{row.reference_ppm:,.0f} ppm" if row.reference_ppm is not None else ""
        url = reverse("device-certificate", args=[device.device_id, row.pk]) if row.certificate_sha256 else ""
        found.append(
            CalibrationRow(
                when=local(device, row.calibrated_at),
                kind=str(CalibrationKind(row.kind).label),
                gas=" · ".join(filter(None, [gas, row.certificate_number])),
                reading=f"{row.reading_ppm:,.0f} ppm" if row.reading_ppm is not None else "",
                valid_until=local(device, row.valid_until),
                by=row.done_by,
                file_url=url,
            )
        )
    return found


def calibration_state(device: MCUDevice, now: datetime) -> CalibrationState | None:
    """Of the newest "valid until" that was stated; None if none was."""
    stated = [row.valid_until for row in device.calibrations.all() if row.valid_until is not None]
    if not stated:
        return None
    shown = {"day": local(device, stated[0])}
    if stated[0] <= now:
        return CalibrationState("act", _("expired on %(day)s: readings since then carry the flag") % shown)
    return CalibrationState("fine", _("valid until %(day)s") % shown)


def closed_holds(device: MCUDevice) -> list[ClosedHold]:
    rows = AssignmentHold.objects.filter(assignment__device=device).exclude(resolution="")
    decided = rows.exclude(kind=HoldKind.SET_ASIDE).select_related("resolved_by").order_by("-resolved_at")
    return [
        ClosedHold(
            field=row.field or str(HoldKind(row.kind).label),
            registered=row.registered,
            reported=row.reported,
            decision=row.get_resolution_display(),
            by=_("%(who)s, %(when)s") % {"who": row.resolved_by or "-", "when": local(device, row.resolved_at)},
        )
        for row in decided[:50]
    ]


def misfit(device: MCUDevice) -> str:
    """Why its sensor does not fit its chimney: mounted before anybody asked, or the fuels changed since. Else empty."""
    current = device.assignments.filter(valid_to=None).select_related("chimney").first()
    if current is None:
        return ""
    try:
        check_fit(
            chimney=current.chimney, sensor=current.sensor, range_ppm=current.range_ppm, co2_basis=current.co2_basis
        )
    except ValidationError as error:
        return " ".join(error.messages)
    return ""
