"""One figure has one text, and nothing else is a figure."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.explain.identity import OF_SITES, Identity, NotAFigureError, hours, of_row, parse, site

DAYS = st.dates(date(2000, 1, 1), date(2090, 1, 1))
IDS = st.lists(st.integers(1, 300), min_size=1, max_size=60, unique=True).map(sorted).map(tuple)


@given(ids=IDS, first=DAYS, length=st.integers(0, 400), kind=st.sampled_from(sorted(OF_SITES)))
def test_text_of_sites_is_read_back(ids: tuple[int, ...], first: date, length: int, kind: str) -> None:
    figure = Identity(kind, ids, "co2e_kg", first, first + timedelta(days=length))

    assert parse(str(figure)) == figure


@pytest.mark.parametrize(
    "text",
    [
        "day:12:2026-11-03:heat_co2_kg",
        "hour:7:20261103T0430Z:record_kg",
        "reading:5:1793678405000.-7.41:co2_kg_per_s",
        "entry:81:co2e_kg",
        "target:4:2026-11-29:actual",
    ],
)
def test_text_of_one_row_is_read_back(text: str) -> None:
    assert str(parse(text)) == text


def test_neighbours_are_joined() -> None:
    assert site([17, 13, 12, 14], date(2026, 11, 1), date(2026, 11, 2), "co2e_kg") == (
        "site:12-14,17:2026-11-01..2026-11-02:co2e_kg"
    )
    start = datetime(2026, 11, 3, 3, tzinfo=UTC)
    assert hours("stack", 12, start, start + timedelta(hours=8)) == (
        "stack:12:20261103T0300Z..20261103T1100Z:record_kg"
    )
    assert of_row("share", 81, "co2e_kg", date(2026, 11, 3)) == "share:81:2026-11-03:co2e_kg"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "site",
        "site:12:2026-11-01..2026-11-30",
        "site:12:2026-11-30..2026-11-01:co2e_kg",  # backwards
        "site:12:2026-11-31..2026-12-01:co2e_kg",  # no such day
        "site:14,12:2026-11-01..2026-11-30:co2e_kg",
        "site:12,13:2026-11-01..2026-11-30:co2e_kg",  # one text a figure: 12-13
        "site:1-999999999:2026-11-01..2026-11-30:co2e_kg",
        "site:012:2026-11-01..2026-11-30:co2e_kg",
        "entry:1,2:co2e_kg",
        "entry:1:2026-11-01:co2e_kg",
        "entry:1:co2e_kg ",
        "entry:1:Co2e_kg",
        "entry:1:co2e_kg\n",
        "entry:١:co2e_kg",
        "hour:7:20261103T0460Z:record_kg",
        "day:12:2026-11-03:" + "a" * 1000,
        # No query over ages, and no time beyond the calendar.
        "site:12:1000-01-01..9999-01-01:co2e_kg",
        "inventory:12:2020-01-01..2026-01-01:co2e_kg",
        "chimney:7:20000101T0000Z..20261103T0000Z:record_kg",
        "hour:7:99991231T2300Z:record_kg",
        "reading:5:999999999999999.-7.41:co2_kg_per_s",
        "reading:5:1793678405000.-7.9999999999:co2_kg_per_s",
        "reading:5:1793678405000.-07.41:co2_kg_per_s",
    ],
)
def test_nothing_else_is_a_figure(text: str) -> None:
    with pytest.raises(NotAFigureError):
        parse(text)


@given(st.text(max_size=80))
def test_any_text_is_refused_or_read_back(text: str) -> None:
    with suppress(NotAFigureError):
        assert str(parse(text)) == text
