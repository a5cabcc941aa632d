"""The verdict of each check from evidence: a healthy device, and ten faults that each give their own line."""

from dataclasses import replace

import pytest

from devices.choices import Check, CheckState, GoVerdict
from devices.go_no_go import Evidence, LeakTest, PlugTest, Sensor, fastest_change_ppm, judge

SENSOR = Sensor("sprintir-20", 200_000, "dry", "none")
BREATH = LeakTest(((-15, 430.0), (-10, 440.0), (-5, 432.0), (0, 431.0), (5, 8_400.0), (10, 21_000.0)))
HEALTHY = Evidence(
    run_age_s=300,
    heard_age_s=4,
    is_online=True,
    supply_v=5.02,
    reset_reason="poweron",
    rssi_dbm=-61,
    has_status=True,
    clock_lag_s=0.4,
    stored_age_s=4,
    usual_gap_s=5,
    outbox=1,
    stored_count=60,
    stored_for_s=290,
    registered=SENSOR,
    reported=SENSOR,
    burned="Boiler (firewood)",
    leak=BREATH,
    plug=PlugTest(outage_s=64, is_back=True, back_for_s=40, missing_count=0),
)
FLAT = LeakTest(tuple((float(at_s), 430.0) for at_s in range(-60, 130, 5)))
FAULTS = {
    Check.POWER: {"supply_v": 4.41, "reset_reason": "brownout"},
    Check.SIGNAL: {"rssi_dbm": -84},
    Check.CLOCK: {"clock_lag_s": -34.0},
    Check.LOGIN: {"is_online": False, "is_login_in_force": False, "login_words": "not confirmed by the broker"},
    Check.STORED: {"stored_age_s": 200},
    Check.COMMITTED: {"outbox": 74, "outbox_before": 62},
    Check.RANGE: {"misfit": "Winsen MH-Z19 measures up to 5,000 ppm"},
    Check.REGISTRY: {"reported": replace(SENSOR, co2_basis="wet")},
    Check.LEAK: {"leak": FLAT},
    Check.PLUG: {"plug": PlugTest(outage_s=64, is_back=True, back_for_s=130, missing_count=3)},
}


def state(evidence: Evidence, check: Check) -> CheckState:
    return next(line.state for line in judge(evidence).lines if line.check is check)


def test_a_healthy_device_goes():
    result = judge(HEALTHY)

    assert {line.state for line in result.lines} == {CheckState.PASS}
    assert [line.number for line in result.lines] == list(range(1, 11))
    assert (result.verdict, result.words) == (GoVerdict.GO, "GO")
    assert not any(line.remedy for line in result.lines)


@pytest.mark.parametrize("check", FAULTS)
def test_each_fault_fails_its_own_line_and_no_other(check: Check):
    result = judge(replace(HEALTHY, **FAULTS[check]))

    assert [line.check for line in result.failed] == [check]
    assert all(line.fact and line.remedy for line in result.failed)
    assert result.verdict is GoVerdict.NO_GO
    assert result.words == f"NO-GO ({result.failed[0].title})"


def test_what_is_not_begun_is_left_to_do():
    result = judge(replace(HEALTHY, leak=None, plug=None))

    assert (result.verdict, result.words) == (GoVerdict.NOT_YET, "NOT YET (2 left)")


def test_a_new_device_waits_and_fails_nothing():
    result = judge(Evidence(registered=SENSOR, burned="Boiler (firewood)"))

    assert result.verdict is GoVerdict.NOT_YET
    assert {line.check for line in result.lines if line.state is CheckState.PASS} == {Check.RANGE}


def test_what_the_device_does_not_report_is_not_tested():
    silent = replace(HEALTHY, supply_v=None, rssi_dbm=None, reported=Sensor(), outbox=None)
    result = judge(silent)

    not_tested = {line.check for line in result.lines if line.state is CheckState.NOT_TESTED}
    assert not_tested == {Check.POWER, Check.SIGNAL, Check.COMMITTED, Check.REGISTRY}
    assert result.verdict is GoVerdict.GO


@pytest.mark.parametrize(("lag_s", "expected"), [(2.0, "pass"), (2.1, "fail"), (-2.0, "pass"), (-2.1, "fail")])
def test_a_clock_is_right_within_two_seconds(lag_s: float, expected: str):
    assert state(replace(HEALTHY, clock_lag_s=lag_s), Check.CLOCK) == expected


@pytest.mark.parametrize(
    ("supply_v", "expected"), [(5.0, "pass"), (4.74, "fail"), (3.92, "pass"), (3.59, "fail"), (12.0, "fail")]
)
def test_a_supply_is_five_volts_or_a_lithium_cell(supply_v: float, expected: str):
    assert state(replace(HEALTHY, supply_v=supply_v), Check.POWER) == expected


def test_a_refused_clock_is_the_clock_and_says_so_at_the_readings():
    refused = replace(
        HEALTHY, refusal="future_time", refusal_words="in the future", clock_lag_s=None, stored_age_s=None
    )

    assert {line.check for line in judge(refused).failed} == {Check.CLOCK, Check.STORED}


def test_the_pulled_plug_makes_the_network_lines_wait():
    out = replace(HEALTHY, plug=PlugTest(outage_s=40), is_online=False, stored_age_s=40, outbox=9, stored_count=9)
    waiting = {line.check for line in judge(out).lines if line.state is CheckState.WAIT}

    assert waiting == {Check.LOGIN, Check.STORED, Check.COMMITTED, Check.PLUG}
    short = replace(HEALTHY, plug=PlugTest(outage_s=40, is_back=True, back_for_s=5))
    assert state(short, Check.PLUG) == CheckState.WAIT


def test_a_fire_that_moves_by_itself_is_no_breath():
    # 200 ppm a second up: 3,000 ppm in 15 s before and after. Three times that, 9,000 ppm, would be needed.
    fire = tuple((float(at_s), 90_000.0 + 200 * at_s) for at_s in range(-60, 65, 5))
    pulled = (*fire, (65.0, 40_000.0))

    assert fastest_change_ppm(fire) == 3_000
    assert state(replace(HEALTHY, leak=LeakTest(fire)), Check.LEAK) == CheckState.WAIT
    assert state(replace(HEALTHY, leak=LeakTest(pulled)), Check.LEAK) == CheckState.PASS


def test_a_foreign_sensor_is_judged_by_what_it_can_say():
    """It sends no status, keeps nothing, and may report every hour."""
    foreign = replace(HEALTHY, is_foreign=True, has_status=False, plug=None, interval_s=3600, stored_age_s=3000)
    result = judge(foreign)

    not_tested = {line.check for line in result.lines if line.state is CheckState.NOT_TESTED}
    assert not_tested == {Check.POWER, Check.SIGNAL, Check.COMMITTED, Check.REGISTRY, Check.PLUG}
    assert result.verdict is GoVerdict.GO
    assert state(replace(foreign, stored_age_s=3700), Check.STORED) == CheckState.WAIT
    assert state(replace(foreign, stored_age_s=10_801), Check.STORED) == CheckState.FAIL


def test_a_sensor_without_a_time_of_its_own_has_no_clock_to_test():
    """The time of arrival stands for it: its delay is 0, whatever is wrong."""
    assert state(replace(HEALTHY, is_foreign=True, is_dated=False, clock_lag_s=0.0), Check.CLOCK) == "not_tested"


@pytest.mark.parametrize(
    ("later", "expected"), [((630.0, 430.0), "wait"), ((630.0, 21_000.0), "pass"), ((1830.0, 430.0), "fail")]
)
def test_a_sensor_that_reports_every_ten_minutes_has_time_for_the_leak_test(later: tuple[float, float], expected: str):
    leak = LeakTest(((-1170.0, 440.0), (-570.0, 430.0), (30.0, 435.0), later))

    assert state(replace(HEALTHY, interval_s=600, leak=leak), Check.LEAK) == expected


def test_a_device_that_speaks_each_minute_is_unplugged_for_three():
    """Else the minute between two statuses would pass for a pulled plug."""
    plug = PlugTest(outage_s=64, is_back=True, back_for_s=40)

    assert state(replace(HEALTHY, interval_s=600, plug=plug), Check.PLUG) == CheckState.WAIT
    assert state(replace(HEALTHY, interval_s=600, plug=replace(plug, outage_s=181)), Check.PLUG) == CheckState.PASS


def test_nothing_is_known_to_be_missing_before_a_reading_of_afterwards_has_come():
    plug = PlugTest(outage_s=64, is_back=True, back_for_s=1, is_caught_up=False)

    assert state(replace(HEALTHY, plug=plug), Check.PLUG) == CheckState.WAIT


def test_a_device_on_no_chimney_cannot_go():
    assert state(replace(HEALTHY, registered=None), Check.RANGE) == CheckState.FAIL
