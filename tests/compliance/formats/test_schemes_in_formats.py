"""The reports of every scheme in every format: no value is lost, and another program calculates the workbook's sums."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import formulas
import openpyxl
import pytest

from compliance.reports.content import Content
from compliance.schemes import schemes
from factories.models import Factory
from tests.compliance.formats.report_content import RENDER
from tests.compliance.formats.test_formats_agree import AT, missing_values
from tests.compliance.schemes.worlds import INDIAN_YEAR, YEAR, inputs_of, make_mine, make_tea

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock"), pytest.mark.needs("pdftotext")]


def contents_of(site: Factory, period: Any) -> Iterator[Content]:
    for scheme in schemes().values():
        if scheme.covers(site.organisation, site):
            yield scheme.fill(inputs_of(scheme, site, *period, turnover="500000000", E__zero_rated_pct="25"))


def wrong_sums(book: bytes, folder: Path) -> tuple[int, list[str]]:
    """How many formulas a workbook has, and those of another value than it states."""
    file = folder / "report.xlsx"
    file.write_bytes(book)
    live, stated = (openpyxl.load_workbook(io.BytesIO(book), data_only=only) for only in (False, True))
    found = [(s.title, c.coordinate) for s in live for row in s.iter_rows() for c in row if c.data_type == "f"]
    solution = formulas.ExcelModel().loads(str(file)).finish().calculate()
    wrong = []
    for sheet, cell in found:
        value = float(solution[f"'[{file.name}]{sheet.upper()}'!{cell}"].value[0, 0])
        if value != pytest.approx(stated[sheet][cell].value, rel=1e-12):
            wrong.append(f"{sheet}!{cell}: {value}, {stated[sheet][cell].value} stated")
    return len(found), wrong


@pytest.mark.parametrize(("make_site", "period"), [(make_tea, YEAR), (make_mine, INDIAN_YEAR)])
def test_no_value_of_a_scheme_is_lost_and_sums_are_live(
    make_site: Callable[[], Factory], period: Any, tmp_path: Path
) -> None:
    counted = 0
    for content in contents_of(make_site(), period):
        assert missing_values(content) == {"pdf": [], "xlsx": [], "csv": []}, content.scheme
        assert b"pdfaid:part>" in RENDER["pdf"](content, AT), content.scheme
        number, wrong = wrong_sums(RENDER["xlsx"](content, AT), tmp_path)
        assert wrong == [], content.scheme
        counted += number
    assert counted > 20
