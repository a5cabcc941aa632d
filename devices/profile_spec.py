"""What a device profile says, checked: topic patterns, JSON paths, fields with their units. Pure, no tables.

A topic pattern has fixed levels and one level `{device}`. There are no wildcards and no regular expressions, so a
profile cannot subscribe to more than one level of device ids, and matching costs the same whatever people write.
`mqtt_ingest/foreign.py` reads messages by it.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from science.instruments import TABLE, Measurand

DEVICE_LEVEL = "{device}"
OUR_FIRST_LEVEL = "carbontrack"
MAPPINGS_LIMIT_COUNT = 32
_LEVEL = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_LEVELS_LIMIT_COUNT = 8
_STEP = re.compile(r"([^.\[\]\x00-\x1f]{1,64})((?:\[\d{1,3}\]){0,3})")
_STEPS_LIMIT_COUNT = 8
_CHANNEL = re.compile(r"channel:([a-z][a-z0-9_]{0,30})")
# As the registry says (`models/registry.py` imports from here): other texts, of any length, are no device ids.
DEVICE_ID = r"^[A-Za-z0-9_-]{3,64}$"
_DEVICE_ID = re.compile(DEVICE_ID)
SCALE_LIMIT = 1e9

READING_FIELDS = {
    "co2_ppm": Measurand.CO2,
    "temperature_c": Measurand.TEMPERATURE,
    "velocity_ms": Measurand.VELOCITY,
    "pressure_pa": Measurand.PRESSURE,
    "dp_pa": Measurand.PRESSURE,
    "cell_temperature_c": Measurand.TEMPERATURE,
    "cell_pressure_pa": Measurand.PRESSURE,
    "humidity_pct": Measurand.SHARE,
    "o2_pct": Measurand.SHARE,
    "ch4_ppm": Measurand.CH4,
}
STATUS_FIELDS = {"rssi_dbm": Measurand.SIGNAL, "supply_v": Measurand.VOLTAGE, "uptime_s": Measurand.TIME}
# A rate is integrated over time; of a counter the increase counts; a level has a mean only.
RATES = (Measurand.MASS_FLOW, Measurand.VOLUME_FLOW, Measurand.POWER)
COUNTERS = (Measurand.MASS, Measurand.VOLUME, Measurand.ENERGY)
LEVELS = (Measurand.PRESSURE, Measurand.TEMPERATURE, Measurand.SHARE)

Step = str | int


class TimeFormat(models.TextChoices):
    """How the message writes the time at `time_path`."""

    ISO = "iso", gettext_lazy("date and time with its offset from UTC")
    ISO_UTC = "iso_utc", gettext_lazy("date and time without offset, in UTC")
    ISO_SITE = "iso_site", gettext_lazy("date and time without offset, on the clock of the site")
    UNIX_S = "unix_s", gettext_lazy("Unix time in seconds")
    UNIX_MS = "unix_ms", gettext_lazy("Unix time in milliseconds")


@dataclass(frozen=True, slots=True)
class Mapping:
    """The number at `path`, times `scale`, in `unit`, is our `field`. Where `unit_path` is given, the message names its
    unit there, and `unit` is not used."""

    path: str
    field: str
    unit: str = ""
    scale: float = 1.0
    unit_path: str = ""

    @property
    def channel(self) -> str:
        """Code of the channel that it fills, empty for a reading's or a status's field."""
        match = _CHANNEL.fullmatch(self.field)
        return match[1] if match else ""

    @property
    def quantity(self) -> Measurand:
        if not self.channel:
            return (READING_FIELDS | STATUS_FIELDS)[self.field]
        return next(q for q in (*RATES, *COUNTERS, *LEVELS) if self.unit in TABLE[q])


# --- Topics ------------------------------------------------------------------------------------
def check_topic(name: str, topic: str) -> None:
    """Raises ValidationError on `name`."""
    levels = topic.split("/")
    if levels.count(DEVICE_LEVEL) != 1 or len(levels) > _LEVELS_LIMIT_COUNT:
        raise _refused(
            name,
            "device_level_missing",
            _("Write the topic with {device} as one whole level, like tele/{device}/SENSOR; at most 8 levels."),
        )
    bad = next((level for level in levels if level != DEVICE_LEVEL and not _LEVEL.fullmatch(level)), None)
    if bad is not None:
        raise _refused(
            name,
            "bad_level",
            _("A level of a topic has 1 to 64 of A-Z a-z 0-9 _ . : -, and no + or #; this one is %(level)r."),
            level=bad[:64],
        )
    if levels[0] in (DEVICE_LEVEL, OUR_FIRST_LEVEL):
        raise _refused(
            name,
            "reserved_topic",
            _("The first level is a fixed word, and not carbontrack: those topics belong to our own devices."),
        )


def topic_of(pattern: str, device_id: str) -> str:
    return pattern.replace(DEVICE_LEVEL, device_id)


def filter_of(pattern: str) -> str:
    return pattern.replace(DEVICE_LEVEL, "+")


def device_in(topic: str, pattern: str) -> str | None:
    """The device id in a topic of this pattern; None for another topic."""
    start, end = pattern.split(DEVICE_LEVEL)
    if not (topic.startswith(start) and topic.endswith(end) and len(topic) > len(start) + len(end)):
        return None
    found = topic[len(start) : len(topic) - len(end)]
    return found if _DEVICE_ID.fullmatch(found) else None


# --- Paths -------------------------------------------------------------------------------------
def steps_of(path: str) -> tuple[Step, ...] | None:
    """`SCD40.CarbonDioxide` or `values[0].co2` as steps; None when it is no path."""
    steps: list[Step] = []
    for part in path.split("."):
        match = _STEP.fullmatch(part)
        if match is None:
            return None
        steps += [match[1], *map(int, re.findall(r"\d+", match[2]))]
    return tuple(steps) if len(steps) <= _STEPS_LIMIT_COUNT else None


def check_path(name: str, path: str) -> None:
    """Raises ValidationError on `name`."""
    if steps_of(path) is None:
        raise _refused(
            name,
            "bad_path",
            _("Write names with points between them, a place in a list in brackets: values[0].co2, not %(path)r."),
            path=path[:64],
        )


# --- Mappings ----------------------------------------------------------------------------------
def mappings_of(rows: object) -> list[Mapping]:
    """The mappings of a body or of the stored column, checked.

    Raises ValidationError on `mappings`: the row counts from 1.
    """
    if not isinstance(rows, list) or len(rows) > MAPPINGS_LIMIT_COUNT:
        raise _refused(
            "mappings", "bad_shape", _("Give a list of at most %(limit)d mappings."), limit=MAPPINGS_LIMIT_COUNT
        )
    found = [_mapping(number, row) for number, row in enumerate(rows, 1)]
    seen: dict[str, int] = {}
    for number, mapping in enumerate(found, 1):
        first = seen.setdefault(mapping.field, number)
        if first != number:
            raise _refused(
                "mappings",
                "field_twice",
                _("Rows %(first)d and %(number)d both fill %(field)s: a field comes from one path."),
                first=first,
                number=number,
                field=mapping.field,
            )
    return found


def _mapping(number: int, row: object) -> Mapping:
    def refused(code: str, words: str, **values: Any) -> ValidationError:
        return _refused("mappings", code, words, number=number, **values)

    if not isinstance(row, dict) or not row.keys() <= {"path", "field", "unit", "scale", "unit_path"}:
        words = _("Row %(number)d is not an object with path, field, unit, and perhaps scale and unit_path.")
        raise refused("bad_shape", words)
    texts = {name: row.get(name) or "" for name in ("path", "field", "unit", "unit_path")}
    scale = row.get("scale", 1.0)
    if not all(isinstance(text, str) for text in texts.values()):
        raise refused("bad_shape", _("Row %(number)d: names and units are texts."))
    is_number = isinstance(scale, int | float) and not isinstance(scale, bool) and math.isfinite(scale)
    if not is_number or not 1 / SCALE_LIMIT <= abs(scale) <= SCALE_LIMIT:
        raise refused("bad_scale", _("Row %(number)d: scale is a number from 1e-9 to 1e9, without it 1."))
    for name in ("path", "unit_path"):
        if name == "path" or texts[name]:
            check_path("mappings", texts[name])
    mapping = Mapping(scale=float(scale), **texts)
    known = _units_of(mapping)
    if not known:
        words = _("Row %(number)d: there is no field %(field)r; use one of %(known)s, or channel:name.")
        fields = ", ".join([*READING_FIELDS, *STATUS_FIELDS])
        raise refused("unknown_field", words, field=mapping.field[:64], known=fields)
    if mapping.unit not in known and not (mapping.unit_path and not mapping.channel):
        words = _("Row %(number)d: %(unit)r is no unit of %(field)s; use one of %(known)s.")
        units = ", ".join(known)
        raise refused("unknown_unit", words, unit=mapping.unit[:40], field=mapping.field, known=units)
    return mapping


def _units_of(mapping: Mapping) -> list[str]:
    if mapping.channel:
        return [unit for quantity in (*RATES, *COUNTERS, *LEVELS) for unit in TABLE[quantity]]
    quantity = (READING_FIELDS | STATUS_FIELDS).get(mapping.field)
    return list(TABLE[quantity]) if quantity else []


def units_by_field() -> dict[str, Sequence[str]]:
    return {field: list(TABLE[quantity]) for field, quantity in (READING_FIELDS | STATUS_FIELDS).items()}


def _refused(name: str, code: str, words: str, **values: Any) -> ValidationError:
    return ValidationError({name: ValidationError(words, code=code, params=values)})
