"""The interval of filled gaps, proved: hide random gaps in complete data and see how often it contains the truth.

`pytest tests/science/test_gaps.py -s -k contains` prints the two figures that docs/method.md 6 states.
"""

import math
import random
import statistics

import pytest

from science import gaps

DAYS, TRIALS = 45, 2_000
LENGTHS = (1, 1, 2, 3, 5, 8, 12, 24, 30, 48)


def complete_series(rng):
    """Hourly kg with a daily round and memory, without a fire at night on every tenth day."""
    made, memory = [], 0.0
    for hour in range(DAYS * 24):
        memory = 0.8 * memory + rng.gauss(0, 0.6)
        round_of_day = 1 + 0.5 * math.sin(2 * math.pi * (hour % 24 - 4) / 24)
        is_cold = hour // 24 % 10 == 3 and hour % 24 < 6
        made.append(0.0 if is_cold else max(0.0, 500 * round_of_day * (1 + 0.15 * memory)))
    return made


def with_gaps(rng, truth):
    """The series with 1 to 6 gaps after its first 30 days; they may meet."""
    hidden = list(truth)
    for _ in range(rng.randint(1, 6)):
        length = rng.choice(LENGTHS)
        start = rng.randrange(gaps.LOOK_BACK_H + 1, len(truth) - length - 1)
        hidden[start : start + length] = [None] * length
    return hidden


def runs(values):
    """(start, length) of each stretch of None."""
    start = None
    for index, value in enumerate([*values, 0.0]):
        if value is None and start is None:
            start = index
        elif value is not None and start is not None:
            yield start, index - start
            start = None


def filled_by_fuel(rng, truth, seen):
    """Each day's fuel is known to 8 %; hours seen without a fire get none."""
    days = []
    for day in range(DAYS):
        hours = slice(24 * day, 24 * day + 24)
        fuel_kg = sum(truth[hours]) * (1 + rng.gauss(0, 0.08))
        days.append(gaps.FuelDay(fuel_kg, seen[hours], [kg == 0.0 for kg in seen[hours]]))
    for number, day in enumerate(days):
        before = days[max(0, number - 30) : number]
        for start, length in runs(day.hours_kg):
            filled_kg = length * day.kg_per_h
            yield (
                filled_kg,
                gaps.gap_error(
                    lambda window_h, b=before, s=start: gaps.fuel_errors(b, s, window_h),
                    length_h=length,
                    filled_kg=filled_kg,
                ),
            )


def filled_by_neighbours(rng, truth, seen):
    def fill(before, after):
        return (before + after) / 2

    for start, length in runs(seen):
        filled_kg = length * fill(seen[start - 1], seen[start + length])
        back = seen[start - gaps.LOOK_BACK_H : start]
        yield (
            filled_kg,
            gaps.gap_error(
                lambda window_h, back=back: gaps.neighbour_errors(back, back, window_h, fill),
                length_h=length,
                filled_kg=filled_kg,
            ),
        )


@pytest.mark.parametrize("filling", [filled_by_fuel, filled_by_neighbours])
def test_the_interval_of_filled_gaps_contains_the_truth_and_is_no_wider_than_it_must(filling):
    errors, widths, inside = [], [], 0
    for trial in range(TRIALS):
        rng = random.Random(trial)
        truth = complete_series(rng)
        seen = with_gaps(rng, truth)
        parts = list(filling(rng, truth, seen))
        hidden_kg = sum(kg for kg, shown in zip(truth, seen, strict=True) if shown is None)
        error = sum(kg for kg, _e in parts) - hidden_kg
        half = 2 * math.sqrt(sum(e.bias_kg for _kg, e in parts) ** 2 + sum(e.variance_kg2 for _kg, e in parts))
        errors.append(error)
        widths.append(2 * half)
        inside += abs(error) <= half
    contained = 100 * inside / TRIALS
    width = statistics.fmean(widths) / math.sqrt(statistics.fmean(error * error for error in errors))
    print(f"{filling.__name__}: {contained:.1f} % of {TRIALS} trials, mean width {width:.2f} x RMSE")  # noqa: T201 - docs/method.md states them

    assert 93 <= contained <= 99
    assert width <= 4.5


def test_without_windows_as_long_as_the_gap_shorter_ones_are_scaled_and_without_any_the_default_holds():
    known = {4: [10.0, -10.0] * 5}

    scaled = gaps.gap_error(lambda window_h: known.get(window_h, []), length_h=9, filled_kg=900.0)
    default = gaps.gap_error(lambda _window_h: [], length_h=9, filled_kg=900.0)

    assert scaled.variance_kg2 == pytest.approx((10.0 * 9 / 4) ** 2)
    assert default.variance_kg2 == pytest.approx((0.5 * 900.0) ** 2)


def test_a_bias_of_the_filling_is_kept_with_its_sign_apart_from_what_varies():
    error = gaps.gap_error(lambda _window_h: [30.0, 10.0] * 5, length_h=2, filled_kg=0.0)

    assert (error.bias_kg, error.variance_kg2) == (20.0, 100.0)
