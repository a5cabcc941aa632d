"""The charts of a report: its fire log, its months, and what its emissions come from."""

from datetime import date
from functools import partial

from django.utils.translation import gettext as _

from compliance.inventory.lines import Line
from compliance.reports.content import BARS, SHARES, Series
from compliance.schemes.building import cell
from compliance.schemes.chimneys import fire_log
from compliance.schemes.figures import Choose, ReportFigures, by_location, kind_word, of_scope_1, tonnes


def series_of(figures: ReportFigures) -> tuple[Series, ...]:
    log = fire_log(figures, _("Fire log: CO2 in the stacks by day"))
    return (*((log,) if log.points else ()), _months(figures), _shares(figures))


def _months(figures: ReportFigures) -> Series:
    months = sorted({line.month for line in figures.lines})
    scopes = ((_("Scope 1"), of_scope_1), (_("Scope 2"), by_location))
    points = [
        (month.isoformat(), _tonnes(figures, partial(_in_month, of, month)), word)
        for word, of in scopes
        for month in months
    ]
    return Series("months", _("Emissions by month"), "t CO2e", tuple(points), BARS)


def _shares(figures: ReportFigures) -> Series:
    kinds = sorted({line.source_kind for line in figures.chosen(of_scope_1)})
    points = [(str(kind_word(kind)), _tonnes(figures, partial(_of_kind, kind)), "") for kind in kinds]
    points.append((_("Energy bought"), _tonnes(figures, by_location), ""))
    return Series("shares", _("Where they come from"), "t CO2e", tuple(points), SHARES)


def _in_month(of: Choose, month: date, line: Line) -> bool:
    return of(line) and line.month == month


def _of_kind(kind: str, line: Line) -> bool:
    return of_scope_1(line) and line.source_kind == kind


def _tonnes(figures: ReportFigures, choose: Choose) -> str | None:
    return cell(tonnes(figures.co2e_kg(choose)))
