"""Go / no-go: ten checks of a device that has just been mounted, each with the fact seen and the remedy.

Pure: evidence in, lines and verdict out. `mqtt_ingest.go_no_go` gathers the evidence of a real device. Limits are
those of firmware/docs/install.md; those without a source there are [A].
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from devices.choices import Check, CheckState, GoVerdict
from devices.silence import CLOCK_REASONS, is_sound_supply

WEAKEST_DBM = -70.0
CLOCK_WITHIN_S = 2.0
STORED_WITHIN_S = 10.0
ON_LINE_WITHIN_S = 210.0  # three statuses, as `devices.silence`
PATIENCE_S = 120.0  # after which what does not come is a fault
COMMITTED_WITHIN_S = 20.0
LEAK_STEP_S = 15.0
LEAK_LEAST_PPM = 1_000.0
LEAK_TIMES_USUAL = 3.0  # the fire itself moves CO2; breath or fresh air moves it faster
PLUG_S = 60.0

BAD_RESETS = frozenset({"panic", "watchdog", "task_watchdog", "interrupt_watchdog"})


@dataclass(frozen=True, slots=True)
class Sensor:
    """How the CO2 sensor is registered, or reports itself; None and "" are not stated."""

    sensor: str = ""
    range_ppm: float | None = None
    co2_basis: str = ""
    pressure_compensation: str = ""


@dataclass(frozen=True, slots=True)
class LeakTest:
    """CO2 around the press of the button: (seconds since it, ppm), ascending; ppm None: no value."""

    co2_ppm: tuple[tuple[float, float | None], ...] = ()


@dataclass(frozen=True, slots=True)
class PlugTest:
    """`outage_s`: the longest silence since the button. `missing_count` readings are named by no answer."""

    outage_s: float = 0.0
    is_back: bool = False
    back_for_s: float = 0.0
    missing_count: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a device at one moment. Ages and delays in seconds; None: not known, or not reported.

    `clock_lag_s` is the shortest time between measuring and storing of late: below zero its clock is ahead. `refusal`
    is of a refusal newer than the last stored reading. `stored_count` readings of this boot had been stored when the
    last status came, the first of them `stored_for_s` before it.
    """

    run_age_s: float = 0.0
    heard_age_s: float | None = None
    is_online: bool = False
    is_login_in_force: bool = True
    login_words: str = ""
    supply_v: float | None = None
    reset_reason: str = ""
    rssi_dbm: float | None = None
    has_status: bool = False
    clock_lag_s: float | None = None
    refusal: str = ""
    refusal_words: str = ""
    stored_age_s: float | None = None
    usual_gap_s: float = 0.0
    outbox: int | None = None
    outbox_before: int | None = None
    stored_count: int = 0
    stored_for_s: float = 0.0
    registered: Sensor | None = None
    reported: Sensor = Sensor()
    burned: str = ""
    misfit: str = ""
    leak: LeakTest | None = None
    plug: PlugTest | None = None

    @property
    def is_unplugged(self) -> bool:
        """The pulled-plug test runs: what needs the network waits."""
        return self.plug is not None and self.plug.outage_s > 0 and not self.plug.is_back


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One check: its state, the fact seen, and what to do about it (empty when it passed)."""

    check: Check
    state: CheckState
    fact: str
    remedy: str = ""

    @property
    def number(self) -> int:
        return list(Check).index(self.check) + 1

    @property
    def title(self) -> str:
        return str(Check(self.check).label)


@dataclass(frozen=True, slots=True)
class Result:
    verdict: GoVerdict
    lines: tuple[CheckLine, ...]

    @property
    def left(self) -> int:
        return sum(line.state is CheckState.WAIT for line in self.lines)

    @property
    def failed(self) -> list[CheckLine]:
        return [line for line in self.lines if line.state is CheckState.FAIL]

    @property
    def words(self) -> str:
        """GO, NOT YET (2 left), NO-GO (why)."""
        if self.verdict is GoVerdict.NO_GO:
            return _("NO-GO (%(why)s)") % {"why": ", ".join(line.title for line in self.failed)}
        return _("NOT YET (%(left)d left)") % {"left": self.left} if self.left else _("GO")


def judge(evidence: Evidence) -> Result:
    lines = tuple(check(evidence) for check in _CHECKS)
    states = {line.state for line in lines}
    if CheckState.FAIL in states:
        return Result(GoVerdict.NO_GO, lines)
    return Result(GoVerdict.NOT_YET if CheckState.WAIT in states else GoVerdict.GO, lines)


def _passed(check: Check, fact: str) -> CheckLine:
    return CheckLine(check, CheckState.PASS, fact)


def _no_status(check: Check) -> CheckLine:
    return CheckLine(
        check, CheckState.WAIT, _("No status came yet."), _("Wait a minute: a device sends its status each minute.")
    )


# --- What the device says of itself ----------------------------------------------------------------
def _power(seen: Evidence) -> CheckLine:
    if not seen.has_status:
        return _no_status(Check.POWER)
    reason = seen.reset_reason or _("not reported")
    if seen.supply_v is None:
        fact = _("Last restart: %(reason)s. The supply voltage is not reported.") % {"reason": reason}
    else:
        fact = _("%(volts).2f V; last restart: %(reason)s.") % {"volts": seen.supply_v, "reason": reason}
    if seen.reset_reason == "brownout" or (seen.supply_v is not None and not is_sound_supply(seen.supply_v)):
        return CheckLine(
            Check.POWER, CheckState.FAIL, fact, _("Measure at the board: thin cable, small converter or old battery.")
        )
    if seen.reset_reason in BAD_RESETS:
        return CheckLine(
            Check.POWER,
            CheckState.FAIL,
            fact,
            _("Its software stopped: restart it; if it comes again, change the board."),
        )
    return CheckLine(Check.POWER, CheckState.NOT_TESTED if seen.supply_v is None else CheckState.PASS, fact)


def _signal(seen: Evidence) -> CheckLine:
    if not seen.has_status:
        return _no_status(Check.SIGNAL)
    if seen.rssi_dbm is None:
        return CheckLine(Check.SIGNAL, CheckState.NOT_TESTED, _("The signal is not reported."))
    fact = _("%(dbm).0f dBm, with the box as it is now.") % {"dbm": seen.rssi_dbm}
    if seen.rssi_dbm < WEAKEST_DBM:
        remedy = _("It needs -70 dBm or better: put the antenna outside, or the access point nearer.")
        return CheckLine(Check.SIGNAL, CheckState.FAIL, fact, remedy)
    return _passed(Check.SIGNAL, fact)


def _clock(seen: Evidence) -> CheckLine:
    remedy = _("Give the network a time server: the device takes its time from there.")
    if seen.refusal in CLOCK_REASONS:
        return CheckLine(Check.CLOCK, CheckState.FAIL, _("Refused: %(why)s.") % {"why": seen.refusal_words}, remedy)
    lag = seen.clock_lag_s
    if lag is None:
        return CheckLine(Check.CLOCK, CheckState.WAIT, _("No reading came yet to compare its clock."), remedy)
    if lag < -CLOCK_WITHIN_S:
        return CheckLine(
            Check.CLOCK, CheckState.FAIL, _("Its clock is %(seconds).1f s ahead.") % {"seconds": -lag}, remedy
        )
    fact = _("A reading is here %(seconds).1f s after its own time.") % {"seconds": lag}
    return CheckLine(Check.CLOCK, CheckState.FAIL, fact, remedy) if lag > CLOCK_WITHIN_S else _passed(Check.CLOCK, fact)


# --- The way of a reading -------------------------------------------------------------------------
def _waits_for_network(check: Check) -> CheckLine:
    return CheckLine(check, CheckState.WAIT, _("Waits: the pulled-plug test has taken the network away."))


def _login(seen: Evidence) -> CheckLine:
    if seen.is_online and seen.heard_age_s is not None:
        return _passed(Check.LOGIN, _("Signed in; last heard %(age).0f s ago.") % {"age": seen.heard_age_s})
    if not seen.is_login_in_force:
        remedy = _("Make a new password on the device's page and put it into the device.")
        return CheckLine(Check.LOGIN, CheckState.FAIL, seen.login_words, remedy)
    if seen.is_unplugged:
        return _waits_for_network(Check.LOGIN)
    remedy = _(
        "Look at its light: no Wi-Fi, or a wrong password. Device id and password must be those of the registry."
    )
    state = CheckState.FAIL if seen.run_age_s > PATIENCE_S else CheckState.WAIT
    return CheckLine(Check.LOGIN, state, _("It has not signed in."), remedy)


def _stored(seen: Evidence) -> CheckLine:
    if seen.stored_age_s is not None and seen.stored_age_s <= STORED_WITHIN_S + seen.usual_gap_s:
        return _passed(Check.STORED, _("The last reading was stored %(age).0f s ago.") % {"age": seen.stored_age_s})
    if seen.is_unplugged:
        return _waits_for_network(Check.STORED)
    if seen.refusal:
        fact = _("Its readings are refused: %(why)s.") % {"why": seen.refusal_words}
        return CheckLine(
            Check.STORED, CheckState.FAIL, fact, _("The device's page says which field and what to correct.")
        )
    late = (seen.run_age_s if seen.stored_age_s is None else seen.stored_age_s) > PATIENCE_S
    fact = _("No reading is stored yet.")
    if seen.stored_age_s is not None:
        fact = _("No reading for %(age).0f s.") % {"age": seen.stored_age_s}
    remedy = _("If the clock and the login are right: may it publish on its own topic? Is the CO2 sensor plugged in?")
    return CheckLine(Check.STORED, CheckState.FAIL if late else CheckState.WAIT, fact, remedy)


def _committed(seen: Evidence) -> CheckLine:
    """The device keeps a reading until `committed` names it: fewer kept than stored proves that it came."""
    if not seen.has_status:
        return _no_status(Check.COMMITTED)
    if seen.outbox is None:
        return CheckLine(Check.COMMITTED, CheckState.NOT_TESTED, _("The device does not report what it keeps."))
    fact = _("It keeps %(outbox)d readings; %(stored)d of this start were stored before its last status.")
    fact = fact % {"outbox": seen.outbox, "stored": seen.stored_count}
    if seen.stored_count > seen.outbox:
        return _passed(Check.COMMITTED, fact)
    if seen.is_unplugged:
        return _waits_for_network(Check.COMMITTED)
    is_falling = seen.outbox_before is not None and seen.outbox < seen.outbox_before
    if not seen.stored_count or seen.stored_for_s < COMMITTED_WITHIN_S or is_falling:
        return CheckLine(Check.COMMITTED, CheckState.WAIT, fact, _("Wait for the next status, within a minute."))
    remedy = _("No answer reaches the device: it must be allowed to subscribe to its own topic committed.")
    return CheckLine(Check.COMMITTED, CheckState.FAIL, fact, remedy)


# --- The registry ---------------------------------------------------------------------------------
def _range(seen: Evidence) -> CheckLine:
    if seen.registered is None:
        fact = _("The device is on no chimney.")
        return CheckLine(Check.RANGE, CheckState.FAIL, fact, _("Assign it to its chimney on the device's page."))
    if seen.misfit:
        return CheckLine(Check.RANGE, CheckState.FAIL, seen.misfit, _("Take it down and fit a sensor of that range."))
    range_ppm = seen.reported.range_ppm or seen.registered.range_ppm
    name = seen.reported.sensor or seen.registered.sensor or _("a sensor without a name")
    if range_ppm is None or not seen.burned:
        fact = _("%(sensor)s: its range, or what is burned under the chimney, is not registered.") % {"sensor": name}
        return CheckLine(
            Check.RANGE, CheckState.FAIL, fact, _("Register both: without them nobody knows whether it fits.")
        )
    words = {"sensor": name, "percent": range_ppm / 1e4, "burned": seen.burned}
    return _passed(Check.RANGE, _("%(sensor)s up to %(percent)g %% over %(burned)s.") % words)


def _registry(seen: Evidence) -> CheckLine:
    if seen.registered is None or not seen.has_status:
        return (
            _no_status(Check.REGISTRY)
            if seen.registered
            else CheckLine(Check.REGISTRY, CheckState.WAIT, _("Not assigned yet."))
        )
    pairs = [(name, getattr(seen.registered, name), getattr(seen.reported, name)) for name in Sensor.__slots__]
    known = [(name, ours, its) for name, ours, its in pairs if ours not in ("", None) and its not in ("", None)]
    wrong = [
        _("%(field)s: registered %(registered)s, reported %(reported)s") % {"field": n, "registered": o, "reported": i}
        for n, o, i in known
        if o != i
    ]
    if wrong:
        remedy = _("Decide on the device's page which is right; until then its readings stay out of the totals.")
        return CheckLine(Check.REGISTRY, CheckState.FAIL, "; ".join(wrong), remedy)
    if not {"co2_basis", "pressure_compensation"} <= {name for name, _ours, _its in known}:
        fact = _("The device does not report its basis and its pressure compensation.")
        return CheckLine(Check.REGISTRY, CheckState.NOT_TESTED, fact)
    words = {"basis": seen.reported.co2_basis, "compensation": seen.reported.pressure_compensation}
    return _passed(Check.REGISTRY, _("Both say: CO2 %(basis)s, pressure compensation %(compensation)s.") % words)


# --- The two tests that the installer starts ----------------------------------------------------------
def _leak(seen: Evidence) -> CheckLine:
    start = _("Press start, then breathe into the probe or pull the line off.")
    if seen.leak is None:
        return CheckLine(Check.LEAK, CheckState.WAIT, _("Not started."), start)
    points = [(at_s, ppm) for at_s, ppm in seen.leak.co2_ppm if ppm is not None]
    after = [point for point in points if point[0] >= 0]
    if not after:
        waited = seen.leak.co2_ppm and seen.leak.co2_ppm[-1][0] > PATIENCE_S
        fact = _("No CO2 value since the start.")
        return CheckLine(
            Check.LEAK, CheckState.FAIL if waited else CheckState.WAIT, fact, _("Check the CO2 sensor's plug.")
        )
    usual = fastest_change_ppm([point for point in points if point[0] < 0])
    needed = max(LEAK_LEAST_PPM, LEAK_TIMES_USUAL * usual)
    moved = fastest_change_ppm([point for point in points if point[0] >= -LEAK_STEP_S])
    numbers = {"moved": f"{moved:,.0f}", "needed": f"{needed:,.0f}", "now": f"{after[-1][1]:,.0f}"}
    fact = _("CO2 moved by %(moved)s ppm, %(needed)s are needed; it is %(now)s ppm now.") % numbers
    if moved >= needed:
        return _passed(Check.LEAK, fact)
    if after[-1][0] <= PATIENCE_S:
        return CheckLine(Check.LEAK, CheckState.WAIT, fact, start)
    remedy = _(
        "Air enters behind the probe, or the pump stands: check hoses, filter, valve and pump. Then start again."
    )
    return CheckLine(Check.LEAK, CheckState.FAIL, fact, remedy)


def fastest_change_ppm(points: Sequence[tuple[float, float]]) -> float:
    """The largest difference of two values at most 15 s apart, or of neighbours that are further apart."""
    largest = 0.0
    for place, (at_s, ppm) in enumerate(points):
        for later_s, later_ppm in points[place + 1 :]:
            if later_s - at_s > LEAK_STEP_S and later_s != points[place + 1][0]:
                break
            largest = max(largest, abs(later_ppm - ppm))
    return largest


def _plug(seen: Evidence) -> CheckLine:
    plug = seen.plug
    if plug is None:
        start = _("Press start, then take the network away for a minute: pull the plug of the access point.")
        return CheckLine(Check.PLUG, CheckState.WAIT, _("Not started."), start)
    fact = _("Without network for %(seconds).0f s.") % {"seconds": plug.outage_s}
    if not plug.outage_s:
        return CheckLine(
            Check.PLUG, CheckState.WAIT, _("The network is still there."), _("Take it away for a whole minute.")
        )
    if not plug.is_back:
        return CheckLine(Check.PLUG, CheckState.WAIT, fact, _("Give the network back after a minute."))
    if plug.outage_s < PLUG_S:
        return CheckLine(Check.PLUG, CheckState.WAIT, fact, _("Take it away for a whole minute."))
    fact = _("Without network for %(seconds).0f s; %(missing)d readings are missing since.")
    fact = fact % {"seconds": plug.outage_s, "missing": plug.missing_count}
    if plug.missing_count == 0:
        return _passed(Check.PLUG, fact)
    if plug.back_for_s <= PATIENCE_S:
        return CheckLine(Check.PLUG, CheckState.WAIT, fact, _("It still sends what it kept."))
    remedy = _("Its memory lost readings: do not leave it so. Restart it, test again, then change the board.")
    return CheckLine(Check.PLUG, CheckState.FAIL, fact, remedy)


_CHECKS: tuple[Callable[[Evidence], CheckLine], ...] = (
    *(_power, _signal, _clock, _login, _stored, _committed),
    *(_range, _registry, _leak, _plug),
)
