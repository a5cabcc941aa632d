"""Ledger of the methane of a mine: coal, factor, volume, mass, CO2e under three sets."""

from django.utils.translation import gettext_lazy as _

from compliance.inventory.lines import SETS, Line
from compliance.reports.content import Content, Section, Table
from compliance.schemes import Level, PeriodRule, ReportInputs, Scheme, Text, content, parts
from compliance.schemes.building import entered, numbers, section, stated, summed, table, text, words
from compliance.schemes.checks import CHECKS
from compliance.schemes.figures import (
    Choose,
    ReportFigures,
    amount_field,
    figures_of,
    kg_of,
    known_sum,
    ratio,
    ratio_field,
    tonnes,
)
from compliance.schemes.series import series_of
from factories.choices import SourceKind
from factories.models import EmissionSource
from science.coal_methane import CH4_DENSITY_KG_PER_M3

SEAMS = text("seams", _("Seams worked, with depth"))


def of_mine(line: Line) -> bool:
    return line.source_kind == SourceKind.MINE_METHANE


def _of_group(site_id: int, source_id: int | None) -> Choose:
    return lambda line: of_mine(line) and (line.factory_id, line.source_id) == (site_id, source_id)


def _method(source: EmissionSource | None) -> tuple[Text | None, Text | None]:
    """Class or degree, and where the factor comes from."""
    if source is None:
        return None, None
    degree = source.get_mine_class_display() or None
    if source.methane_per_t is None:
        return degree, _("factor of the class (CIMFR, to be confirmed)")
    return degree, _("the mine's own: %(source)s") % {"source": source.methane_reference}


def _ledger(figures: ReportFigures) -> Table:
    columns = (
        words("mine", _("Mine")),
        words("source", _("Source")),
        words("degree", _("Class or degree")),
        words("method", _("Method")),
        summed("coal", _("Coal"), "t"),
        numbers("factor", _("Factor"), "m3/t"),
        summed("volume", _("CH4 released (20 °C, 1 atm)"), "m3"),
        summed("mass", "CH4", "t"),
        *(summed(f"co2e_{name}", f"CO2e, {name}", "t") for name in SETS),
    )
    rows = []
    for site_id, source_id in sorted({(line.factory_id, line.source_id) for line in figures.chosen(of_mine)}, key=str):
        choose = _of_group(site_id, source_id)
        lines = figures.chosen(choose)
        coal_t, kg = tonnes(known_sum(line.amount for line in lines)), kg_of(lines)
        volume_m3 = kg / CH4_DENSITY_KG_PER_M3
        source = figures.sources.get(source_id) if source_id is not None else None
        co2e_t = (figures.co2e("", "", choose, gwp_set=name).value for name in SETS)
        names = (figures.sites[site_id].name, figures.source_word(lines[0]), *_method(source))
        rows.append((*names, coal_t, ratio(volume_m3, coal_t), volume_m3, tonnes(kg), *co2e_t))
    return table("methane.ledger", _("Methane by mine"), columns, rows)


def _methane(figures: ReportFigures) -> Section:
    lines = figures.chosen(of_mine)
    coal_t, kg = tonnes(known_sum(line.amount for line in lines)), kg_of(lines) if lines else None
    volume_m3 = kg and kg / CH4_DENSITY_KG_PER_M3
    not_recorded, no_method = _("not recorded"), _("not estimated: there is no IPCC method")
    fields = (
        figures.inputs.field(SEAMS),
        amount_field("coal", _("Coal"), coal_t, "t"),
        amount_field("ch4_m3", _("CH4 released (20 °C, 1 atm)"), volume_m3, "m3"),
        figures.gas("ch4", _("CH4 released"), of_mine),
        *(figures.co2e(f"co2e.{name}", f"CO2e, {name}", of_mine, gwp_set=name) for name in SETS),
        ratio_field("ch4_per_t", _("CH4 a t of coal"), kg, coal_t, "kg/t"),
        stated("ventilation", _("Air of the ventilation and its CH4"), not_recorded),
        stated("drained", _("CH4 drained"), not_recorded),
        stated("flared", _("CH4 flared"), not_recorded),
        stated("used", _("CH4 used"), not_recorded),
        stated("fires", _("Spontaneous combustion and fires of dumps"), no_method),
    )
    note = _("Without a record of drainage all methane counts as vented. 1 m3 is 0.67 kg (IPCC 2006 V2 Ch4).")
    return section("methane", _("Methane"), fields, (_ledger(figures),), note=note)


def fill(inputs: ReportInputs) -> Content:
    figures = figures_of(inputs)
    no_law = _("No law of India asks for this ledger. EU importers of coal need such data (Regulation (EU) 2024/1787).")
    sections = (
        entered(inputs, "operator", _("Operator"), parts.OPERATOR),
        parts.place_section(figures),
        _methane(figures),
        entered(inputs, "exclusions", _("Exclusions"), (parts.EXCLUSIONS,)),
        parts.completeness_section(figures),
        parts.methods_section(figures),
        parts.no_obligation(no_law),
        parts.assurance_section(inputs),
    )
    return content(SCHEME, inputs, sections, series=series_of(figures), of_total=of_mine)


SCHEME = Scheme(
    code="mine_methane",
    version="1",
    title=_("Mine methane ledger"),
    statement=_("Voluntary: no law of India asks for this ledger. Its total is the methane of the mine alone."),
    levels=frozenset({Level.SITE, Level.ORGANISATION}),
    fill=fill,
    checks=CHECKS,
    entered=(*parts.OPERATOR, SEAMS, parts.EXCLUSIONS, *parts.ASSURANCE),
    sectors=frozenset({"coal_mine"}),
    gwp_set="AR5",
    period=PeriodRule(starts_in=4, at_least_months=1),
)
