"""Substitution: every row of the EPA table, the EU value, availability."""

import pytest

from science import substitution
from tests.science.builders import as_printed

LOOK_BACK = [float(i) for i in range(1, 101)]  # 1..100: percentile and value are the same number


def epa(**changes):
    values = {
        "parameter": "co2",
        "hour_before": 40.0,
        "hour_after": 60.0,
        "look_back": LOOK_BACK,
        "gap_h": 3,
        "availability_pct": 96.0,
        "maximum_potential": 200.0,
        "valid_h": 8_000,
    }
    return substitution.epa_substitute(**{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"valid_h": 719, "availability_pct": 50.0, "gap_h": 500}, 50.0),
        ({"valid_h": 719, "look_back": []}, 50.0),
        ({"valid_h": 2_159, "parameter": "flow", "availability_pct": 50.0}, 50.5),
        ({"gap_h": 24}, 50.0),
        ({"gap_h": 24, "parameter": "flow"}, 50.5),
        ({"gap_h": 25}, 90.0),
        ({"gap_h": 25, "hour_before": 150.0, "hour_after": 100.0}, 125.0),
        ({"gap_h": 25, "parameter": "flow"}, 90.0),
        ({"availability_pct": 95.0, "gap_h": 9}, 50.0),
        ({"availability_pct": 94.9, "gap_h": 8}, 50.0),
        ({"availability_pct": 94.9, "gap_h": 8, "parameter": "flow"}, 50.5),
        ({"availability_pct": 94.9, "gap_h": 9}, 95.0),
        ({"availability_pct": 90.0, "gap_h": 9}, 95.0),
        ({"availability_pct": 89.9, "gap_h": 1}, 100.0),
        ({"availability_pct": 80.0, "gap_h": 1}, 100.0),
        ({"availability_pct": 79.9, "gap_h": 1}, 200.0),
        ({"availability_pct": 79.9, "look_back": []}, 200.0),
    ],
)
def test_epa_table_row_by_row(changes, expected):
    assert epa(**changes) == expected


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"look_back": [], "gap_h": 25}, "look_back has 0 values, below the limit of 1"),
        ({"gap_h": 0}, "gap_h=0 h"),
        ({"availability_pct": 101.0}, "availability_pct=101 %"),
        ({"hour_after": float("nan")}, "hour_before and hour_after=nan"),
        ({"look_back": [1.0, -1.0], "gap_h": 25}, "look_back=-1"),
        ({"parameter": "dust"}, "dust"),
        ({"maximum_potential": float("inf")}, "maximum_potential=inf"),
    ],
)
def test_epa_substitute_refuses_what_it_cannot_judge(changes, message):
    with pytest.raises(ValueError, match=message):
        epa(**changes)


def test_eu_substitute_uses_the_sample_standard_deviation():
    values = [8.0, 8.4, 9.1, 8.8, 8.7, 9.0]

    substitute = substitution.eu_substitute(values)

    assert sum(values) / 6 == as_printed("8.66667")
    assert (substitute - sum(values) / 6) / 2 == as_printed("0.408248")
    with pytest.raises(ValueError, match=r"valid_hours has 1 values, below the limit of 2"):
        substitution.eu_substitute([8.0])


def test_percentile_is_a_measured_hour():
    assert substitution.nearest_rank_percentile([3.0, 1.0, 2.0], percentile=90.0) == 3.0
    assert substitution.nearest_rank_percentile([3.0, 1.0, 2.0], percentile=1.0) == 1.0
    with pytest.raises(ValueError, match=r"percentile=0 %"):
        substitution.nearest_rank_percentile([1.0], percentile=0.0)


def test_availability():
    assert substitution.monitor_availability_pct(valid_operating_h=7_200, operating_h=8_000) == 90.0
    with pytest.raises(ValueError, match=r"operating_h=0 h"):
        substitution.monitor_availability_pct(valid_operating_h=0, operating_h=0)
    with pytest.raises(ValueError, match=r"valid_operating_h=9 h is above the limit of 8 h"):
        substitution.monitor_availability_pct(valid_operating_h=9, operating_h=8)
