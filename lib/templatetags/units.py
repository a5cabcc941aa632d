"""The only place that formats numbers with units for the screen: digits, grouping, unit symbol, age, "no reading".

Templates use these filters and never print a bare number; live.js uses the same digits through `digits_rule`.
Conversions between units live in `science.units`, not here.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Final
from zoneinfo import ZoneInfo

from django import template
from django.utils import dateformat, timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from science.interval import UncertainMass

register = template.Library()

CO2: Final = "CO<sub>2</sub>"


@dataclass(frozen=True, slots=True)
class DisplayUnit:
    """A unit symbol (international, so not translated) and its decimals; None: by magnitude."""

    symbol_html: str
    decimals: int | None = None


UNITS: Final[dict[str, DisplayUnit]] = {
    "kg": DisplayUnit("kg"),
    "kg_co2": DisplayUnit(f"kg {CO2}"),
    "kg_co2_per_h": DisplayUnit(f"kg {CO2}/h"),
    "t_co2": DisplayUnit(f"t {CO2}"),
    "t_co2e": DisplayUnit(f"t {CO2}e"),
    "kg_co2e_per_t": DisplayUnit(f"kg {CO2}e/t"),
    "t": DisplayUnit("t"),
    "ppm": DisplayUnit("ppm", 0),
    "celsius": DisplayUnit("°C", 1),
    "m_per_s": DisplayUnit("m/s", 2),
    "m": DisplayUnit("m", 0),
    "m3": DisplayUnit("m<sup>3</sup>"),
    "percent": DisplayUnit("%", 1),
}

# (from this magnitude on, decimals): about three to five significant digits, 1,234.5 being the longest.
DECIMALS_BY_MAGNITUDE: Final[tuple[tuple[float, int], ...]] = (
    (10_000, 0),
    (10, 1),
    (1, 2),
    (0.1, 3),
    (0.01, 4),
    (0.001, 5),
    (0, 6),
)

_ANY_FLOAT: Final = Context(prec=320)  # the largest has 309 digits; with the usual 28 a device's 1e30 would raise

LATE_AFTER_INTERVALS: Final = 3
SILENT_AFTER_S: Final = 300
DEFAULT_INTERVAL_S: Final = 5


@dataclass(frozen=True, slots=True)
class Age:
    """How old a figure is: `state` is live, late, silent or never; ages.js keeps it up to date."""

    state: str
    text: str
    iso: str
    interval_s: int


def _unit(code: str) -> DisplayUnit:
    try:
        return UNITS[code]
    except KeyError:
        raise ValueError(f"unit {code!r} is not known; known units: {', '.join(UNITS)}") from None


def _is_missing(value: object) -> bool:
    if value is None or value == "":
        return True
    return isinstance(value, (float, Decimal)) and not math.isfinite(value)


def _decimals_for(magnitude: float) -> int:
    return next(decimals for limit, decimals in DECIMALS_BY_MAGNITUDE if magnitude >= limit)


@register.filter
def number(value: float | Decimal | None, unit_code: str = "kg") -> str:
    """The digits alone, as `1,234.5`, or "no reading"."""
    if value is None or _is_missing(value):
        return _("no reading")
    if value == 0:
        return "0"
    decimals = _unit(unit_code).decimals
    if decimals is None:
        decimals = _decimals_for(abs(float(value)))
    # Half up on the exact binary value: what Intl.NumberFormat does, so page and script agree.
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _ANY_FLOAT)
    return f"{abs(rounded) if rounded == 0 else rounded:,}"


@register.filter
def quantity(value: float | Decimal | None, unit_code: str) -> SafeString:
    """The number with its unit, or "no reading": never a zero that nobody measured."""
    symbol = unit(unit_code)
    if _is_missing(value):
        return format_html('<span class="quantity quantity--missing">{}</span>', _("no reading"))
    digits = format_html('<span class="quantity__number">{}</span>', number(value, unit_code))
    return format_html('<span class="quantity">{} <span class="quantity__unit">{}</span></span>', digits, symbol)


@register.filter
def at_least(figure: SafeString, is_lower_bound: bool) -> SafeString:
    """A quantity marked as a lower bound, where it is one and known."""
    if not is_lower_bound or "quantity--missing" in figure:
        return figure
    return format_html('<span class="quantity__bound">{}</span> {}', _("at least"), figure)


@register.filter
def interval(mass: UncertainMass | None, unit_code: str) -> SafeString:
    """Low and high of a total, k = 2; "... or more" where a sensor was at the end of its range. Empty without one."""
    if mass is None:
        return mark_safe("")
    scale = 1000 if unit_code.startswith("t_") else 1
    low, high = (None if kg is None else number(kg / scale, unit_code) for kg in (mass.low_kg, mass.high_kg))
    words = (
        _("%(low)s or more") % {"low": low} if high is None else _("%(low)s to %(high)s") % {"low": low, "high": high}
    )
    return format_html('<span class="interval">{} {}</span>', words, unit(unit_code))


@register.filter
def unit(unit_code: str) -> SafeString:
    """The symbol of a unit."""
    return mark_safe(_unit(unit_code).symbol_html)  # noqa: S308 - a constant of our table


@register.filter
def percent(value: float | None) -> str:
    """A share as `91.7 %`, rounded down: 99.97 % of a day must not be shown as the whole day."""
    if value is None or _is_missing(value):
        return _("no reading")
    floored = Decimal(str(value)).quantize(Decimal("0.1"), rounding=ROUND_FLOOR)
    return f"{floored.normalize():f} %" if floored == floored.to_integral_value() else f"{floored} %"


@register.filter
def digits_rule(unit_code: str) -> str:
    """The number of decimals by magnitude, for live.js: `10000:0,10:1,...`."""
    decimals = _unit(unit_code).decimals
    if decimals is not None:
        return f"0:{decimals}"
    return ",".join(f"{limit:g}:{places}" for limit, places in DECIMALS_BY_MAGNITUDE)


@register.filter
def co2(text: str) -> SafeString:
    """Our text with CO2 shown as CO<sub>2</sub>; everything else is escaped."""
    return mark_safe(conditional_escape(text).replace("CO2", CO2))  # noqa: S308 - escaped first


def _zone(time_zone: str | tzinfo | None) -> tzinfo:
    if not time_zone:
        return timezone.get_current_timezone()
    return ZoneInfo(time_zone) if isinstance(time_zone, str) else time_zone


@register.filter
def clock(moment: datetime | None, time_zone: str | tzinfo | None = None) -> str:
    """`14:05` in the site's zone, the day in front when it is not today; 24 h in every language."""
    if not moment:
        return ""
    local = moment.astimezone(_zone(time_zone))
    is_today = local.date() == timezone.now().astimezone(local.tzinfo).date()
    return dateformat.format(local, "H:i" if is_today else "j M H:i")


def _elapsed_text(elapsed_s: float) -> str:
    if elapsed_s < 100:
        return _("{n} s ago").replace("{n}", str(int(elapsed_s)))
    if elapsed_s < 100 * 60:
        return _("{n} min ago").replace("{n}", str(int(elapsed_s // 60)))
    if elapsed_s < 48 * 3600:
        return _("{n} h ago").replace("{n}", str(int(elapsed_s // 3600)))
    return _("{n} days ago").replace("{n}", str(int(elapsed_s // 86400)))


@register.simple_tag
def age_of(moment: datetime | None, interval_s: int | None = None, time_zone: str | tzinfo | None = None) -> Age:
    """The age of a reading. Late after three intervals, silent after five minutes."""
    interval_s = interval_s or DEFAULT_INTERVAL_S
    if not moment:
        return Age("never", _("no reading yet"), "", interval_s)
    elapsed_s = max(0.0, (timezone.now() - moment).total_seconds())
    iso = moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if elapsed_s >= max(SILENT_AFTER_S, LATE_AFTER_INTERVALS * interval_s):
        text = _("no reading since {time}").replace("{time}", clock(moment, time_zone))
        return Age("silent", text, iso, interval_s)
    state = "late" if elapsed_s >= LATE_AFTER_INTERVALS * interval_s else "live"
    return Age(state, _elapsed_text(elapsed_s), iso, interval_s)
