"""What fire and steam of a site tell, in sentences; figures are of `compliance/fire.py` and `compliance/steam.py`."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from compliance.fire import GOOD_LOSS, FireTold, what_fires_tell
from compliance.steam import LEAST_COVERED_SHARE, SteamDay, SteamGap, steam_days
from emissions.settling import SitePeriod
from factories.days import FactoryDay, day_just_ended, local_hour_start, running_day
from factories.models import Factory
from lib.templatetags.units import number
from science.boiler import GOOD_FIRE, FireRemedy


@dataclass(frozen=True, slots=True)
class FireCard:
    """Today's fire and the steam of the last factory day. Empty: not measured."""

    start_label: str
    end_label: str
    loss: str
    waste: str
    remedy: str
    notes: tuple[str, ...]
    steam: str


def fire_card(factory: Factory, now: datetime) -> FireCard | None:
    """Of the whole hours of the running factory day; None while no wood fire was measured in them, and no steam on the
    day before. Refresh the site days first."""
    today, yesterday = running_day(factory, now), day_just_ended(factory, now)
    end = local_hour_start(now, factory.zone)
    (told,) = what_fires_tell([factory], [SitePeriod(factory.pk, today.starts_at, end)], now)
    (steam,) = steam_days(factory, [yesterday])
    if told is None and steam is None:
        return None
    values = _values(told) if told else {}
    return FireCard(
        start_label=f"{today.starts_at:%H:%M}",
        end_label=f"{end:%H:%M}",
        loss=_("%(percent)d %% of the wood's heat leaves by the chimney; a good fire loses %(good)d.") % values
        if told
        else "",
        waste=_waste(told) if told else "",
        remedy=_remedy(told.remedy) % values if told else "",
        notes=_notes(told, values) if told else (),
        steam=_steam(steam, yesterday) if steam else "",
    )


def _values(told: FireTold) -> dict[str, Any]:
    return {
        "percent": round(100 * told.loss.total),
        "good": round(100 * GOOD_LOSS),
        "low": round(100 * told.loss.low),
        "high": round(100 * told.loss.high),
        "excess": round(100 * told.loss.excess_air),
        "co2": f"{100 * told.fire.co2_fraction_dry:.1f}",
        "good_co2": round(100 * GOOD_FIRE.co2_fraction_dry),
        "moisture": round(100 * told.fire.wood_moisture_fraction),
        "good_moisture": round(100 * GOOD_FIRE.wood_moisture_fraction),
        "celsius": round(told.fire.stack_temperature_c),
        "good_celsius": round(GOOD_FIRE.stack_temperature_c),
    }


def _waste(told: FireTold) -> str:
    """The wood and the money that a good fire would have saved today."""
    if told.avoidable_kg < 1:
        return _("A good fire would have used as much wood today.")
    wood = _("%(kg)s kg of wood") % {"kg": number(told.avoidable_kg, "kg")}
    if told.avoidable_m3 is not None:
        wood = _("%(m3)s m3 of wood") % {"m3": number(told.avoidable_m3, "m3")}
    if told.avoidable_cost is None or told.price is None:
        return _("That is %(wood)s today.") % {"wood": wood}
    cost = f"{told.price.currency} {_rounded(told.avoidable_cost):,}"
    return _("That is %(wood)s, %(cost)s, today.") % {"wood": wood, "cost": cost}


def _remedy(remedy: FireRemedy) -> str:
    """The one thing to change."""
    return {
        FireRemedy.DAMPER: _(
            "Close the damper a little: the gas has %(co2)s %% CO2, that of a good fire %(good_co2)d %%. The fire gets "
            "%(excess)d %% more air than it needs, or air leaks in before the sensor."
        ),
        FireRemedy.MOISTURE: _(
            "Burn drier wood: at %(moisture)d %% moisture much of its heat boils its own water. Dry it under a roof to "
            "%(good_moisture)d %%."
        ),
        FireRemedy.LOAD: _(
            "The gas leaves at %(celsius)d °C, that of a good fire at %(good_celsius)d °C: clean the tubes of the "
            "boiler, or burn less at a time."
        ),
        FireRemedy.NONE: _("Nothing needs to change: the fire is close to a good one."),
    }[remedy]


def _notes(told: FireTold, values: dict[str, Any]) -> tuple[str, ...]:
    sure = _(
        "The loss lies between %(low)d and %(high)d %%. What burns badly and what the boiler radiates is not measured "
        "and not in it."
    )
    assumed = _("The site has not stated the moisture of its wood: %(moisture)d %% is assumed.")
    return (sure % values,) if told.moisture_is_stated else (sure % values, assumed % values)


def _steam(steam: SteamDay, day: FactoryDay) -> str:
    """The direct method beside the loss of the chimney, or what is missing for it."""
    values = {
        "day": day.label,
        "kg": f"{steam.steam_kg:,.0f}",
        "percent": round(100 * steam.covered_share),
        "least": round(100 * LEAST_COVERED_SHARE),
    }
    if SteamGap.COVERAGE in steam.missing:
        words = _("Steam was measured for %(percent)d %% of %(day)s. A comparison with the wood needs %(least)d %%.")
    elif SteamGap.OTHER_FUEL in steam.missing:
        words = _("%(kg)s kg of steam on %(day)s, in part from other fuel than wood.")
    elif steam.kg_per_kg is None or steam.efficiency is None:
        words = _("%(kg)s kg of steam on %(day)s. Log the firewood of that day to see what a kg of it made.")
    else:
        values |= {"ratio": f"{steam.kg_per_kg:.1f}", "share": round(100 * steam.efficiency)}
        words = _("On %(day)s a kg of wood made %(ratio)s kg of steam: %(share)d %% of its heat (direct method).")
    return words % values


def steam_note(steam: SteamDay) -> str:
    """What was assumed for the heat of the steam."""
    return {
        (True, True): _("Pressure and feed water are assumed: 10 bar, 80 °C."),
        (True, False): _("The pressure is assumed: 10 bar."),
        (False, True): _("The feed water is assumed: 80 °C."),
        (False, False): "",
    }[SteamGap.PRESSURE in steam.missing, SteamGap.FEED_WATER in steam.missing]


def _rounded(cost: Decimal) -> Decimal:
    """To about three digits: more would promise what the interval does not keep."""
    places = max(0, cost.adjusted() - 2)
    return cost.quantize(Decimal(1).scaleb(places)).quantize(Decimal(1))
