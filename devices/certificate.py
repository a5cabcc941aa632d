"""The installation certificate: what was tested and what was not, the geometry and the settings in force; as a PDF.

The same content and time give the same bytes (typst with its own fonts only). The issued bytes are stored.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import typst
from django.utils import dateformat
from django.utils.translation import gettext as _

from devices.choices import CheckState
from devices.go_no_go import CheckLine
from devices.models import Assignment, GoNoGoRun
from devices.queries import in_force_at
from factories.choices import Shape
from lib import qr_code

TEMPLATE = Path(__file__).parent / "typst" / "certificate.typ"


def content_of(run: GoNoGoRun, url: str) -> dict[str, Any]:
    """All that the certificate says, as texts. `url`: of its page, for the QR code."""
    device = run.device
    factory = device.factory
    assignment = in_force_at(run.ended_at or run.started_at).select_related("chimney").filter(device=device).first()
    lines = run.check_lines
    return {
        "title": _("Installation certificate"),
        "device": device.device_id,
        "organisation": factory.organisation.name,
        "factory": factory.name,
        "verdict": run.words,
        "tested_title": _("Tested"),
        "tested": [_checked(line) for line in lines if line.state == CheckState.PASS],
        "not_tested_title": _("Not tested"),
        "not_tested": [*(_checked(line) for line in lines if line.state == CheckState.NOT_TESTED), *_never_tested()],
        "facts_title": _("Geometry and settings in force"),
        "facts": [
            [_("Firmware"), device.firmware or _("not reported")],
            *(_facts(assignment) if assignment else []),
            [_("Interval"), _("%(seconds)g s") % {"seconds": device.interval_s}],
        ],
        "signature": [
            [_("Tested by"), str(run.ended_by or run.started_by)],
            [_("From"), _time(run.started_at, factory)],
            [_("To"), _time(run.ended_at or run.started_at, factory)],
            [_("Page of this certificate"), url],
        ],
        "url": url,
    }


def _checked(line: CheckLine) -> list[str]:
    return [str(line.number), line.title, line.fact]


def _never_tested() -> list[list[str]]:
    """What no check of ten minutes can say; for whoever relies on the figures."""
    return [
        ["", _("Velocity profile"), _("The profile factor is that of the registry: a traverse is a work of its own.")],
        ["", _("Accuracy of the CO2 sensor"), _("No test gas was given: see the calibrations of the device.")],
        ["", _("Geometry"), _("The dimensions are those of the registry: this page did not measure them.")],
    ]


def _facts(assignment: Assignment) -> list[list[str]]:
    chimney = assignment.chimney
    sizes = {"width": chimney.width_m, "height": chimney.height_m, "diameter": chimney.diameter_m}
    inside = _("not stated")
    if chimney.shape == Shape.CIRCLE:
        inside = _("round, %(diameter)g m inside") % sizes
    elif chimney.shape == Shape.RECTANGLE:
        inside = _("rectangular, %(width)g m by %(height)g m inside") % sizes
    ranges = f"{assignment.range_ppm:,.0f} ppm" if assignment.range_ppm else _("not stated")
    sensor, factor = assignment.sensor or _("not stated"), chimney.velocity_profile_factor
    return [
        [_("Chimney"), chimney.name],
        [_("Cross-section"), inside],
        [_("Velocity profile factor"), _("not stated") if factor is None else f"{factor:g}"],
        [_("CO2 sensor"), f"{sensor}, {ranges}"],
        [_("CO2 basis"), assignment.get_co2_basis_display()],
        [_("Pressure compensation"), assignment.get_pressure_compensation_display()],
    ]


def _time(moment: datetime, factory: Any) -> str:
    return dateformat.format(moment.astimezone(factory.zone), "j M Y H:i:s T")


def render(content: dict[str, Any], issued_at: datetime) -> bytes:
    """The PDF. The same content and time give the same bytes."""
    data = content | {"qr": qr_code.image(content["url"], ".svg").decode()}
    made = typst.Compiler(root=str(TEMPLATE.parent), font_paths=[], ignore_system_fonts=True).compile(
        TEMPLATE, format="pdf", sys_inputs={"data": json.dumps(data)}, timestamp=issued_at.replace(microsecond=0)
    )
    assert isinstance(made, bytes)
    return made
