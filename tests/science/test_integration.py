"""Integration: gaps, means, hour cuts, and the laws of a sum."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from science.integration import RateSample, Segment, segments
from tests.science.builders import integrate, make_samples

HOUR_MS = 3_600_000


def next_hour(t_ms):
    return (t_ms // HOUR_MS + 1) * HOUR_MS


def next_indian_hour(t_ms):
    return next_hour(t_ms + HOUR_MS // 2) - HOUR_MS // 2


def mean(t_s, rate, span_s, *, interval_s=5.0):
    return RateSample(round(t_s * 1000), rate, interval_s, span_s=span_s, n=12)


DAY = make_samples([(t, 0.002) for t in range(0, 86_405, 5)])


def test_a_day_at_a_steady_rate_is_172_8_kg():
    kg, covered_s, missing_s = integrate(DAY)

    assert kg == pytest.approx(172.8, rel=1e-12)  # 17,280 roundings of 1e-16 each
    assert (covered_s, missing_s) == (86_400.0, 0.0)


def test_two_hours_without_readings_leave_158_4_kg_and_91_7_percent():
    ten, twelve = 10 * HOUR_MS, 12 * HOUR_MS
    samples = [s for s in DAY if not ten < s.t_ms < twelve]

    kg, covered_s, missing_s = integrate(samples)

    assert kg == pytest.approx(158.4, rel=1e-12)  # as above
    assert round(100 * covered_s / 86_400, 1) == 91.7
    assert missing_s == 7_200.0


def test_exactly_three_intervals_are_no_gap_and_a_millisecond_more_is():
    limit = [RateSample(0, 1.0, 5.0), RateSample(15_000, 1.0, 5.0)]
    beyond = [RateSample(0, 1.0, 5.0), RateSample(15_001, 1.0, 5.0)]

    assert segments(limit) == [Segment(0, 15_000, 15.0)]
    assert segments(beyond) == []


def test_the_interval_in_force_is_the_later_ones():
    slower = [RateSample(0, 1.0, 5.0), RateSample(60_000, 1.0, 60.0)]
    faster = [RateSample(0, 1.0, 60.0), RateSample(60_000, 1.0, 5.0)]

    assert integrate(slower).covered_s == 60.0
    assert integrate(faster).missing_s == 60.0


def test_two_samples_of_one_time_have_nothing_between_them():
    samples = make_samples([(0, 1.0), (5, 2.0), (5, 4.0), (10, 4.0)])

    assert [part.kg for part in segments(samples)] == [7.5, 20.0]


def test_a_mean_counts_rate_times_its_span():
    # 0.2 over (5, 65], joined to the point at 0 by a trapezoid over the 5 s before it.
    samples = [RateSample(0, 0.1, 5.0), mean(65, 0.2, 60.0)]

    assert segments(samples) == [Segment(0, 5_000, 0.15000000000000002 * 5), Segment(5_000, 60_000, 12.0)]


def test_a_mean_never_covers_time_twice():
    samples = [RateSample(0, 0.1, 5.0), RateSample(30_000, 0.1, 30.0), mean(60, 0.2, 60.0)]

    assert segments(samples)[-1] == Segment(30_000, 30_000, 6.0)
    assert integrate(samples).covered_s == 60.0


def test_two_means_with_a_hole_between_them_keep_the_hole():
    samples = [mean(60, 0.2, 60.0), mean(180, 0.2, 60.0)]

    kg, covered_s, missing_s = integrate(samples)

    assert (kg, covered_s, missing_s) == (24.0, 120.0, 60.0)


def test_a_mean_is_split_at_every_hour_it_crosses():
    end_s = 2.5 * 3600

    parts = segments([mean(end_s, 0.001, 2.0 * 3600)], cut_ms=next_hour)

    assert [(part.start_ms, part.duration_ms) for part in parts] == [
        (HOUR_MS // 2, HOUR_MS // 2),
        (HOUR_MS, HOUR_MS),
        (2 * HOUR_MS, HOUR_MS // 2),
    ]
    assert [part.kg for part in parts] == pytest.approx([1.8, 3.6, 1.8], rel=1e-15)  # one rounding


def test_hours_of_a_half_hour_zone_cut_at_half_past():
    parts = segments([mean(3600, 0.001, 3600.0)], cut_ms=next_indian_hour)

    assert [part.start_ms for part in parts] == [0, HOUR_MS // 2]


def test_a_trapezoid_over_the_hour_stays_whole_with_the_earlier_reading():
    samples = make_samples([(3_598, 1.0), (3_603, 1.0)])

    assert segments(samples, cut_ms=next_hour) == [Segment(3_598_000, 5_000, 5.0)]


def test_point_readings_three_hours_apart_give_each_hour_its_own_share():
    # From 0.10 to 0.16 kg/s in three hours: 0.02 an hour, so the hours have means of 0.11, 0.13 and 0.15 kg/s.
    samples = make_samples([(0, 0.10), (10_800, 0.16)], interval_s=3600.0)

    parts = segments(samples, cut_ms=next_hour)

    assert [(part.start_ms, part.duration_ms) for part in parts] == [(h * HOUR_MS, HOUR_MS) for h in range(3)]
    assert [part.kg for part in parts] == pytest.approx([396.0, 468.0, 540.0], rel=1e-14)  # roundings


def test_a_trapezoid_longer_than_a_minute_is_cut_where_its_hour_ends():
    minute, longer = (make_samples([(3_540, 1.0), (end_s, 1.0)], interval_s=60.0) for end_s in (3_600, 3_661))

    assert segments(minute, cut_ms=next_hour) == [Segment(3_540_000, 60_000, 60.0)]
    assert [(part.start_ms, part.duration_ms) for part in segments(longer, cut_ms=next_hour)] == [
        (3_540_000, 60_000),
        (HOUR_MS, 61_000),
    ]


def test_a_segment_is_a_lower_bound_if_either_end_is():
    samples = [RateSample(0, 0.1, 5.0), RateSample(5_000, 0.2, 5.0, is_over_range=True)]
    samples += [RateSample(10_000, 0.1, 5.0), RateSample(15_000, 0.1, 5.0)]

    assert [part.is_over_range for part in segments(samples)] == [True, True, False]


def test_an_hour_fifteen_percent_over_range_is_at_least_what_the_range_gives():
    # 612 readings of 5 s at 0.288497 kg/s (1,038.59 kg/h), 108 at 0.570831, the rate at full scale (2,054.99 kg/h):
    # 3,060 s x 0.288497 + 540 s x 0.570831 = 882.80 + 308.25 = 1,191.05 kg. Left out they made 1,038.59.
    rates = [0.570831 if 300 <= i < 408 else 0.288497 for i in range(721)]

    whole = integrate(make_samples([(5.0 * i, rate) for i, rate in enumerate(rates)]))

    assert whole.kg == pytest.approx(1_191.05, abs=0.005)  # printed to two decimals
    assert whole.covered_s == 3_600.0


def test_a_segment_is_idle_if_both_ends_are_and_firing_if_either_is():
    idle = RateSample(0, 0.0, 5.0, is_idle_like=True)
    idle_too = RateSample(5_000, 0.0, 5.0, is_idle_like=True)
    fire = RateSample(10_000, 0.2, 5.0, is_firing_like=True)

    parts = segments([idle, idle_too, fire])

    assert [(part.is_idle_like, part.is_firing_like) for part in parts] == [(True, False), (False, True)]


def test_nothing_and_one_point_are_no_mass():
    assert integrate([]) == (0.0, 0.0, 0.0)
    assert integrate(make_samples([(0, 5.0)])) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -0.001])
def test_a_rate_that_is_no_rate_raises(bad):
    with pytest.raises(ValueError, match=r"kg_per_s=.* kg/s is not a finite rate"):
        segments([RateSample(0, bad, 5.0)])


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -5.0])
def test_a_span_that_is_no_duration_raises(bad):
    with pytest.raises(ValueError, match=r"span_s=.* s is not a duration"):
        segments([RateSample(0, 0.1, 5.0, span_s=bad)])


def test_unsorted_samples_and_an_empty_cut_raise():
    with pytest.raises(ValueError, match=r"sort the samples by time"):
        segments(make_samples([(5, 1.0), (0, 1.0)]))
    with pytest.raises(ValueError, match=r"a cut lies after the time given"):
        segments([mean(60, 0.1, 60.0)], cut_ms=lambda t_ms: t_ms)


steps = st.sampled_from([0.0, 1.0, 5.0, 5.0, 5.0, 10.0, 15.0, 20.0, 700.0])
rates = st.floats(min_value=0.0, max_value=10.0)
series_of_points = st.lists(st.tuples(steps, rates), min_size=2, max_size=60)


def points(rows):
    t_s, result = 0.0, []
    for step_s, rate in rows:
        t_s += step_s
        result.append((t_s, rate))
    return make_samples(result)


@given(series_of_points, st.data())
def test_law_splitting_a_period_at_a_reading_keeps_its_sum(rows, data):
    samples = points(rows)
    middle = data.draw(st.integers(0, len(samples) - 1))

    whole = integrate(samples)
    left, right = integrate(samples[: middle + 1]), integrate(samples[middle:])

    # One rounding of each of the two sums.
    assert left.kg + right.kg == pytest.approx(whole.kg, rel=1e-14, abs=1e-300)
    assert left.covered_s + right.covered_s == pytest.approx(whole.covered_s, rel=1e-14)
    assert left.missing_s + right.missing_s == pytest.approx(whole.missing_s, rel=1e-14)


mixed = st.lists(
    st.tuples(steps, rates, st.sampled_from([None, None, 1.0, 60.0, 3_600.0, 9_000.0])), min_size=1, max_size=30
)


def mixture(rows):
    return [
        RateSample(sample.t_ms, sample.kg_per_s, 5.0, span_s=span_s)
        for sample, (_, _, span_s) in zip(points([(step, rate) for step, rate, _ in rows]), rows, strict=True)
    ]


@given(mixed, st.sampled_from([next_hour, next_indian_hour]))
def test_law_cutting_at_hours_keeps_the_sum_and_crosses_none(rows, cut_ms):
    samples = mixture(rows)

    whole, cut = segments(samples), segments(samples, cut_ms=cut_ms)

    assert sum(part.duration_ms for part in cut) == sum(part.duration_ms for part in whole)
    assert sum(part.kg for part in cut) == pytest.approx(sum(part.kg for part in whole), rel=1e-12)  # more terms
    for part in cut:
        assert part.duration_ms <= 15_000 or part.start_ms + part.duration_ms <= cut_ms(part.start_ms)


@given(
    st.lists(st.tuples(st.sampled_from([40.0, 61.0, 3_600.0, 5_000.0, 10_800.0, 11_000.0]), rates), min_size=2),
    st.sampled_from([next_hour, next_indian_hour]),
)
def test_law_no_hour_has_more_than_its_own_time_of_slow_readings(rows, cut_ms):
    slow = [RateSample(s.t_ms, s.kg_per_s, 3_600.0) for s in points(rows)]

    whole, cut = segments(slow), segments(slow, cut_ms=cut_ms)

    assert sum(part.kg for part in cut) == pytest.approx(sum(part.kg for part in whole), rel=1e-12)  # more terms
    assert sum(part.duration_ms for part in cut) == sum(part.duration_ms for part in whole)
    in_hour: dict[int, int] = {}
    for part in cut:
        in_hour[cut_ms(part.start_ms)] = in_hour.get(cut_ms(part.start_ms), 0) + part.duration_ms
    assert max(in_hour.values(), default=0) <= HOUR_MS + 60_000


@given(mixed)
def test_law_segments_never_overlap_and_are_never_empty(rows):
    parts = segments(mixture(rows))

    for earlier, later in pairwise(parts):
        assert earlier.start_ms + earlier.duration_ms <= later.start_ms
    assert all(part.duration_ms > 0 for part in parts)


@given(series_of_points)
def test_law_zero_rate_is_zero_mass(rows):
    assert integrate(points([(step, 0.0) for step, _ in rows])).kg == 0.0


@given(series_of_points)
def test_law_doubling_the_rate_doubles_the_mass(rows):
    double = integrate(points([(step, 2 * rate) for step, rate in rows]))

    # Exact, a power of two, but where the mass is subnormal.
    assert double.kg == pytest.approx(2 * integrate(points(rows)).kg, rel=0, abs=1e-300)


def test_law_sorting_any_order_of_arrival_gives_the_same_bits():
    noise = random.Random(7)
    samples = points([(5.0, noise.random()) for _ in range(500)])
    shuffled = noise.sample(samples, len(samples))

    again = segments(sorted(shuffled, key=lambda sample: sample.t_ms))

    assert again == segments(samples)
