"""What an alarm says, in the reader's language: one sentence with what is so, since when, and what to do first.

The API gives the same as code and parameters: `kind`, `value`, `limit`, `began_at` and `params`.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from alerts.choices import AlertKind, CostBasis
from alerts.kinds import KINDS, MEASURED
from alerts.models import Alert
from compliance.balance_words import apart_sentence
from compliance.schemes import schemes
from devices.choices import CalibrationPart, SilenceCause
from factories.days import day_label
from factories.sectors import SECTORS
from lib.templatetags.units import clock, number
from science.boiler import FireRemedy

Said = tuple[str | Promise, dict[str, Any]]  # a sentence, and the words that it takes beside those of every sentence

_PLAIN: dict[str, Promise] = {
    AlertKind.CO2_HIGH: _(
        "CO2 is at %(value)s ppm, above %(limit)s, since %(since)s. Open the damper a little and look at the fire."
    ),
    AlertKind.CO2_LOW: _(
        "CO2 is down to %(value)s ppm while the fire burns, below %(limit)s, since %(since)s. "
        "Look for false air: a leak, or an open door."
    ),
    AlertKind.TEMPERATURE_HIGH: _(
        "The stack is at %(value)s °C, above %(limit)s, since %(since)s. Close the damper a little; if it stays, "
        "clean the tubes."
    ),
    AlertKind.TEMPERATURE_LOW: _(
        "The stack is down to %(value)s °C while the fire burns, below %(limit)s, since %(since)s. "
        "Look for wet wood or false air."
    ),
    AlertKind.FLOW_HIGH: _(
        "Gas flows at %(value)s m/s, above %(limit)s, since %(since)s. Check the fan and the damper."
    ),
    AlertKind.FLOW_LOW: _(
        "Gas flows at only %(value)s m/s while the fire burns, below %(limit)s, since %(since)s. "
        "Check the fan, and the probe for soot."
    ),
    AlertKind.SENSOR_OVER_RANGE: _(
        "The CO2 sensor %(device)s has been at the end of its range since %(since)s: the true value is higher. "
        "Fit a sensor with a wider range."
    ),
    AlertKind.HOLD_OPEN: _(
        "Readings of %(device)s have stayed out of the totals since %(since)s, until someone decides what they are."
    ),
}
# Where its last messages show a cause; otherwise the power is looked at first.
_SILENT: dict[str, Promise] = {
    SilenceCause.RADIO: _(
        "The sensor %(device)s has been silent since %(since)s. Its signal was weak: check its antenna and the network."
    ),
    SilenceCause.BROKER: _(
        "The sensor %(device)s has been silent since %(since)s. The server refuses what it sends: its page says why."
    ),
    SilenceCause.CLOCK: _(
        "The sensor %(device)s has been silent since %(since)s. Its clock is wrong: give it network time."
    ),
    SilenceCause.SENSOR: _(
        "The sensor %(device)s has been silent since %(since)s. It reports a fault: check the plug of the sensor."
    ),
}
_SILENT_FIRST = _("The sensor %(device)s has been silent since %(since)s. Check its power first.")
_LOSS = _(
    "%(value)s %% of the wood's heat left by the chimney in the last %(hours)s hours; a good fire loses %(good)s."
)
_REMEDIES: dict[str, Promise] = {
    FireRemedy.DAMPER: _("Close the damper a little: the fire gets too much air."),
    FireRemedy.MOISTURE: _("Burn drier wood."),
    FireRemedy.LOAD: _("Look at the load, then at soot and scale: the gas leaves too hot."),
}
_OF_DEVICE: dict[str, Promise] = {
    "co2_high": _("CO2 above the device's limit"),
    "temperature_high": _("temperature above the device's limit"),
    "temperature_low": _("temperature below the device's limit"),
    "flow_high": _("gas velocity above the device's limit"),
    "flow_low": _("gas velocity below the device's limit"),
    "sensor_fault": _("a sensor reports a fault"),
}


def sentence_of(alert: Alert) -> str:
    """Of an alarm with its factory at hand. The value is the one furthest from the limit since it began."""
    unit = KINDS[alert.kind].unit if alert.kind in MEASURED else "kg"
    words = {
        "device": alert.params.get("device", ""),
        "value": number(alert.value, unit),
        "limit": number(alert.limit, unit),
        "since": clock(alert.began_at, alert.factory.time_zone),
    }
    sentence, more = _OTHERS[alert.kind](alert) if alert.kind in _OTHERS else (_PLAIN[alert.kind], {})
    return str(sentence) % (words | more)


def _day(text: Any) -> str:
    return day_label(date.fromisoformat(str(text)))


def _silent(alert: Alert) -> Said:
    return _SILENT.get(str(alert.params.get("cause", "")), _SILENT_FIRST), {}


def _device_alert(alert: Alert) -> Said:
    code = str(alert.params.get("code", ""))
    return _("%(device)s says: %(what)s, at %(since)s."), {"what": _OF_DEVICE.get(code, code or _("alert"))}


def _calibration(alert: Alert) -> Said:
    words = {"day": day_label(datetime.fromisoformat(str(alert.params["valid_until"])).date())}
    words["part"] = str(CalibrationPart(alert.params["part"]).label)
    if (alert.value or 0) < 0:
        return _("The calibration of %(device)s (%(part)s) ended on %(day)s. Ask for a new one."), words
    return _("The calibration of %(device)s (%(part)s) ends on %(day)s. Ask for a new one."), words


def _log_missing(alert: Alert) -> Said:
    days, items = alert.params.get("days", []), alert.params.get("items", [])
    words = [str(needed.word) for needed in SECTORS[alert.factory.sector].required if needed.item in items]
    sentence = ngettext(
        "The log of %(days)s is past its deadline. Missing: %(items)s.",
        "The logs of %(days)s are past their deadline. Missing: %(items)s.",
        len(days),
    )
    return sentence, {"days": ", ".join(_day(day) for day in days), "items": ", ".join(words)}


def _stack_against_fuel(alert: Alert) -> Said:
    return "%(apart)s", {"apart": apart_sentence(alert.params)}


def _efficiency(alert: Alert) -> Said:
    remedy = _REMEDIES.get(alert.params.get("remedy", ""), "")
    words = {
        "value": f"{alert.value or 0:.0f}",
        "hours": alert.params.get("hours"),
        "good": f"{alert.params.get('good_pct', 0):.0f}",
    }
    return f"{_LOSS} {remedy}".strip(), words


def _report(alert: Alert) -> Said:
    scheme, blocker = schemes().get(alert.params["scheme"]), alert.params["blocker"]
    words = {
        "title": scheme.title if scheme else alert.params["scheme"],
        "place": alert.params["place"],
        "due": alert.params["due_on"],
        "blocker": blocker,
    }
    if blocker:
        return _("%(title)s of %(place)s is due on %(due)s. First: %(blocker)s"), words
    return _("%(title)s of %(place)s is due on %(due)s and not published. Open Reports."), words


def _target(alert: Alert) -> Said:
    words = {"unit": alert.params.get("unit", "")}
    return _("The last twelve months are at %(value)s %(unit)s; the target's line is at %(limit)s."), words


_OTHERS: dict[str, Callable[[Alert], Said]] = {
    AlertKind.SENSOR_SILENT: _silent,
    AlertKind.DEVICE_ALERT: _device_alert,
    AlertKind.CALIBRATION_ENDING: _calibration,
    AlertKind.LOG_MISSING: _log_missing,
    AlertKind.STACK_AGAINST_FUEL: _stack_against_fuel,
    AlertKind.EFFICIENCY_LOW: _efficiency,
    AlertKind.TARGET_AT_RISK: _target,
    AlertKind.REPORT_DUE: _report,
}


def price_sentence(alert: Alert) -> str:
    """The price so far with what it stands for; empty while it is not known."""
    if alert.cost_kg_co2 is None:
        return ""
    words = {"kg": number(alert.cost_kg_co2), "basis": CostBasis(alert.cost_basis).label}
    if alert.cost_amount is None or not alert.sees_money:
        return str(_("%(kg)s kg CO2 %(basis)s") % words)
    words |= {"currency": alert.cost_currency, "amount": f"{alert.cost_amount:,.0f}"}
    return str(_("%(kg)s kg CO2 %(basis)s: %(currency)s %(amount)s of fuel") % words)


def title_of(alert: Alert) -> str:
    return str(capfirst(str(AlertKind(alert.kind).label)))
