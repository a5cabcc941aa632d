"""A report as PDF, read back with pdftotext: every figure, its marks, its strip; and what a text cannot do to it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from compliance.formats import chart, pdf
from compliance.formats.stamp import NONE, Stamp
from compliance.reports.content import BARS, FIRE_LOG, SHARES, Content, Field, Section, Series
from tests.compliance.formats.pdf_text import squeezed, text_of
from tests.compliance.formats.report_content import make_content

pytestmark = pytest.mark.needs("pdftotext")
AT = datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
URL = "https://carbontrack.example/reports/verify/0123456789abcdef/"


@pytest.fixture(scope="module")
def content() -> Content:
    return make_content(hours=24 * 40)


def with_text(content: Content, text: str) -> Content:
    section = Section("S", text, (Field("s", text, text, note=text),), note=text)
    return replace(content, title=text, place=text, statement=text, sections=(section,))


def test_cover_says_whose_report_of_what_it_is_and_how_to_check_it(content: Content) -> None:
    made = text_of(pdf.render(content, AT, Stamp("NOT VERIFIED", URL)))

    cover, *others = made.strip("\f").split("\f")
    words = " ".join(cover.split())
    for text in (
        "Greenhouse gas inventory",
        "Litein Tea Factory",
        "125.7 t CO2e",
        "125,731.875 kg",
        "NOT VERIFIED",
        URL,
    ):
        assert text in words
    assert "113,000 to 138,500 kg CO2e" in words
    assert squeezed(content.statement) in squeezed(cover)
    assert others


def test_every_page_says_that_it_is_simulated_and_which_page_it_is(content: Content) -> None:
    simulated = text_of(pdf.render(content, AT)).strip("\f").split("\f")
    real = text_of(pdf.render(replace(content, is_simulated=False), AT))

    for number, page in enumerate(simulated, 1):
        assert "SIMULATED DATA - not the real factory" in page
        assert f"Page {number} of {len(simulated)}" in page
    assert "SIMULATED" not in real


def test_blank_is_not_provided_and_typed_is_entered(content: Content) -> None:
    lines = text_of(pdf.render(content, AT)).splitlines()

    assert any(line.startswith("Licence number entered") for line in lines)
    assert any(line.startswith("Water drawn") and "not provided" in line and "entered" not in line for line in lines)
    assert "812 t at least 790" in " ".join(lines)


def test_file_is_for_archives_and_readers_of_the_screen_unless_no_font_has_a_script(content: Content) -> None:
    usual = pdf.render(with_text(content, "कोयला खदान, Mgodi wa makaa ≥ ½"), AT)
    odd = pdf.render(with_text(content, "煤矿"), AT)

    assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A" in usual
    assert b"<pdfuaid:part>1" in usual
    assert b"pdfaid:part>" not in odd
    assert "矿" in text_of(odd)


@pytest.mark.parametrize(
    "text", ['#panic("no")', "$ x $ *b* _i_ `raw`", "= Heading\n- item", '<label> @ref "q" \\u{41}', "#"]
)
def test_text_of_a_report_is_never_markup(text: str, content: Content) -> None:
    made = text_of(pdf.render(with_text(content, text), AT))

    assert squeezed(made).count(squeezed(text)) >= 5


def test_in_kiswahili_the_words_of_the_format_are_too(content: Content) -> None:
    made = text_of(pdf.render(replace(content, language="sw"), AT))

    assert "haikutolewa" in made
    assert "not provided" not in made


def test_fire_log_thins_hours_to_what_a_page_shows() -> None:
    drawn = chart.fire_log(make_content().series[0])

    assert drawn is not None
    assert [row["label"] for row in drawn["rows"]][:2] == ["Nov 2025", "Dec 2025"]
    assert len(drawn["rows"]) == 13
    assert all(len(row["runs"]) <= 248 for row in drawn["rows"])  # 31 days of 8 cells
    start, length, step, status = drawn["rows"][0]["runs"][0]
    assert (start, step, status) == (0, 4, "missing")  # the first 55 hours: 18 cells of 3
    assert length == pytest.approx(18 * 3 / (31 * 24))
    assert "no reading 2.9 %" in drawn["hours"]  # 5 gaps of 55 hours in 9,480


def test_days_and_two_months_of_hours_keep_their_cells() -> None:
    days = (("2026-01-01", "10", "measured"), ("2026-01-02", "10", "measured"), ("2026-01-04", "40", "substituted"))
    hours = (("2026-01-01T00:00", "40", "measured"), ("2026-01-01T01:00", None, "missing"))

    by_day = chart.fire_log(Series("f", "Fire", "kg", days, FIRE_LOG))
    by_hour = chart.fire_log(Series("f", "Fire", "kg", hours, FIRE_LOG))

    assert by_day is not None
    assert by_hour is not None
    assert by_day["rows"][0]["runs"] == [
        [0, pytest.approx(2 / 31), 1, "measured"],
        [pytest.approx(3 / 31), pytest.approx(1 / 31), 4, "substituted"],
    ]  # 10 of 40 is the first of four steps
    assert by_hour["rows"][0]["runs"][1] == [pytest.approx(1 / 744), pytest.approx(1 / 744), 4, "missing"]


def test_bar_stands_on_the_one_below_and_a_part_without_a_value_is_dashed() -> None:
    points = (("2026-01", "60", "measured"), ("2026-01", "30", "Scope 2"), ("2026-02", None, "measured"))

    drawn = chart.bars_or_shares(Series("b", "Bars", "t", points, BARS))

    first, second = drawn["bars"]
    assert [(part["top"], part["status"]) for part in first["parts"]] == [
        (0.6, "measured"),
        (pytest.approx(0.9), "tone-0"),
    ]  # of 100
    assert second["parts"][0]["status"] == "missing"
    assert drawn["table"].rows == (("Jan 2026", "60", "30"), ("Feb 2026", "no reading", ""))


def test_shares_are_of_the_whole() -> None:
    points = (("Boiler", "75", ""), ("Grid", "25", ""), ("Unknown", None, ""))

    drawn = chart.bars_or_shares(Series("s", "Shares", "t", points, SHARES))

    assert [part["words"] for part in drawn["parts"]] == ["75.0 %", "25.0 %", "0.0 %"]


@pytest.mark.parametrize(
    "series", [(), (Series("s", "S", "t", (), SHARES),), (Series("s", "S", "t", (("a", "0", ""),), SHARES),)]
)
def test_report_of_nothing_is_a_cover(series: tuple[Series, ...], content: Content) -> None:
    bare = replace(
        content, series=series, sections=(), factors=(), evidence=(), changes=(), total_emissions_kg=None, statement=""
    )

    made = text_of(pdf.render(bare, AT, NONE))

    assert "Total emissions" in made
    assert "not provided" in made
