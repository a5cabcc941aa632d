"""A buyer's footprint of the product, gate to gate, in the style of ISO 14067. `pact.py` exports it as PACT JSON."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from compliance.inventory.lines import Line, of_scopes
from compliance.reports.content import Content, Section
from compliance.schemes import EnteredField, Level, PeriodRule, ReportInputs, Scheme, Text, content, parts
from compliance.schemes.building import PERCENT, entered, number, section, stated, text
from compliance.schemes.checks import CHECKS
from compliance.schemes.figures import (
    ReportFigures,
    amount_field,
    figures_of,
    is_biogenic,
    kg_of,
    known_sum,
    of_scope_1,
    ratio_field,
    total_field,
)
from compliance.schemes.series import series_of
from science.gwp import Gas


def _rating(code: str, label: Text) -> EnteredField:
    return EnteredField(code, label, "1-5", least=Decimal(1), largest=Decimal(5))


PRODUCT = (
    *parts.OPERATOR,
    text("company_urn", _("URN of the company")),
    text("product_urn", _("URN of the product")),
    text("product_name", _("Trade name of the product")),
    text("product_description", _("Description of the product")),
)
CARBON = (
    number("fossil_carbon", _("Fossil carbon in the product"), "kg C/kg"),
    number("biogenic_carbon", _("Biogenic carbon in the product"), "kg C/kg"),
    number("exempted_pct", _("Emissions from cradle to gate that are left out"), "%"),
    text("exempted_reason", _("Why they are left out")),
)
RATINGS = (
    _rating("dqr.technological", _("Data quality: technology")),
    _rating("dqr.geographical", _("Data quality: geography")),
    _rating("dqr.temporal", _("Data quality: time")),
)


def _scope(figures: ReportFigures) -> Section:
    inputs = figures.inputs
    boundary = _("gate to gate: from the arrival of the raw material to the product at the gate")
    left_out = _("Left out: growing and transport of leaf, opening and closing of seams, packaging, delivery.")
    fields = (
        stated("pcf.boundary", _("Boundary of the footprint"), boundary),
        stated("left_out", _("Left out"), left_out),
        stated("declared_unit", _("Declared unit"), f"1 kg {figures.sector.product_word}"),
        stated("first_day", _("Period of the data: first day"), inputs.first_day),
        stated("end_day", _("First day after it"), inputs.end_day),
        stated("geography", _("Geography"), ", ".join(sorted({site.country for site in inputs.factories}))),
        stated("gwp", _("Warming potentials"), inputs.inventory.gwp_set),
        stated("allocation", _("Allocation"), _("all emissions of the sites to the product; none to by-products")),
    )
    return section("scope", _("Goal and scope"), fields)


def _footprint(figures: ReportFigures) -> Section:
    """kg CO2e a kg of product by part; the total is their sum."""

    def is_grown(line: Line) -> bool:
        return of_scopes(line) and (line.gas == Gas.CH4_BIOGENIC or figures.is_renewable(line))

    def is_fossil(line: Line) -> bool:
        return of_scopes(line) and not is_grown(line)

    unit, made_kg = f"kg CO2e/kg {figures.sector.product_word}", figures.made_kg
    total_kg, own_kg = figures.co2e_kg(of_scopes), figures.co2e_kg(of_scope_1)
    biogenic = figures.chosen(is_biogenic)
    biogenic_kg = kg_of(biogenic) if biogenic else None
    rows = [
        ratio_field(
            "pcf.fossil", _("Fossil emissions, and those of bought energy"), figures.co2e_kg(is_fossil), made_kg, unit
        ),
        ratio_field("pcf.biogenic_non_co2", _("CH4 and N2O of biomass"), figures.co2e_kg(is_grown), made_kg, unit),
    ]
    together = known_sum(Decimal(row.value) for row in rows if row.value is not None)
    primary = _("Emissions of the site's own fuels and seams. Grid electricity by a public factor is secondary data.")
    apart = _("Biogenic CO2, reported apart")
    fields = (
        *rows,
        total_field(amount_field("pcf", _("Footprint, gate to gate"), together, unit), rows),
        ratio_field("pcf.biogenic_co2", apart, biogenic_kg, made_kg, unit.replace("CO2e", "CO2")),
        ratio_field("primary_data_pct", _("Primary data"), own_kg and own_kg * PERCENT, total_kg, "%", note=primary),
    )
    note = _("Scope 1 and location-based scope 2 of the sites, divided by what they made.")
    return section("pcf", _("Footprint"), fields, note=note)


def fill(inputs: ReportInputs) -> Content:
    figures = figures_of(inputs)
    sections = (
        entered(inputs, "product", _("Company and product"), PRODUCT),
        parts.place_section(figures),
        _scope(figures),
        _footprint(figures),
        entered(inputs, "carbon", _("Carbon of the product, and what is left out"), CARBON),
        entered(inputs, "quality", _("Ratings of data quality"), RATINGS),
        parts.total_section(figures),
        parts.completeness_section(figures),
        parts.methods_section(figures),
        parts.no_obligation(_("The footprint is for a buyer. No law asks for it.")),
        parts.assurance_section(inputs),
    )
    return content(SCHEME, inputs, sections, series=series_of(figures))


SCHEME = Scheme(
    code="product_footprint",
    version="1",
    title=_("Product footprint for a buyer"),
    statement=_(
        "Voluntary. In the style of ISO 14067:2018, gate to gate. It is not a footprint from cradle to gate: growing "
        "and transport of the raw material are left out. Conformity with ISO 14067 or PACT is not claimed."
    ),
    levels=frozenset({Level.SITE, Level.ORGANISATION}),
    fill=fill,
    checks=CHECKS,
    entered=(*PRODUCT, *CARBON, *RATINGS, *parts.ASSURANCE),
    sectors=frozenset({"tea", "coal_mine"}),
    gwp_set="AR6",
    period=PeriodRule(at_least_months=3),
    formats=("pact",),
)
