"""The arguments of each command: their names, units and limits, and the refusal that names all three.

`contract/commands.schema.json` publishes the same limits; `tests/mqtt_ingest/test_arguments.py` compares both.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lib.errors import FieldErrors, field_error, invalid_fields
from lib.known_names import unknown_name
from mqtt_ingest.choices import CommandKind
from mqtt_ingest.messages import LARGEST_SEQ, LARGEST_STREAM

REFERENCES = ("fresh_air", "nitrogen")
LONGEST_CA_CHARS = 3_950
LONGEST_URL_CHARS = 200
_CA = re.compile(r"(-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+\n-----END CERTIFICATE-----\n)+")
_URL = re.compile(rf"https://[!-~]{{1,{LONGEST_URL_CHARS - 8}}}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Number:
    """A number with its limits, both allowed. Null takes a limit of alarms away."""

    low: float
    high: float
    unit: str = ""
    is_whole: bool = False
    may_be_null: bool = False

    def problem(self, name: str, value: Any) -> dict[str, Any] | None:
        if value is None and self.may_be_null:
            return None
        params = {"name": name, "value": value, "low": self.low, "high": self.high, "unit": self.unit}
        shown = {
            "name": name, "value": value, "low": f"{self.low:,g}", "high": f"{self.high:,.12g}",
            "unit": f" {self.unit}" if self.unit else "",
        }  # fmt: skip
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        # A whole number may be too large for a float, and JSON has no name for what is not finite.
        if isinstance(value, float) and not math.isfinite(value):
            is_number, params["value"] = False, str(value)
        if not is_number or (self.is_whole and value != int(value)):
            kind = _("a whole number") if self.is_whole else _("a number")
            words = _("%(name)s=%(value)r is not %(kind)s%(unit)s; give one from %(low)s to %(high)s.")
            return field_error("not_a_number", words % (shown | {"kind": kind}), **params)
        if not self.low <= value <= self.high:
            words = _("%(name)s=%(value)s%(unit)s is outside %(low)s to %(high)s%(unit)s; give one within.")
            return field_error("out_of_range", words % shown, **params)
        return None


@dataclass(frozen=True, slots=True)
class Text:
    """A text of one form."""

    fits: Callable[[str], object]
    expected: Any  # str, or lazy

    def problem(self, name: str, value: Any) -> dict[str, Any] | None:
        if isinstance(value, str) and self.fits(value):
            return None
        words = _("%(name)s=%(value)r does not fit; give %(expected)s.")
        shown = {"name": name, "value": str(value)[:60], "expected": str(self.expected)}
        return field_error("does_not_fit", words % shown, **shown)


def _is_bundle(text: str) -> bool:
    return len(text) <= LONGEST_CA_CHARS and _CA.fullmatch(text) is not None


_TEMPERATURE = Number(-50, 1500, "°C", may_be_null=True)
_FLOW = Number(0, 1000, "m³/s", may_be_null=True)
_SEQ = Number(1, LARGEST_SEQ, is_whole=True)
LIMITS = {
    "co2_high_ppm": Number(0, 1_000_000, "ppm", may_be_null=True),
    "temperature_high_c": _TEMPERATURE,
    "temperature_low_c": _TEMPERATURE,
    "flow_high_m3s": _FLOW,
    "flow_low_m3s": _FLOW,
}
ARGUMENTS: Mapping[CommandKind, Mapping[str, Number | Text]] = {
    CommandKind.SET_INTERVAL: {"interval_s": Number(0.02, 3600, "s")},
    CommandKind.SET_LIMITS: LIMITS,
    CommandKind.SET_SECRET: {},  # the server draws it: `new_secrets.py`
    CommandKind.SET_CA: {"ca": Text(_is_bundle, gettext_lazy("certificates as PEM, to 3,950 characters"))},
    CommandKind.RESEND: {"stream": Number(0, LARGEST_STREAM, is_whole=True), "from": _SEQ, "to": _SEQ},
    CommandKind.ZERO: {"reference": Text(lambda one: one in REFERENCES, " / ".join(REFERENCES))},
    CommandKind.REBOOT: {},
    CommandKind.UPDATE_FIRMWARE: {
        "url": Text(_URL.fullmatch, gettext_lazy("an address from https://, to 200 characters")),
        "sha256": Text(_SHA256.fullmatch, gettext_lazy("64 small hexadecimal digits")),
    },
}
# (lower, upper): an alarm that is always on, or a range without a reading.
_ORDERED = (("temperature_low_c", "temperature_high_c"), ("flow_low_m3s", "flow_high_m3s"), ("from", "to"))


def check_arguments(kind: CommandKind, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a command as a device takes them. Raises ApiError 400, by field."""
    known = ARGUMENTS[kind]
    fields: FieldErrors = {name: [unknown_name(name, known, "unknown_field")] for name in given if name not in known}
    for name, rule in known.items():
        if name not in given and kind != CommandKind.SET_LIMITS:
            words = _("%(name)s is missing for the command %(kind)s.") % {"name": name, "kind": kind.value}
            fields[name] = [field_error("required", words, name=name)]
        elif name in given and (problem := rule.problem(name, given[name])):
            fields[name] = [problem]
    if kind == CommandKind.SET_LIMITS and not given:
        words = _("Name one limit at least: %(names)s.") % {"names": ", ".join(LIMITS)}
        fields["non_field_errors"] = [field_error("required", words, names=list(LIMITS))]
    for low, high in _ORDERED:
        below, above = given.get(low), given.get(high)
        if not fields and below is not None and above is not None and below > above:
            words = _("%(high)s=%(above)s is below %(low)s=%(below)s; give it above.")
            shown = {"low": low, "high": high, "below": below, "above": above}
            fields[high] = [field_error("not_ordered", words % shown, **shown)]
    if fields:
        raise invalid_fields(fields)
    return {
        name: int(given[name]) if getattr(rule, "is_whole", False) else given[name]
        for name, rule in known.items()
        if name in given
    }
