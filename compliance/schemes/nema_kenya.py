"""Emission report for Kenya's NEMA. We measure temperature, velocity and flow; a laboratory measures the pollutants.

Source: NEMA Air Quality, regulation 19.
"""

from django.utils.translation import gettext_lazy as _

from compliance.inventory.lines import Line
from compliance.reports.content import Content, Section
from compliance.schemes import EnteredField, Level, PeriodRule, ReportInputs, Scheme, Text, content, parts
from compliance.schemes.building import day, entered, number, numbers, section, table, text, words
from compliance.schemes.checks import CHECKS
from compliance.schemes.chimneys import measured
from compliance.schemes.figures import ReportFigures, figures_of, is_biogenic, of_scope_1, rounded
from compliance.schemes.series import series_of
from factories.models import Chimney
from lib import history


def _pollutant(code: str, label: Text) -> tuple[EnteredField, EnteredField]:
    limit = number(f"{code}_limit", _("Its limit in the Third Schedule"), "mg/Nm3")
    return number(code, label, "mg/Nm3", required=True, kept=False), limit


LICENCE = (
    *parts.OPERATOR,
    text("licence_no", _("Number of the emission licence"), required=True),
    day("licence_until", _("Licence valid until")),
    text("control_equipment", _("Control equipment")),
)
LABORATORY = (
    day("sampled_on", _("Date of sampling"), required=True, kept=False),
    text("laboratory", _("Laboratory designated by NEMA"), required=True),
    number("oxygen_pct", _("Oxygen in the gas"), "%", kept=False),
    number("moisture_pct", _("Moisture of the gas"), "%", kept=False),
    *_pollutant("pm", _("Particulate matter (PM)")),
    *_pollutant("so2", _("Sulphur dioxide (SO2)")),
    *_pollutant("nox", _("Nitrogen oxides (NOx)")),
    *_pollutant("co", _("Carbon monoxide (CO)")),
)
EVENTS = (
    text("exceedances", _("Excessive emissions"), kept=False),
    text("start_ups", _("Log of start-ups and shut-downs"), kept=False),
    text("corrective_action", _("Corrective action"), kept=False),
    text("signatory", _("Signatory: name and position")),
)


def _stacks(figures: ReportFigures) -> Section:
    geometry = (
        words("id", _("Stack")),
        words("shape", _("Shape")),
        words("inner", _("Inner dimensions"), "m"),
        numbers("probe_height", _("Probe above the inlet"), "m"),
    )
    sites, known_on = list(figures.sites), figures.inputs.known_on
    chimneys = history.rows(Chimney, known_on, factory__in=sites, archived_at__isnull=True)
    stacks = (
        (row.name, row.get_shape_display() or None, _dimensions(row), rounded(row.probe_height_m, 2))
        for row in sorted(chimneys, key=lambda row: row.name)
    )
    gas = (
        words("id", _("Stack")),
        numbers("hours", _("Hours measured")),
        numbers("temperature", _("Mean temperature"), "°C"),
        numbers("velocity", _("Mean velocity"), "m/s"),
        numbers("flow", _("Mean flow, as in the stack"), "m3/s"),
    )
    means = (
        (
            row.chimney.name,
            row.hours.get("measured", 0),
            rounded(row.gas.temperature_c, 1),
            rounded(row.gas.velocity_ms, 2),
            rounded(row.gas.flow_rate_m3s, 3),
        )
        for row in measured(figures)
    )
    tables = (
        table("stacks.geometry", _("Geometry"), geometry, stacks),
        table("stacks.gas", _("Gas, from the device of record"), gas, means),
    )
    return section("stacks", _("Stacks"), (), tables, note=_("The height of a stack above the ground is not recorded."))


def _dimensions(chimney: Chimney) -> str | None:
    if chimney.diameter_m is not None:
        return f"⌀ {chimney.diameter_m:g}"
    return f"{chimney.width_m:g} × {chimney.height_m:g}" if chimney.width_m and chimney.height_m else None


def _fuels(figures: ReportFigures) -> Section:
    def is_burned(line: Line) -> bool:
        return (of_scope_1(line) or is_biogenic(line)) and figures.carrier(line) == "fuel"

    days = (figures.inputs.end_day - figures.inputs.first_day).days
    columns = (
        words("fuel", _("Fuel")),
        numbers("amount", _("Amount")),
        words("unit", _("Unit")),
        numbers("rate", _("Mean a day")),
    )
    rows = (
        (figures.stream_word(use.stream), use.amount, use.unit, use.amount and use.amount / days)
        for use in figures.uses(is_burned)
    )
    return section("fuels", _("Fuels"), (), (table("fuels.used", _("Fuels burned"), columns, rows),))


def fill(inputs: ReportInputs) -> Content:
    figures = figures_of(inputs)
    note = _(
        "Entered from the report of the laboratory; our device does not measure it. Blank is not provided, never 0."
    )
    sections = (
        entered(inputs, "licence", _("Facility and licence"), LICENCE),
        parts.place_section(figures),
        _stacks(figures),
        _fuels(figures),
        entered(inputs, "laboratory", _("Laboratory"), LABORATORY, note=note),
        entered(inputs, "events", _("Exceedances, start-ups and signatory"), EVENTS),
        parts.completeness_section(figures),
        parts.no_obligation(_("The regulations limit pollutants and ask for a licence. They put no price on CO2.")),
    )
    return content(SCHEME, inputs, sections, series=series_of(figures))


SCHEME = Scheme(
    code="nema_kenya",
    version="1",
    title=_("Emission report for NEMA, Kenya"),
    statement=_(
        "Environmental Management and Co-ordination (Air Quality) Regulations, Legal Notice 34 of 2014, in force since "
        "11 April 2014, regulation 19. They limit PM, SO2, NOx and CO, not CO2. Binding for a facility that needs an "
        "emission licence; the operator states whether this one does."
    ),
    levels=frozenset({Level.SITE}),
    fill=fill,
    checks=CHECKS,
    entered=(*LICENCE, *LABORATORY, *EVENTS),
    country="KE",
    period=PeriodRule(at_least_months=3),
    is_binding=True,
)
