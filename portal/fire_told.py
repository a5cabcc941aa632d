"""What the fire of a site tells, as sentences. The figures are of `compliance/fire.py`."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from compliance.fire import GOOD_LOSS, FireTold, what_fires_tell
from emissions.settling import SitePeriod
from factories.days import local_hour_start, running_day
from factories.models import Factory
from lib.templatetags.units import number
from science.boiler import GOOD_FIRE, FireRemedy


@dataclass(frozen=True, slots=True)
class FireCard:
    """Today's fire in sentences."""

    start_label: str
    end_label: str
    loss: str
    interval: str
    waste: str
    remedy: str
    moisture: str  # what was assumed; empty when the site stated it


def fire_card(factory: Factory, now: datetime) -> FireCard | None:
    """Of the whole hours of the running factory day; None while no wood fire was measured in them."""
    today = running_day(factory, now)
    end = local_hour_start(now, factory.zone)
    (told,) = what_fires_tell([factory], [SitePeriod(factory.pk, today.starts_at, end)], now)
    if told is None:
        return None
    return FireCard(
        start_label=f"{today.starts_at:%H:%M}",
        end_label=f"{end:%H:%M}",
        loss=loss_sentence(told),
        interval=interval_words(told),
        waste=waste_sentence(told),
        remedy=remedy_sentence(told),
        moisture=moisture_words(told),
    )


def loss_sentence(told: FireTold) -> str:
    return _("%(percent)d %% of the wood's heat leaves by the chimney; a good fire loses %(good)d.") % {
        "percent": round(100 * told.loss.total),
        "good": round(100 * GOOD_LOSS),
    }


def waste_sentence(told: FireTold) -> str:
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


def remedy_sentence(told: FireTold) -> str:
    """The one thing to change."""
    values = {
        "excess": round(100 * told.loss.excess_air),
        "co2": f"{100 * told.fire.co2_fraction_dry:.1f}",
        "good_co2": round(100 * GOOD_FIRE.co2_fraction_dry),
        "moisture": round(100 * told.fire.wood_moisture_fraction),
        "good_moisture": round(100 * GOOD_FIRE.wood_moisture_fraction),
        "celsius": round(told.fire.stack_temperature_c),
        "good_celsius": round(GOOD_FIRE.stack_temperature_c),
    }
    texts = {
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
    }
    return texts[told.remedy] % values


def moisture_words(told: FireTold) -> str:
    if told.moisture_is_stated:
        return ""
    return _("The site has not stated the moisture of its wood: %(percent)d %% is assumed.") % {
        "percent": round(100 * told.fire.wood_moisture_fraction)
    }


def interval_words(told: FireTold) -> str:
    return _("between %(low)d and %(high)d %%") % {
        "low": round(100 * told.loss.low),
        "high": round(100 * told.loss.high),
    }


def _rounded(cost: Decimal) -> Decimal:
    """To about three digits: more would promise what the interval does not keep."""
    places = max(0, cost.adjusted() - 2)
    return cost.quantize(Decimal(1).scaleb(places)).quantize(Decimal(1))
