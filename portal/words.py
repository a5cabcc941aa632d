"""Texts for codes: states, flags and periods as sentences. A manager never sees a code."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from devices.choices import HoldKind
from devices.models import AssignmentHold
from devices.queries import DeviceState
from emissions.settling import SettlingReason, SitePeriod, latest, settling_of_sites
from emissions.totals import SoFar
from factories.choices import Item
from factories.days import running_day
from factories.models import Factory
from factories.sectors import SECTORS
from lib.templatetags.units import clock
from science.quality import names

_STATE_WORDS = {
    DeviceState.ONLINE: gettext_lazy("online"),
    DeviceState.SILENT: gettext_lazy("silent"),
    DeviceState.NEVER: gettext_lazy("never reported"),
    DeviceState.NO_DEVICE: gettext_lazy("no sensor"),
}

# Each sentence gives the action first, then the reason. Flags without a sentence are for auditors, not for managers.
_QUALITY_WORDS = {
    "WARMUP": gettext_lazy("The sensor is warming up; its values count in a few minutes."),
    "OVER_RANGE": gettext_lazy(
        "CO2 is at the end of the sensor's range, so the true value is higher. Fit a sensor with a wider range."
    ),
    "OUT_OF_PHYSICAL": gettext_lazy("Check the sensor: it shows an impossible value."),
    "STUCK": gettext_lazy("Check the CO2 sensor: its value does not change while the fire burns."),
    "SPIKE": gettext_lazy("A single value jumped; it is left out of the record."),
    "UNDER_RANGE": gettext_lazy("The CO2 sensor shows less CO2 than outdoor air has. If this lasts, calibrate it."),
    "BELOW_AMBIENT": gettext_lazy("Calibrate the CO2 sensor: it shows less CO2 than outdoor air has."),
    "NEG_VELOCITY": gettext_lazy("Check the flow sensor: it shows gas flowing backwards."),
    "SAMPLE_LINE": gettext_lazy("Check the sample line and pump: the stack is hot but hardly any CO2 arrives."),
    "SENSOR_FAULT": gettext_lazy("A sensor reports a fault. Check its plug first."),
    "CAL": gettext_lazy("The sensor is being calibrated; its values do not count."),
    "CLOCK_SKEW": gettext_lazy("Check the clock of the device: the times that it sends are wrong."),
    "CALIBRATION_EXPIRED": gettext_lazy("The calibration has expired. Ask for a new one."),
}


def state_word(state: DeviceState) -> str:
    return str(_STATE_WORDS[state])


def why_unusable(state: DeviceState, so_far: SoFar | None) -> str:
    """That no reading of a live device is usable; empty if some are."""
    if state is not DeviceState.ONLINE or so_far is None or so_far.covered_ms:
        return ""
    return _("no usable reading")


def lower_bound_notes(is_lower_bound: bool) -> tuple[str, ...]:
    """A note on a total with CO2 from a chimney."""
    sentence = _("A CO2 sensor was at the end of its range: CO2 from the chimney is at least what is shown.")
    return (sentence,) if is_lower_bound else ()


def quality_words() -> dict[str, str]:
    return {name: str(words) for name, words in _QUALITY_WORDS.items()}


def quality_sentences(quality: int) -> list[str]:
    return [str(_QUALITY_WORDS[name]) for name in names(quality) if name in _QUALITY_WORDS]


def hold_sentence(hold: AssignmentHold | None) -> str | None:
    if hold is None:
        return None
    if hold.kind == HoldKind.GEOMETRY:
        return _("The geometry of its chimney is not stated. Its readings are stored and count once it is.")
    if hold.kind == HoldKind.TWO_DEVICES:
        return _(
            "Two devices send with the login of this sensor at the same time. Its readings are stored and stay out of "
            "the totals until someone decides. Give each device its own login."
        )
    return _(
        "The device reports %(field)s %(reported)s, the registry says %(registered)s. "
        "Its readings stay out of the totals until someone decides which is right."
    ) % {"field": hold.field, "reported": hold.reported, "registered": hold.registered}


def missing_words(factory: Factory, items: Iterable[Item]) -> str:
    return ", ".join(str(needed.word) for needed in SECTORS[factory.sector].required if needed.item in items)


def settling_sentence(periods: Sequence[SitePeriod], time_zone: str, now: datetime) -> str:
    """A note on a total of sites: until when it may still change by itself, and why. Empty where it is settled."""
    settling = latest(settling_of_sites(periods, now))
    if settling is None:
        return ""
    if settling.why is SettlingReason.RUNNING:
        return _("The period is not over. This total is final from %(time)s.") % {
            "time": clock(settling.until, time_zone)
        }
    if settling.why is SettlingReason.ROLLING_UP:
        return _("New readings are being added. This total is final in a few minutes.")
    return _(
        "This total may change until %(day)s: a chimney sensor is silent or late and may still send stored readings."
    ) % {"day": dateformat.format(settling.until, "j M Y")}


def today_label(factory: Factory, now: datetime) -> str:
    """The factory day so far, as its own clock shows it."""
    start, local = running_day(factory, now).starts_at, now.astimezone(factory.zone)
    times = {"start": f"{start:%H:%M}", "now": f"{local:%H:%M}"}
    if start.date() == local.date():
        return _("factory day since %(start)s, now %(now)s") % times
    return _("factory day since %(start)s yesterday, now %(now)s") % times
