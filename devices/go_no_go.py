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
PATIENCE_S = 120.0  # after which what does not come is a fault
COMMITTED_WITHIN_S = 20.0
LEAK_STEP_S = 15.0
LEAK_LEAST_PPM = 1_000.0
LEAK_TIMES_USUAL = 3.0  # the fire itself moves CO2; breath or fresh air moves it faster
PLUG_S = 60.0
STATUS_EVERY_S = 60.0  # our nodes say something so often, however seldom they measure

BAD_RESETS = frozenset({"panic", "watchdog", "task_watchdog", "interrupt_watchdog"})
PASS, WAIT, FAIL, NOT_TESTED = CheckState.PASS, CheckState.WAIT, CheckState.FAIL, CheckState.NOT_TESTED
# State, the fact seen, and what to do unless it passed.
Outcome = tuple[CheckState, str, str]


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
    """`outage_s`: the longest silence since the button. `missing_count` readings are named by no answer.

    `is_caught_up`: a reading that was measured after it has come, so what is missing before that is known.
    """

    outage_s: float = 0.0
    is_back: bool = False
    back_for_s: float = 0.0
    is_caught_up: bool = True
    missing_count: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a device at one moment. Ages and delays in seconds; None: not known, or not reported.

    `clock_lag_s` is the shortest time between measuring and storing of late: below zero its clock is ahead. `refusal`
    is of a refusal newer than the last stored reading. `stored_count` readings of this boot had been stored when the
    last status came, the first of them `stored_for_s` before it.
    """

    is_foreign: bool = False  # it does not speak our contract: no status, no memory
    is_dated: bool = True  # it sends its own time
    interval_s: float = 0.0
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

    @property
    def patience_s(self) -> float:
        return max(PATIENCE_S, 3 * self.interval_s)

    @property
    def outage_s(self) -> float:
        """How long the network is taken away."""
        return max(PLUG_S, longest_quiet_s(self.usual_gap_s, self.interval_s))


def longest_quiet_s(usual_gap_s: float, interval_s: float) -> float:
    """No silence lasts longer while the network is there."""
    return 3 * max(usual_gap_s, min(interval_s, STATUS_EVERY_S))


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
    lines: tuple[CheckLine, ...]

    def _in(self, state: CheckState) -> list[CheckLine]:
        return [line for line in self.lines if line.state is state]

    @property
    def failed(self) -> list[CheckLine]:
        return self._in(FAIL)

    @property
    def verdict(self) -> GoVerdict:
        if self.failed:
            return GoVerdict.NO_GO
        return GoVerdict.NOT_YET if self._in(WAIT) else GoVerdict.GO

    @property
    def words(self) -> str:
        """GO, NOT YET (2 left), NO-GO (why)."""
        if self.verdict is GoVerdict.NO_GO:
            return _("NO-GO (%(why)s)") % {"why": ", ".join(line.title for line in self.failed)}
        waiting = len(self._in(WAIT))
        return _("NOT YET (%(left)d left)") % {"left": waiting} if waiting else _("GO")


def judge(seen: Evidence) -> Result:
    return Result(tuple(_line(check, seen) for check in Check))


def _line(check: Check, seen: Evidence) -> CheckLine:
    state, fact, remedy = _without_status(check, seen) or _CHECKS[check](seen)
    return CheckLine(check, state, fact, "" if state is PASS else remedy)


def _without_status(check: Check, seen: Evidence) -> Outcome | None:
    """Of what only a status tells, where none came."""
    if seen.is_foreign and check is Check.PLUG:
        return NOT_TESTED, _("A foreign sensor keeps no readings: what it measures without network is lost."), ""
    if seen.has_status or check not in _BY_STATUS or (check is Check.REGISTRY and seen.registered is None):
        return None
    if seen.is_foreign:
        return NOT_TESTED, _("A foreign sensor does not report it."), ""
    return WAIT, _("No status came yet."), _("Wait a minute: a device sends its status each minute.")


# --- What the device says of itself ----------------------------------------------------------------
def _power(seen: Evidence) -> Outcome:
    words = {"reason": seen.reset_reason or _("not reported"), "volts": seen.supply_v}
    fact = _("%(volts).2f V; last restart: %(reason)s.")
    if seen.supply_v is None:
        fact = _("Last restart: %(reason)s. The supply voltage is not reported.")
    fact %= words
    if seen.reset_reason == "brownout" or (seen.supply_v is not None and not is_sound_supply(seen.supply_v)):
        return FAIL, fact, _("Measure at the board: thin cable, small converter or old battery.")
    if seen.reset_reason in BAD_RESETS:
        return FAIL, fact, _("Its software stopped: restart it; if it comes again, change the board.")
    return NOT_TESTED if seen.supply_v is None else PASS, fact, ""


def _signal(seen: Evidence) -> Outcome:
    if seen.rssi_dbm is None:
        return NOT_TESTED, _("The signal is not reported."), ""
    fact = _("%(dbm).0f dBm, with the box as it is now.") % {"dbm": seen.rssi_dbm}
    remedy = _("It needs -70 dBm or better: put the antenna outside, or the access point nearer.")
    return FAIL if seen.rssi_dbm < WEAKEST_DBM else PASS, fact, remedy


def _clock(seen: Evidence) -> Outcome:
    remedy = _("Give the network a time server: the device takes its time from there.")
    lag_s = seen.clock_lag_s
    if not seen.is_dated:
        return NOT_TESTED, _("It sends no time: that of the arrival counts."), ""
    if seen.refusal in CLOCK_REASONS:
        return FAIL, _("Refused: %(why)s.") % {"why": seen.refusal_words}, remedy
    if lag_s is None:
        return WAIT, _("No reading came yet to compare its clock."), remedy
    if lag_s < -CLOCK_WITHIN_S:
        return FAIL, _("Its clock is %(seconds).1f s ahead.") % {"seconds": -lag_s}, remedy
    fact = _("A reading is here %(seconds).1f s after its own time.") % {"seconds": lag_s}
    return FAIL if lag_s > CLOCK_WITHIN_S else PASS, fact, remedy


# --- The way of a reading -------------------------------------------------------------------------
def _waits_for_network() -> Outcome:
    return WAIT, _("Waits: the pulled-plug test has taken the network away."), ""


def _login(seen: Evidence) -> Outcome:
    if seen.is_online and seen.heard_age_s is not None:
        return PASS, _("Signed in; last heard %(age).0f s ago.") % {"age": seen.heard_age_s}, ""
    if not seen.is_login_in_force:
        return FAIL, seen.login_words, _("Make a new password on the device's page and put it into the device.")
    if seen.is_unplugged:
        return _waits_for_network()
    remedy = _(
        "Look at its light: no Wi-Fi, or a wrong password. Device id and password must be those of the registry."
    )
    return FAIL if seen.run_age_s > seen.patience_s else WAIT, _("It has not signed in."), remedy


def _stored(seen: Evidence) -> Outcome:
    age_s = seen.stored_age_s
    if age_s is not None and age_s <= STORED_WITHIN_S + max(seen.usual_gap_s, seen.interval_s):
        return PASS, _("The last reading was stored %(age).0f s ago.") % {"age": age_s}, ""
    if seen.is_unplugged:
        return _waits_for_network()
    if seen.refusal:
        fact = _("Its readings are refused: %(why)s.") % {"why": seen.refusal_words}
        return FAIL, fact, _("The device's page says which field and what to correct.")
    is_late = (seen.run_age_s if age_s is None else age_s) > seen.patience_s
    fact = _("No reading is stored yet.") if age_s is None else _("No reading for %(age).0f s.") % {"age": age_s}
    remedy = _("If the clock and the login are right: may it publish on its own topic? Is the CO2 sensor plugged in?")
    return FAIL if is_late else WAIT, fact, remedy


def _committed(seen: Evidence) -> Outcome:
    """The device keeps a reading until `committed` names it: fewer kept than stored proves that it came."""
    if seen.outbox is None:
        return NOT_TESTED, _("The device does not report what it keeps."), ""
    fact = _("It keeps %(outbox)d readings; %(stored)d of this start were stored before its last status.")
    fact %= {"outbox": seen.outbox, "stored": seen.stored_count}
    if seen.stored_count > seen.outbox:
        return PASS, fact, ""
    if seen.is_unplugged:
        return _waits_for_network()
    is_falling = seen.outbox_before is not None and seen.outbox < seen.outbox_before
    if not seen.stored_count or seen.stored_for_s < COMMITTED_WITHIN_S or is_falling:
        return WAIT, fact, _("Wait for the next status, within a minute.")
    return FAIL, fact, _("No answer reaches the device: it must be allowed to subscribe to its own topic committed.")


# --- The registry ---------------------------------------------------------------------------------
def _range(seen: Evidence) -> Outcome:
    if seen.registered is None:
        return FAIL, _("The device is on no chimney."), _("Assign it to its chimney on the device's page.")
    if seen.misfit:
        return FAIL, seen.misfit, _("Take it down and fit a sensor of that range.")
    range_ppm = seen.reported.range_ppm or seen.registered.range_ppm
    name = seen.reported.sensor or seen.registered.sensor or _("a sensor without a name")
    if range_ppm is None or not seen.burned:
        fact = _("%(sensor)s: its range, or what is burned under the chimney, is not registered.") % {"sensor": name}
        return FAIL, fact, _("Register both: without them nobody knows whether it fits.")
    words = {"sensor": name, "percent": range_ppm / 1e4, "burned": seen.burned}
    return PASS, _("%(sensor)s up to %(percent)g %% over %(burned)s.") % words, ""


def _registry(seen: Evidence) -> Outcome:
    if seen.registered is None:
        return WAIT, _("Not assigned yet."), ""
    pairs = {name: (getattr(seen.registered, name), getattr(seen.reported, name)) for name in Sensor.__slots__}
    known = {name: pair for name, pair in pairs.items() if not {"", None} & set(pair)}
    wrong = [
        _("%(field)s: registered %(registered)s, reported %(reported)s")
        % {"field": name, "registered": ours, "reported": its}
        for name, (ours, its) in known.items()
        if ours != its
    ]
    if wrong:
        remedy = _("Decide on the device's page which is right; until then its readings stay out of the totals.")
        return FAIL, "; ".join(wrong), remedy
    if not {"co2_basis", "pressure_compensation"} <= known.keys():
        return NOT_TESTED, _("The device does not report its basis and its pressure compensation."), ""
    words = {"basis": seen.reported.co2_basis, "compensation": seen.reported.pressure_compensation}
    return PASS, _("Both say: CO2 %(basis)s, pressure compensation %(compensation)s.") % words, ""


# --- The two tests that the installer starts ----------------------------------------------------------
def _leak(seen: Evidence) -> Outcome:
    start = _("Press start, then breathe into the probe or pull the line off.")
    step_s = max(LEAK_STEP_S, seen.interval_s)
    if step_s > LEAK_STEP_S:
        start = _("Press start, then pull the line off for %(seconds).0f s: it reports so seldom.")
        start %= {"seconds": 2 * step_s}
    if seen.leak is None:
        return WAIT, _("Not started."), start
    points = [(at_s, ppm) for at_s, ppm in seen.leak.co2_ppm if ppm is not None]
    after = [point for point in points if point[0] >= 0]
    if not after:
        has_waited = seen.leak.co2_ppm and seen.leak.co2_ppm[-1][0] > seen.patience_s
        fact = _("No CO2 value since the start.")
        return FAIL if has_waited else WAIT, fact, _("Check the CO2 sensor's plug.")
    usual = fastest_change_ppm([point for point in points if point[0] < 0])
    needed = max(LEAK_LEAST_PPM, LEAK_TIMES_USUAL * usual)
    moved = fastest_change_ppm([point for point in points if point[0] >= -step_s])
    numbers = {"moved": f"{moved:,.0f}", "needed": f"{needed:,.0f}", "now": f"{after[-1][1]:,.0f}"}
    fact = _("CO2 moved by %(moved)s ppm, %(needed)s are needed; it is %(now)s ppm now.") % numbers
    if moved >= needed:
        return PASS, fact, ""
    if after[-1][0] <= seen.patience_s:
        return WAIT, fact, start
    remedy = _(
        "Air enters behind the probe, or the pump stands: check hoses, filter, valve and pump. Then start again."
    )
    return FAIL, fact, remedy


def fastest_change_ppm(points: Sequence[tuple[float, float]]) -> float:
    """The largest difference of two values at most 15 s apart, or of neighbours that are further apart."""
    largest = 0.0
    for place, (at_s, ppm) in enumerate(points):
        for later_s, later_ppm in points[place + 1 :]:
            if later_s - at_s > LEAK_STEP_S and later_s != points[place + 1][0]:
                break
            largest = max(largest, abs(later_ppm - ppm))
    return largest


def _plug(seen: Evidence) -> Outcome:
    plug = seen.plug
    if plug is None:
        start = _("Press start, then take the network away for %(seconds).0f s: pull the plug of the access point.")
        return WAIT, _("Not started."), start % {"seconds": seen.outage_s}
    away = _("Take it away for %(seconds).0f s.") % {"seconds": seen.outage_s}
    if not plug.outage_s:
        return WAIT, _("The network is still there."), away
    numbers = {"seconds": plug.outage_s, "missing": plug.missing_count}
    fact = _("Without network for %(seconds).0f s.") % numbers
    if not plug.is_back:
        return WAIT, fact, _("Give the network back after %(seconds).0f s.") % {"seconds": seen.outage_s}
    if plug.outage_s < seen.outage_s:
        return WAIT, fact, away
    fact = _("Without network for %(seconds).0f s; %(missing)d readings are missing since.") % numbers
    if plug.missing_count == 0 and plug.is_caught_up:
        return PASS, fact, ""
    if plug.missing_count == 0 or plug.back_for_s <= PATIENCE_S:
        return WAIT, fact, _("It still sends what it kept.")
    return FAIL, fact, _("Its memory lost readings: do not leave it so. Restart it, test again, then change the board.")


_BY_STATUS = frozenset({Check.POWER, Check.SIGNAL, Check.COMMITTED, Check.REGISTRY})
_CHECKS: dict[Check, Callable[[Evidence], Outcome]] = {
    Check.POWER: _power,
    Check.SIGNAL: _signal,
    Check.CLOCK: _clock,
    Check.LOGIN: _login,
    Check.STORED: _stored,
    Check.COMMITTED: _committed,
    Check.RANGE: _range,
    Check.REGISTRY: _registry,
    Check.LEAK: _leak,
    Check.PLUG: _plug,
}
