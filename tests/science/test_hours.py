"""Hours: measured, idle by proof, missing; coverage in seconds; the EPA's quadrants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from science import hours
from science.hours import HourStatus, MinuteFacts, hour_verdict, idle_minutes
from science.integration import RateSample, segments
from tests.science.builders import make_samples, minutes_from_segments

MIN = 60_000
HOUR = 3_600_000


def minute(index, *, kg=0.6, covered_s=60.0, idle=False, firing=None):
    is_firing = not idle if firing is None else firing
    return MinuteFacts(index * MIN, kg, covered_s, idle, is_firing)


def idle_run(start, stop, *, covered_s=60.0):
    return [minute(i, kg=0.001, covered_s=covered_s, idle=True) for i in range(start, stop)]


def test_full_hour_is_measured_and_both_masses_agree():
    verdict = hour_verdict([minute(i) for i in range(60)], hour_start_ms=0)

    assert verdict.status is HourStatus.MEASURED
    assert verdict.measured_kg == pytest.approx(36.0, rel=1e-15)  # one rounding of fsum
    assert verdict.record_kg == pytest.approx(36.0, rel=1e-15)
    assert (verdict.covered_s, verdict.operating_s, verdict.coverage_pct) == (3600.0, 3600.0, 100.0)


def test_from_eighty_percent_covered_the_record_fills_the_hour_at_the_mean_rate():
    verdict = hour_verdict([minute(i) for i in range(48)], hour_start_ms=0)

    assert verdict.status is HourStatus.MEASURED
    assert verdict.measured_kg == pytest.approx(28.8, rel=1e-14)  # roundings
    assert verdict.record_kg == pytest.approx(36.0, rel=1e-14)
    assert verdict.coverage_pct == 80.0


def test_below_eighty_percent_the_hour_is_missing_but_keeps_what_was_measured():
    minutes = [minute(i) for i in range(47)] + [minute(47, covered_s=59.0)]

    verdict = hour_verdict(minutes, hour_start_ms=0)

    assert verdict.status is HourStatus.MISSING
    assert verdict.record_kg is None
    assert verdict.measured_kg > 0.0


def test_no_data_is_missing_never_idle():
    verdict = hour_verdict([], hour_start_ms=0)

    assert (verdict.status, verdict.record_kg, verdict.measured_kg) == (HourStatus.MISSING, None, 0.0)
    assert (verdict.covered_s, verdict.operating_s) == (0.0, 3600.0)


def test_idle_begins_after_ten_minutes_of_proof():
    verdict = hour_verdict([minute(i) for i in range(20)] + idle_run(20, 60), hour_start_ms=0)

    assert verdict.status is HourStatus.MEASURED
    assert verdict.idle_s == 1800.0  # 40 idle-like minutes, the first ten are the proof
    assert verdict.operating_s == 1800.0
    assert verdict.coverage_pct == 100.0
    assert verdict.measured_kg == pytest.approx(20 * 0.6 + 10 * 0.001, rel=1e-14)  # roundings
    assert verdict.record_kg == pytest.approx(verdict.measured_kg, rel=1e-14)


def test_proof_before_the_hour_makes_the_whole_hour_idle():
    verdict = hour_verdict(idle_run(50, 120), hour_start_ms=HOUR)

    assert verdict.status is HourStatus.IDLE
    assert (verdict.measured_kg, verdict.record_kg) == (0.0, 0.0)
    assert (verdict.operating_s, verdict.coverage_pct) == (0.0, 100.0)


def test_nine_minutes_before_the_hour_prove_from_its_second_minute():
    minutes = [*idle_run(51, 80), *(minute(i) for i in range(80, 120))]

    verdict = hour_verdict(minutes, hour_start_ms=HOUR)

    assert verdict.idle_s == 19 * 60.0


def test_an_hour_idle_throughout_is_idle_with_the_minutes_of_its_proof():
    verdict = hour_verdict(idle_run(60, 120), hour_start_ms=HOUR)

    assert verdict.status is HourStatus.IDLE
    assert (verdict.idle_s, verdict.operating_s, verdict.record_kg) == (3600.0, 0.0, 0.0)


@pytest.mark.parametrize("first", [60, 63, 75, 90, 117])
@pytest.mark.parametrize("begins", [40, 60])
def test_an_idle_hour_with_one_gap_of_three_minutes_is_idle(first, begins):
    minutes = [m for m in idle_run(begins, 120) if not first * MIN <= m.period_start_ms < (first + 3) * MIN]

    verdict = hour_verdict(minutes, hour_start_ms=HOUR)

    assert verdict.status is HourStatus.IDLE
    assert (verdict.measured_kg, verdict.record_kg) == (0.0, 0.0)
    assert (verdict.idle_s, verdict.coverage_pct) == (57 * 60.0, 95.0)


def test_an_idle_hour_with_a_fifth_of_it_missing_is_idle_and_with_more_it_is_missing():
    for gap_min, status in ((12, HourStatus.IDLE), (13, HourStatus.MISSING)):
        verdict = hour_verdict(idle_run(60, 75) + idle_run(75 + gap_min, 120), hour_start_ms=HOUR)

        assert verdict.status is status


def test_a_gap_beside_a_fire_is_not_idle():
    minutes = idle_run(50, 117) + [minute(i) for i in range(117, 118)]

    verdict = hour_verdict(minutes, hour_start_ms=HOUR)

    assert verdict.status is HourStatus.MISSING  # a minute of fire covers a third of the three not idle


def test_gaps_of_ten_minutes_keep_the_proof_and_longer_ones_do_not():
    assert idle_minutes(idle_run(0, 10) + idle_run(20, 22))[-2:] == [True, True]
    assert not any(idle_minutes(idle_run(0, 10) + idle_run(21, 30)))


def test_slow_readings_prove_idleness_too():
    minutes = [MinuteFacts(i * 9 * MIN, 0.01, 540.0, True, False) for i in range(4)]

    assert idle_minutes(minutes) == [False, False, True, True]


def test_a_half_idle_hour_with_no_data_after_it_is_missing():
    verdict = hour_verdict(idle_run(50, 90), hour_start_ms=HOUR)

    assert verdict.status is HourStatus.MISSING
    assert verdict.idle_s == 1800.0


def test_drifting_readings_still_prove_idleness():
    # Readings that drift against the minute leave eleven segments of 5 s in some of them.
    proved = idle_minutes(idle_run(0, 13, covered_s=55.0))

    assert proved == [False] * 11 + [True] * 2


def test_thinly_covered_minutes_never_make_an_idle_hour():
    verdict = hour_verdict(idle_run(0, 120, covered_s=47.0), hour_start_ms=HOUR)

    assert verdict.status is HourStatus.MISSING  # 78 %


def test_one_firing_reading_makes_a_minute_not_idle():
    minutes = [*idle_run(0, 11), minute(11, idle=True, firing=True), *idle_run(12, 15)]

    assert idle_minutes(minutes) == [False] * 10 + [True] + [False] * 4


def test_means_of_an_hour_prove_themselves():
    hour_mean = MinuteFacts(0, 0.1, 3600.0, True, False)

    verdict = hour_verdict([hour_mean], hour_start_ms=0)

    assert (verdict.status, verdict.measured_kg, verdict.coverage_pct) == (HourStatus.IDLE, 0.0, 100.0)


def test_means_of_five_minutes_prove_it_together():
    minutes = [MinuteFacts(i * 5 * MIN, 0.01, 300.0, True, False) for i in range(4)]

    assert idle_minutes(minutes) == [False, False, True, True]


def test_thinned_means_count_their_seconds_not_their_number():
    means = [RateSample(t * 60_000, 0.01, 5.0, span_s=60.0, n=12, is_firing_like=True) for t in range(1, 50)]

    verdict = hour_verdict(minutes_from_segments(segments(means)), hour_start_ms=0)

    assert verdict.covered_s == 49 * 60.0
    assert verdict.status is HourStatus.MEASURED
    assert verdict.record_kg == pytest.approx(36.0, rel=1e-12)  # roundings


def test_the_gap_between_ten_and_twelve_leaves_hours_of_record_missing():
    day = make_samples([(t, 0.002) for t in range(0, 86_405, 5) if not 36_000 < t < 43_200])
    minutes = minutes_from_segments(segments(day))

    verdicts = [
        hour_verdict([m for m in minutes if h * HOUR <= m.period_start_ms < (h + 1) * HOUR], hour_start_ms=h * HOUR)
        for h in range(24)
    ]

    assert [h for h, v in enumerate(verdicts) if v.status is HourStatus.MISSING] == [10, 11]
    assert sum(v.measured_kg for v in verdicts) == pytest.approx(158.4, rel=1e-12)  # 24 roundings
    assert round(sum(v.coverage_pct for v in verdicts) / 24, 1) == 91.7


def test_minutes_out_of_order_or_after_the_hour_raise():
    with pytest.raises(ValueError, match=r"sort the minutes"):
        hour_verdict([minute(1, idle=True), minute(0, idle=True)], hour_start_ms=0)
    with pytest.raises(ValueError, match=r"is after the hour of 0 ms"):
        hour_verdict([minute(60)], hour_start_ms=0)


minute_kinds = st.lists(st.sampled_from(["idle", "fire", "none", "part"]), min_size=1, max_size=150)


def unfold(kinds):
    made = {
        "idle": lambda i: minute(i, kg=0.001, idle=True),
        "fire": lambda i: minute(i),
        "part": lambda i: minute(i, kg=0.001, covered_s=40.0, idle=True),
    }
    # Runs of four, or ten idle minutes in a row would hardly ever happen.
    return [made[kind](i * 4 + j) for i, kind in enumerate(kinds) if kind != "none" for j in range(4)]


@given(minute_kinds, st.data())
def test_law_idleness_needs_no_more_than_its_context_and_never_the_future(kinds, data):
    minutes = unfold(kinds)
    if not minutes:
        return
    index = data.draw(st.integers(0, len(minutes) - 1))
    earliest = minutes[index].period_start_ms - hours.IDLE_CONTEXT_MINUTES * MIN

    whole = idle_minutes(minutes)[index]
    context = [m for m in minutes[: index + 1] if m.period_start_ms >= earliest]

    assert idle_minutes(context)[-1] is whole


@given(minute_kinds)
def test_law_seconds_of_an_hour_add_up(kinds):
    minutes = [m for m in unfold(kinds) if m.period_start_ms < HOUR]

    verdict = hour_verdict(minutes, hour_start_ms=0)

    assert verdict.operating_s + verdict.idle_s == 3600.0
    assert verdict.idle_s <= verdict.covered_s <= 3600.0
    assert (verdict.record_kg is None) is (verdict.status is HourStatus.MISSING)


QUARTERS = [0, 900_000, 1_800_000, 2_700_000]


@pytest.mark.parametrize(
    ("times", "options", "expected"),
    [
        (QUARTERS, {}, True),
        (QUARTERS[:3], {}, False),
        (QUARTERS[:3], {"operated_quadrants": (True, True, True, False)}, True),
        ([0, 900_000], {"has_maintenance": True}, True),
        ([0, 899_999], {"has_maintenance": True}, False),
        ([], {"operated_quadrants": (False,) * 4}, False),
        ([*QUARTERS[:3], HOUR], {}, False),
    ],
)
def test_epa_quadrant_rule(times, options, expected):
    assert hours.is_epa_hour_valid(times, hour_start_ms=0, **options) is expected


def test_epa_rule_needs_four_quadrants():
    with pytest.raises(ValueError, match=r"an hour has 4 quadrants"):
        hours.is_epa_hour_valid([0], hour_start_ms=0, operated_quadrants=(True,))
