"""What the verdict on stack and fuel log says, in the reader's language: what is seen, and what to look at first."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.balance import Balance, wood_m3
from factories.days import day_label
from factories.models import Factory
from factories.sectors import SECTORS
from lib.templatetags.units import number
from science.balance import BalanceVerdict

VERDICT_LABELS: dict[BalanceVerdict, Promise] = {
    BalanceVerdict.UNKNOWN: gettext_lazy("no ratio"),
    BalanceVerdict.NOTHING: gettext_lazy("nothing found"),
    BalanceVerdict.UNLOGGED_FUEL: gettext_lazy("more burned than logged"),
    BalanceVerdict.UNBURNED_FUEL: gettext_lazy("more logged than burned"),
    BalanceVerdict.FALSE_AIR: gettext_lazy("false air"),
    BalanceVerdict.SENSOR_DRIFT: gettext_lazy("a sensor drifts"),
    BalanceVerdict.NO_PRODUCTION: gettext_lazy("fire without production"),
}
_WOOD = gettext_lazy(
    "Stack shows more wood than the log (about %(m3)s m3 from %(first)s to %(last)s). Was a delivery not written?"
)
_APART: dict[str, Promise] = {
    BalanceVerdict.UNLOGGED_FUEL: gettext_lazy(
        "The stack shows more than the fuel in the log, about %(amount)s from %(first)s to %(last)s "
        "(ratio %(ratio)s). Was a delivery not written?"
    ),
    BalanceVerdict.UNBURNED_FUEL: gettext_lazy(
        "The stack shows less than the fuel in the log, about %(amount)s from %(first)s to %(last)s "
        "(ratio %(ratio)s), and its gas is as usual. Was fuel written that is not burned yet?"
    ),
    BalanceVerdict.FALSE_AIR: gettext_lazy(
        "The stack shows less than the fuel in the log, about %(amount)s from %(first)s to %(last)s "
        "(ratio %(ratio)s). Check the sample line for false air, then the log."
    ),
    BalanceVerdict.SENSOR_DRIFT: gettext_lazy(
        "Stack and fuel log move apart, about %(amount)s from %(first)s to %(last)s (ratio %(ratio)s), and CO2 or "
        "flow of the gas with them. A sensor drifts like this: calibrate it."
    ),
}


def apart_sentence(params: Mapping[str, Any]) -> str:
    """Of a departure; `params` are those of its alarm."""
    m3 = f"{abs(params['m3']):,.0f}" if params.get("m3", 0) >= 1 else ""
    kg = number(abs(float(params["difference_kg"])))
    words = {
        "m3": m3,
        "amount": _("%(m3)s m3 of wood") % {"m3": m3} if m3 else _("%(kg)s kg of CO2") % {"kg": kg},
        "first": day_label(date.fromisoformat(params["first_day"])),
        "last": day_label(date.fromisoformat(params["last_day"])),
        "ratio": f"{params['stack_kg'] / params['fuel_kg']:.2f}",
    }
    verdict = str(params["verdict"])
    return str(_WOOD if m3 and verdict == BalanceVerdict.UNLOGGED_FUEL else _APART[verdict]) % words


def departure_params(factory: Factory, balance: Balance, now: datetime) -> dict[str, Any]:
    """Of an alarm, and of its sentence; empty while stack and log do not differ. With the difference in stacked m3
    where nothing but firewood burns under the measured chimneys."""
    departure = balance.departure
    if departure is None:
        return {}
    wood: Decimal | None = wood_m3(factory, departure.difference_kg, now)
    return {
        "first_day": departure.first_day.isoformat(),
        "last_day": departure.last_day.isoformat(),
        "days": departure.days,
        "stack_kg": round(departure.stack_kg, 3),
        "fuel_kg": round(departure.fuel_kg, 3),
        "difference_kg": round(departure.difference_kg, 3),
        "verdict": str(balance.last.judged.verdict),
    } | ({} if wood is None else {"m3": round(float(wood), 1)})


def balance_sentence(factory: Factory, balance: Balance, now: datetime) -> str:
    """Of the last day of a balance; empty where nothing is found."""
    judged = balance.last.judged
    if judged.is_apart:
        return apart_sentence(departure_params(factory, balance, now))
    if judged.verdict is BalanceVerdict.NO_PRODUCTION:
        words = {"day": day_label(balance.last.day), "product": SECTORS[factory.sector].product_word}
        return _("The fire burned on %(day)s and no %(product)s is written. Was it a warm-up?") % words
    changes = judged.changes
    if judged.verdict is BalanceVerdict.FALSE_AIR and changes is not None:
        words = {
            "first": day_label(balance.history[changes.first].day),
            "less": f"{-100 * (changes.co2 or 0.0):.0f}",
            "more": f"{100 * (changes.flow_per_kg or 0.0):.0f}",
        }
        return (
            _(
                "Since %(first)s the gas holds %(less)s %% less CO2, and %(more)s %% more gas leaves for each kg made. "
                "Look for false air: a leak, or an open door."
            )
            % words
        )
    return ""
