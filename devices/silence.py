"""Why is a sensor silent: power, radio, broker, clock, sensor, or unknown. From a trace of what was heard before.

Pure: `mqtt_ingest.silence` gathers the trace. Every limit below is [A], chosen on the training half of the recorded
traces; `docs/silence.md` shows how often each cause is found on the other half.

A cause is named only where the trace shows it. A supply that is cut and a network that is cut look the same from
afar until the device is back, so a sensor that stops from one message to the next has the cause "unknown".
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from django.utils.translation import gettext as _

from devices.choices import SilenceCause
from science import readings

# The board's 5 V, or a lithium cell that feeds it. Its own detector resets it far lower (firmware/docs/power.md).
FIVE_VOLTS = (4.75, 5.5)
LITHIUM_CELL = (3.6, 4.3)
SUPPLY_FELL_SHARE = 0.06  # of the median before: noise and a cell's usual night stay within it
WEAK_SIGNAL_DBM = -80.0
SIGNAL_FELL_DB = 10.0
FLAPS_COUNT = 3
# Statuses come every minute. After three of them nothing, the device is off line, whatever the broker says.
OFF_LINE_AFTER = timedelta(minutes=3, seconds=30)
FEWEST_COUNT = 6  # statuses from which a course is read
FAULTY_SHARE = 0.8
SENSOR_FAULTS = readings.CO2_FAULT | readings.TEMPERATURE_FAULT | readings.VELOCITY_FAULT | readings.OVER_RANGE
CLOCK_REASONS = frozenset({"future_time", "too_old", "not_milliseconds"})
LOGIN_REASONS = frozenset({"unknown_device", "revoked"})
TOGETHER_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class StatusSeen:
    """A status of a device that was on line, and when it came. None: it does not report that."""

    at: datetime
    stream: int | None = None
    uptime_s: float | None = None
    rssi_dbm: float | None = None
    supply_v: float | None = None
    outbox: int | None = None
    undatable: int | None = None
    reset_reason: str = ""


@dataclass(frozen=True, slots=True)
class SilenceTrace:
    """What was heard of a device before it fell silent, and what the server knows beside it.

    `faulty_share` and `fault_flags` are of the readings of the last 10 minutes in which readings came. `refusals` are
    the newest of each reason: when, which, in words. `login_changed_at`: of a new password that the device has not
    confirmed. `others_count` devices of other sites were heard then, `others_silent_count` of them fell silent with it.
    """

    now: datetime
    statuses: tuple[StatusSeen, ...] = ()  # oldest first
    last_wills: tuple[datetime, ...] = ()
    last_reading_at: datetime | None = None  # received
    streams_with_readings: frozenset[int] = field(default_factory=frozenset)
    faulty_share: float = 0.0
    fault_flags: int = 0
    refusals: tuple[tuple[datetime, str, str], ...] = ()
    login_changed_at: datetime | None = None
    is_revoked: bool = False
    others_count: int = 0
    others_silent_count: int = 0

    @property
    def is_on_line(self) -> bool:
        """Statuses still come, and no last will since."""
        if not self.statuses:
            return False
        last = self.statuses[-1].at
        return self.now - last <= OFF_LINE_AFTER and all(will <= last for will in self.last_wills)


@dataclass(frozen=True, slots=True)
class Silence:
    """The cause, one sentence for people that says what to look at first, and the facts behind it."""

    cause: SilenceCause
    sentence: str
    facts: tuple[str, ...] = ()


def is_sound_supply(supply_v: float) -> bool:
    """A 5 V supply or a lithium cell in its usual range."""
    return any(low <= supply_v <= high for low, high in (FIVE_VOLTS, LITHIUM_CELL))


def explain(trace: SilenceTrace) -> Silence:
    """The first of the causes that the trace shows."""
    found = _refused(trace) or (_while_on_line(trace) if trace.is_on_line else _while_off_line(trace))
    return found or Silence(SilenceCause.UNKNOWN, _unknown_sentence(trace), tuple(_last_facts(trace)))


# --- What it sends is refused ----------------------------------------------------------------------
def _refused(trace: SilenceTrace) -> Silence | None:
    if trace.is_revoked:
        return Silence(SilenceCause.BROKER, _("Its login was revoked: register it under a new id."))
    newest = max(trace.refusals, default=None)
    if newest is None or (trace.last_reading_at is not None and newest[0] <= trace.last_reading_at):
        return None
    _at, reason, words = newest
    cause, sentence = SilenceCause.UNKNOWN, _("Its readings are refused: the detail under refused messages says why.")
    if reason in CLOCK_REASONS:
        cause = SilenceCause.CLOCK
        sentence = _("Its clock is wrong, so its readings are refused: give it a time server.")
    elif reason in LOGIN_REASONS:
        cause = SilenceCause.BROKER
        sentence = _("No device is registered under its id: register it, or correct its id.")
    return Silence(cause, sentence, (_("Its last message was refused: %(reason)s.") % {"reason": words},))


# --- It is on line ------------------------------------------------------------------------------
def _while_on_line(trace: SilenceTrace) -> Silence | None:
    last = trace.statuses[-1]
    if trace.last_reading_at is not None and trace.now - trace.last_reading_at <= OFF_LINE_AFTER:
        return _sensor(trace)
    since_boot = [one for one in trace.statuses if one.stream == last.stream]
    outboxes = [one.outbox for one in since_boot if one.outbox is not None]
    if len(outboxes) < 2 or outboxes[-1] <= outboxes[0]:
        return None
    fact = _("Its memory filled from %(first)d to %(last)d readings while it was on line.")
    fact %= {"first": outboxes[0], "last": outboxes[-1]}
    cause = SilenceCause.CLOCK
    sentence = _("It measures but does not know the time, so it may not send: give it a time server.")
    if last.stream in trace.streams_with_readings:
        cause = SilenceCause.BROKER
        sentence = _("It is on line, but the broker lets no reading through: check its rights on its own topics.")
    return Silence(cause, sentence, (fact,))


def _sensor(trace: SilenceTrace) -> Silence | None:
    if trace.faulty_share < FAULTY_SHARE:
        return None
    words = {
        readings.CO2_FAULT: _("The CO2 sensor gives no value: check its plug and supply."),
        readings.OVER_RANGE: _("The CO2 sensor stands at the end of its range: fit one with a wider range."),
        readings.TEMPERATURE_FAULT: _("The thermocouple gives no value: check its plug; it may be broken."),
        readings.VELOCITY_FAULT: _("The flow sensor gives no value: check its hoses and plug."),
    }
    sentences = [sentence for flag, sentence in words.items() if trace.fault_flags & flag]
    share = _("%(percent)d %% of its last readings are flagged.") % {"percent": round(100 * trace.faulty_share)}
    first = sentences[0] if sentences else _("The sensor gives no usable value: check its plug first.")
    return Silence(SilenceCause.SENSOR, first, (share, *sentences[1:]))


# --- It is off line -----------------------------------------------------------------------------
def _while_off_line(trace: SilenceTrace) -> Silence | None:
    return _together(trace) or _power(trace) or _login(trace) or _radio(trace) or _no_clock(trace)


def _together(trace: SilenceTrace) -> Silence | None:
    """One device in many fails alone; many at once have one cause, and it is at our end."""
    if trace.others_silent_count < 2 or trace.others_silent_count < TOGETHER_SHARE * trace.others_count:
        return None
    numbers = {"silent": trace.others_silent_count, "all": trace.others_count}
    fact = _("%(silent)d of %(all)d sensors of other sites fell silent at the same time.") % numbers
    return Silence(SilenceCause.BROKER, _("The broker or its way to us is down: nothing is to do on site."), (fact,))


def _power(trace: SilenceTrace) -> Silence | None:
    """Its voltage fell, or it restarted for want of power shortly before."""
    if course := _course([one.supply_v for one in trace.statuses]):
        begin, end = course
        is_low = not is_sound_supply(end) and is_sound_supply(begin)
        if begin - end >= SUPPLY_FELL_SHARE * begin or is_low:
            fact = _("Its supply fell from %(begin).2f to %(end).2f V.") % {"begin": begin, "end": end}
            return Silence(SilenceCause.POWER, _("Power fell slowly: panel or battery."), (fact,))
    restarts = _restarts(trace.statuses)
    brownouts = sum(one.reset_reason == "brownout" for one in restarts)
    if brownouts or sum(one.reset_reason == "poweron" for one in restarts) > 1:
        fact = _("It restarted %(count)d times before, %(brownouts)d of them for want of voltage.")
        numbers = {"count": len(restarts), "brownouts": brownouts}
        return Silence(SilenceCause.POWER, _("Power broke down: cable, converter or mains."), (fact % numbers,))
    return None


def _login(trace: SilenceTrace) -> Silence | None:
    """Its password changed and it has not signed in since: whatever ended its connection, it cannot come back."""
    changed_at = trace.login_changed_at
    if changed_at is None or not trace.statuses or _connected_at(trace) > changed_at:
        return None
    fact = _("Its password was changed at %(time)s UTC; it has not signed in since.") % {"time": f"{changed_at:%H:%M}"}
    return Silence(SilenceCause.BROKER, _("The broker does not let it in: give the device its new password."), (fact,))


def _radio(trace: SilenceTrace) -> Silence | None:
    """Its signal was weak or fell, or its connection broke again and again while it ran on."""
    course = _course([one.rssi_dbm for one in trace.statuses])
    if course and (course[1] <= WEAK_SIGNAL_DBM or course[0] - course[1] >= SIGNAL_FELL_DB):
        fact = _("Its signal went from %(begin).0f to %(end).0f dBm.") % {"begin": course[0], "end": course[1]}
        return Silence(SilenceCause.RADIO, _("Its signal became too weak: look at antenna and access point."), (fact,))
    flaps = _flaps(trace)
    if flaps >= FLAPS_COUNT:
        fact = _("Its connection broke %(count)d times while the device ran on.") % {"count": flaps}
        return Silence(SilenceCause.RADIO, _("Its connection breaks again and again: access point or modem."), (fact,))
    return None


def _no_clock(trace: SilenceTrace) -> Silence | None:
    """Without the time a device does not connect; that it once had none shows in its count of undatable readings."""
    undatable = trace.statuses[-1].undatable if trace.statuses else None
    if not undatable:
        return None
    fact = _("%(count)d of its readings have no time: it restarted before without a clock.") % {"count": undatable}
    sentence = _("After a restart it waits for the time: give its network a time server.")
    return Silence(SilenceCause.CLOCK, sentence, (fact,))


# --- What a trace shows -------------------------------------------------------------------------
def _course(values: Sequence[float | None]) -> tuple[float, float] | None:
    """The median of the first half of a trace, and of its last three statuses: single values are noise."""
    known = [value for value in values if value is not None]
    if len(known) < FEWEST_COUNT:
        return None
    return median(known[: len(known) // 2]), median(known[-3:])


def _restarts(statuses: Sequence[StatusSeen]) -> list[StatusSeen]:
    """The first status after each restart within the trace."""
    return [
        later
        for earlier, later in pairwise(statuses)
        if earlier.uptime_s is not None and later.uptime_s is not None and later.uptime_s < earlier.uptime_s
    ]


def _flaps(trace: SilenceTrace) -> int:
    """Last wills after which the same boot was back."""
    count = 0
    for will in trace.last_wills:
        before = [one for one in trace.statuses if one.at <= will]
        after = [one for one in trace.statuses if one.at > will]
        count += bool(before and after and before[-1].stream == after[0].stream)
    return count


def _connected_at(trace: SilenceTrace) -> datetime:
    """When its last connection began: its first status after the last will before it."""
    last = trace.statuses[-1].at
    will = max((will for will in trace.last_wills if will < last), default=None)
    return next(one.at for one in trace.statuses if will is None or one.at > will)


def _unknown_sentence(trace: SilenceTrace) -> str:
    if not trace.statuses and trace.last_reading_at is None:
        return _("It has never been heard: check its power, its Wi-Fi and its password.")
    if trace.is_on_line:
        return _("It is on line but sends no readings: check the sensor's plug, then restart it.")
    return _("It stopped from one message to the next: check its power first, then the network.")


def _last_facts(trace: SilenceTrace) -> list[str]:
    if not trace.statuses:
        return []
    last, facts = trace.statuses[-1], []
    if last.supply_v is not None:
        facts.append(_("Its last supply voltage was %(volts).2f V.") % {"volts": last.supply_v})
    if last.rssi_dbm is not None:
        facts.append(_("Its last signal was %(dbm).0f dBm.") % {"dbm": last.rssi_dbm})
    return facts
