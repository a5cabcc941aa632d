"""The ribbon: what is drawn, how high, and what is said about it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from portal.drawn.fire_log import STEPS, FireLogCell, FireLogStatus, build_fire_log

NAIROBI = ZoneInfo("Africa/Nairobi")
SIX_IN_THE_MORNING = datetime(2026, 11, 21, 6, tzinfo=NAIROBI)


def make_cells(
    rates_kg_per_h: Sequence[float | None], status: str = "measured", *, minutes: int = 60
) -> list[FireLogCell]:
    """Cells one after another from six in the morning; a rate of None is a cell without a reading."""
    return [
        FireLogCell(SIX_IN_THE_MORNING + timedelta(minutes=minutes * at), rate, "missing" if rate is None else status)
        for at, rate in enumerate(rates_kg_per_h)
    ]


@pytest.mark.parametrize(
    ("co2_kg_per_h", "step"), [(0.1, 1), (200, 1), (200.1, 2), (400, 2), (600, 3), (800, 4), (5000, 4)]
)
def test_height_has_four_steps_of_the_scale(co2_kg_per_h: float, step: int) -> None:
    log = build_fire_log(make_cells([co2_kg_per_h]), scale_kg_per_h=800)

    (segment,) = log.segments
    assert (segment.step, segment.height_pct) == (step, f"{step * 25}%")
    assert segment.y_pct == f"{100 - step * 25}%"


def test_measured_nothing_is_a_line_and_idle_is_blank() -> None:
    cells = [*make_cells([0.0]), FireLogCell(SIX_IN_THE_MORNING + timedelta(hours=1), None, "idle")]

    log = build_fire_log(cells, scale_kg_per_h=800)

    assert [(s.status, s.height_pct) for s in log.segments] == [("measured", "4%")]


def test_no_reading_is_a_dashed_box_of_full_height_and_never_zero() -> None:
    log = build_fire_log(make_cells([800, None]), scale_kg_per_h=800)

    missing = log.segments[1]
    assert (missing.status, missing.height_pct) == ("missing", "100%")
    assert (missing.x_pct, missing.width_pct) == ("50%", "50%")
    assert log.rows[1].co2_kg_per_h is None


@pytest.mark.parametrize("not_a_figure", [None, float("nan"), float("inf")])
def test_measured_cell_without_a_figure_is_no_reading(not_a_figure: float | None) -> None:
    log = build_fire_log([FireLogCell(SIX_IN_THE_MORNING, not_a_figure, "measured")], scale_kg_per_h=800)

    assert [s.status for s in log.segments] == ["missing"]


def test_hole_between_cells_is_no_reading_and_not_bridged() -> None:
    cells = make_cells([400, 400, 400, 400])
    del cells[1:3]

    log = build_fire_log(cells, scale_kg_per_h=800)

    assert [s.status for s in log.segments] == ["measured", "missing", "measured"]
    assert log.summary == "Measured 2 h, no reading 2 h; highest 400 kg CO2/h at 06:00."


def test_neighbours_of_one_form_and_height_are_one_segment() -> None:
    quarters = make_cells([700.0] * 48 + [300.0] * 48, minutes=15)

    log = build_fire_log(quarters, scale_kg_per_h=800, cell_minutes=15)

    assert [(s.step, s.x_pct, s.width_pct) for s in log.segments] == [(4, "0%", "50%"), (2, "50%", "50%")]


def test_substituted_keeps_its_form_beside_measured_of_the_same_height() -> None:
    cells = [*make_cells([700.0]), FireLogCell(SIX_IN_THE_MORNING + timedelta(hours=1), 700.0, "substituted")]

    log = build_fire_log(cells, scale_kg_per_h=800)

    assert [s.status for s in log.segments] == ["measured", "substituted"]


def test_unknown_status_is_an_error_and_not_a_form_of_its_own() -> None:
    with pytest.raises(ValueError, match="guessed"):
        build_fire_log([FireLogCell(SIX_IN_THE_MORNING, 1.0, "guessed")])


def test_without_a_scale_the_highest_cell_is_full_height() -> None:
    log = build_fire_log(make_cells([3.0, 12.0]))

    assert (log.scale_kg_per_h, log.scale_label) == (12.0, "12")
    assert [s.step for s in log.segments] == [1, 4]


def test_ticks_are_site_hours_of_the_clock_and_stay_inside() -> None:
    log = build_fire_log(make_cells([1.0] * 24))

    assert [(t.label, t.anchor) for t in log.ticks] == [
        ("06:00", "start"),
        ("12:00", "middle"),
        ("18:00", "middle"),
        ("00:00", "middle"),
        ("06:00", "end"),
    ]


@pytest.mark.parametrize(("minutes_before", "anchor"), [(75, "start"), (105, "middle")])
def test_a_label_near_an_edge_is_on_the_inner_side_of_its_tick(minutes_before: int, anchor: str) -> None:
    first = SIX_IN_THE_MORNING - timedelta(minutes=minutes_before)
    quarters = [FireLogCell(first + timedelta(minutes=15 * at), 1.0, "measured") for at in range(96)]

    log = build_fire_log(quarters, cell_minutes=15)

    # The tick at 06:00, of 24 hours: at 5.2 % or at 7.3 %.
    assert (log.ticks[0].label, log.ticks[0].anchor) == ("06:00", anchor)


def test_clock_change_takes_an_hour_out_of_the_ribbon() -> None:
    # No site has one today; the log must not bend if one comes.
    madrid = ZoneInfo("Europe/Madrid")
    midnight = datetime(2026, 3, 29, tzinfo=madrid)
    starts = [(midnight.astimezone(ZoneInfo("UTC")) + timedelta(hours=h)).astimezone(madrid) for h in range(23)]

    log = build_fire_log([FireLogCell(start, 5.0, "measured") for start in starts])

    assert [s.width_pct for s in log.segments] == ["100%"]
    assert log.summary.startswith("Measured 23 h;")


def test_table_has_a_line_a_cell_and_one_for_a_run_without_figures() -> None:
    log = build_fire_log(make_cells([500.0, None, None, 250.0]), scale_kg_per_h=800)

    lines = [(row.time_label, row.co2_kg_per_h, row.status_word) for row in log.rows]

    assert lines == [
        ("06:00-07:00", 500.0, "measured"),
        ("07:00-09:00", None, "no reading"),
        ("09:00-10:00", 250.0, "measured"),
    ]


def test_line_of_the_table_names_its_days_when_it_runs_into_another() -> None:
    whole_day = build_fire_log(make_cells([None] * 24))
    evening = build_fire_log(make_cells([500.0] * 20))

    with translation.override("sw"):
        in_swahili = whole_day.rows[0].time_label

    assert [row.time_label for row in whole_day.rows] == ["Sat 06:00-Sun 06:00"]
    assert [row.time_label for row in evening.rows[16:19]] == ["22:00-23:00", "Sat 23:00-Sun 00:00", "00:00-01:00"]
    assert in_swahili != "Sat 06:00-Sun 06:00"


def test_no_cells_say_so() -> None:
    log = build_fire_log([])

    assert (log.segments, log.ticks, log.rows) == ((), (), ())
    assert log.summary == "No reading in these 24 hours."


def test_drawing_carries_title_sentence_table_and_one_rectangle_a_segment() -> None:
    log = build_fire_log(make_cells([500.0, None]), scale_kg_per_h=800)

    html = render_to_string("components/_fire_log.html", {"log": log})

    assert f"<title>{log.title}. {log.summary}</title>" in html
    assert html.count("<rect") == len(log.segments) == 2
    assert html.count('<th scope="row">') == len(log.rows) == 2
    assert "500 kg CO<sub>2</sub>/h" in html


@given(
    st.lists(
        st.tuples(st.sampled_from(list(FireLogStatus)), st.none() | st.floats(allow_nan=True)), min_size=1, max_size=96
    )
)
def test_segments_stay_inside_the_ribbon_and_never_overlap(cells: list[tuple[str, float | None]]) -> None:
    log = build_fire_log(
        [
            FireLogCell(SIX_IN_THE_MORNING + timedelta(minutes=15 * at), rate, status)
            for at, (status, rate) in enumerate(cells)
        ],
        scale_kg_per_h=800,
        cell_minutes=15,
    )

    edges = [(float(s.x_pct[:-1]), float(s.x_pct[:-1]) + float(s.width_pct[:-1])) for s in log.segments]
    # Percentages carry four significant digits.
    assert all(left >= 0 and right <= 100.02 for left, right in edges)
    assert all(before[1] <= after[0] + 0.02 for before, after in pairwise(edges))
    assert all(0 <= s.step <= STEPS and 0 < float(s.height_pct[:-1]) <= 100 for s in log.segments)
