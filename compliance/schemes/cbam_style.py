"""Operator's statement on the data elements of CBAM, A to L. Voluntary: neither tea nor coal is a good of CBAM."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from compliance.inventory.lines import PUBLISHED_CO2E, Basis, Line
from compliance.reports.content import Content, Section
from compliance.schemes import Level, PeriodRule, ReportInputs, Scheme, content, parts
from compliance.schemes.building import (
    NOT_APPLICABLE,
    PERCENT,
    entered,
    number,
    numbers,
    section,
    stated,
    summed,
    table,
    text,
    words,
)
from compliance.schemes.checks import CHECKS
from compliance.schemes.chimneys import calibrations, measured
from compliance.schemes.figures import (
    GJ_PER_KWH,
    Choose,
    ReportFigures,
    amount_field,
    by_location,
    energy_uses,
    figures_of,
    is_activity,
    is_biogenic,
    kg_of,
    known_sum,
    of_scope_1,
    ratio,
    ratio_field,
    rounded,
    substitution_word,
    tonnes,
    total_field,
)
from compliance.schemes.series import series_of
from energy.choices import Carrier
from science.gwp import Gas

CN_CODES = {"tea": "0902", "coal_mine": "2701"}
G_PER_NM3_OF_CO2 = 1963.49  # at 0 °C and 1 atm: docs/method.md 1
GJ_PER_MWH, GJ_PER_TJ = GJ_PER_KWH * 1000, 1000

OPERATOR = (
    *parts.OPERATOR,
    text("B.name_local", _("Name of the installation in the local language")),
    text("B.address", _("Address")),
    text("B.unlocode", _("UN/LOCODE")),
    text("B.activity", _("Economic activity")),
    text("B.registry_id", _("Installation in the CBAM registry, if any")),
)
PROCESS = (text("C.route", _("Production route")), text("C.boundary", _("Boundary of the process")))
GOODS = (
    text("D.trade_name", _("Trade name")),
    text("D.cn8", _("CN code, 8 digits")),
    number("D.exported_to_eu", _("Exported to the EU"), "t", kept=False),
)
ZERO_RATED = number("E.zero_rated_pct", _("Share of the biomass that is zero-rated"), "%")
EVIDENCE = text("E.evidence", _("Evidence of the zero rating (Directive (EU) 2018/2001, article 29)"))
BIOMASS = (ZERO_RATED, EVIDENCE)
EXPORTS = (
    number("G.heat_exported", _("Heat exported"), "TJ", kept=False),
    number("G.electricity_exported", _("Electricity exported"), "MWh", kept=False),
    number("G.waste_gas", _("Waste gas"), "TJ", kept=False),
)
PRECURSORS = (
    text("H.name", _("Precursor, with its CN code")),
    text("H.supplier", _("Installation and country of the supplier, route, period")),
    number("H.mass", _("Mass consumed"), "t", kept=False),
    number("H.see_direct", _("Direct embedded emissions"), "t CO2e/t"),
    number("H.see_indirect", _("Indirect embedded emissions"), "t CO2e/t"),
    text("H.basis", _("Actual or default values")),
    text("H.carbon_price", _("Carbon price paid for it")),
)
PRICE = (
    text("J.scheme", _("Scheme and legal act")),
    number("J.rate", _("Rate per t CO2e")),
    text("J.currency", _("Currency")),
    text("J.rebate", _("Free allocation or rebate")),
    number("J.covered", _("Covered"), "t CO2e", kept=False),
    number("J.per_good", _("Amount per t of the good"), kept=False),
)
MONITORING = (
    text("K.plan", _("Version of the monitoring plan")),
    text("K.control", _("Control system")),
    text("K.changes", _("Changes in the period"), kept=False),
)


# --- A to D
def _header(inputs: ReportInputs) -> Section:
    fields = (
        stated("A.type", _("Type of statement"), _("voluntary")),
        stated("A.template", _("Version of the template"), SCHEME.version),
        stated("A.first_day", _("Reporting period: first day"), inputs.first_day),
        stated("A.end_day", _("Reporting period: first day after it"), inputs.end_day),
        stated("A.known_on", _("Data as known on"), inputs.known_on.isoformat(timespec="seconds")),
        stated("A.digest", _("Digest of the input rows (SHA-256)"), inputs.inventory.inputs_sha256),
    )
    return section("A", _("A Header"), fields)


def _operator(figures: ReportFigures) -> Section:
    place = parts.place_section(figures)
    fields = (*map(figures.inputs.field, OPERATOR), *place.fields)
    return section("B", _("B Operator and installation"), fields, place.tables)


def _process(figures: ReportFigures) -> Section:
    names = sorted({f"{figures.source_word(line)}: {figures.stream_word(line.stream)}" for line in figures.lines})
    category = _("none: the good is not in Annex I of Regulation (EU) 2023/956")
    fields = (
        stated("C.id", _("Process"), "1"),
        stated("C.category", _("Aggregated goods category"), category),
        stated("C.unit", _("Functional unit"), f"1 t {figures.sector.product_word}"),
        stated("C.sources", _("Sources and source streams"), "; ".join(names)),
        *map(figures.inputs.field, PROCESS),
    )
    return section("C", _("C Production process"), fields)


def _goods(figures: ReportFigures) -> Section:
    level = tonnes(figures.made_kg)
    fields = (
        *map(figures.inputs.field, GOODS),
        stated("D.cn4", _("CN heading"), CN_CODES.get(figures.sector.code)),
        amount_field("D.activity_level", _("Activity level"), level, "t", figure=figures.identity("made_kg")),
    )
    return section("D", _("D Goods"), fields)


# --- E, F: direct emissions
def is_fossil_co2(line: Line) -> bool:
    """Also of a fuel whose own factor is one sum of gases: leaving it out would understate."""
    is_sum_of_fuel = line.gas == PUBLISHED_CO2E and line.energy_gj is not None
    return of_scope_1(line) and (line.gas == Gas.CO2 or is_sum_of_fuel)


def is_burned(line: Line) -> bool:
    return is_fossil_co2(line) or is_biogenic(line)


def calculated(choose: Choose) -> Choose:
    return lambda line: choose(line) and line.basis == Basis.CALCULATED


def from_stacks(choose: Choose) -> Choose:
    return lambda line: choose(line) and line.basis != Basis.CALCULATED


def is_substituted(line: Line) -> bool:
    return is_burned(line) and line.basis == Basis.SUBSTITUTED


def _calculated(figures: ReportFigures) -> Section:
    columns = (
        words("stream", _("Source stream")),
        numbers("amount", _("Activity")),
        words("unit", _("Unit")),
        numbers("ncv", _("Net calorific value"), "GJ"),
        numbers("ef", _("Emission factor"), "t CO2/TJ"),
        numbers("oxidation", _("Oxidation factor")),
        numbers("biomass", _("Biomass fraction")),
        summed("fossil", _("CO2 fossil"), "t"),
        summed("biogenic", _("CO2 biogenic"), "t"),
        words("source", _("Source of the factor")),
    )
    rows = []
    burned = [line for line in figures.chosen(calculated(is_burned)) if figures.carrier(line) != Carrier.OWN]
    for use in energy_uses(burned):
        lines = [line for line in burned if line.stream == use.stream]
        co2_kg, is_grown = kg_of(lines), is_biogenic(lines[0])
        per_gj, per_unit = ratio(co2_kg, use.energy_gj), ratio(use.energy_gj, use.amount)
        masses = (NOT_APPLICABLE, tonnes(co2_kg)) if is_grown else (tonnes(co2_kg), NOT_APPLICABLE)
        name, sources = figures.stream_word(use.stream), figures.sources_of_factors(lines)
        rows.append((name, use.amount, use.unit, per_unit, per_gj, 1, int(is_grown), *masses, sources))
    fields = (
        figures.gas("E.co2_fossil", _("CO2 fossil, calculated"), calculated(is_fossil_co2)),
        figures.gas("E.co2_biogenic", _("CO2 biogenic, calculated"), calculated(is_biogenic)),
        *map(figures.inputs.field, BIOMASS),
    )
    note = _(
        "Net calorific value (a unit) and emission factor are means of the period. CH4 is not a gas of CBAM; a fuel "
        "whose factor is published as CO2e counts with all of it."
    )
    streams = table("E.streams", _("Source streams"), columns, rows)
    return section("E", _("E Direct emissions: calculation"), fields, (streams,), note=note)


def _measured(figures: ReportFigures) -> Section:
    columns = (
        words("chimney", _("Emission source")),
        words("method", _("Method")),
        numbers("operated", _("Hours operated")),
        numbers("valid", _("Hours valid")),
        numbers("substituted", _("Hours substituted")),
        numbers("missing", _("Hours missing")),
        words("substitution", _("Substitution method")),
        numbers("concentration", _("Mean concentration"), "g/Nm3"),
        numbers("flow", _("Mean flow"), "Nm3/h"),
        summed("co2", _("CO2 in the stack"), "t"),
        numbers("uncertainty", _("Uncertainty, k = 2"), "t"),
    )
    rows = (
        (
            row.chimney.name,
            "CEMS",
            row.operated,
            *(row.hours.get(status, 0) for status in ("measured", "substituted", "missing")),
            ", ".join(map(substitution_word, row.methods)) or None,
            rounded(row.gas.co2_ppm and row.gas.co2_ppm * 1e-6 * G_PER_NM3_OF_CO2, 3),
            rounded(row.normal_flow_nm3_per_h, 1),
            tonnes(row.record.likely_kg),
            rounded(row.record.half_width_kg / 1000, 3),
        )
        for row in measured(figures)
    )
    deduction = _("by the carbon of the fuels logged under the chimney")
    fields = (
        figures.gas("F.co2_fossil", _("CO2 fossil, measured"), from_stacks(is_fossil_co2)),
        figures.gas("F.co2_biogenic", _("CO2 biogenic, measured and deducted"), from_stacks(is_biogenic)),
        figures.gas("F.co2_substituted", _("Of both, in substituted hours"), is_substituted),
        stated("F.deduction", _("Method of the deduction"), deduction),
        stated("F.corroboration", _("Corroborating calculation"), _("the daily balance of stack and fuel on carbon")),
    )
    note = _(
        "CO2 is in E or in F, never in both: where the fuels are the basis, the table below only corroborates part E. "
        "Concentration: as the analyser reports it. Flow: from the means and the air pressure of the altitude."
    )
    points = table("F.chimneys", _("Emission points"), columns, rows)
    return section("F", _("F Direct emissions: measurement"), fields, (points,), note=note)


# --- G to K
def _is_power(line: Line) -> bool:
    return by_location(line) and not line.stream.startswith("steam")


def _is_heat(line: Line) -> bool:
    return by_location(line) and line.stream.startswith("steam")


def _energy(figures: ReportFigures) -> Section:
    heat_gj, power_gj, power_kg = figures.energy_gj(_is_heat), figures.energy_gj(_is_power), figures.co2e_kg(_is_power)
    own_gj = figures.energy_gj(lambda line: is_activity(line) and figures.carrier(line) == Carrier.OWN)
    heat_tj = None if heat_gj is None else heat_gj / GJ_PER_TJ
    power_mwh, own_mwh = (None if gj is None else gj / GJ_PER_MWH for gj in (power_gj, own_gj))
    ef = _("Emission factor of the electricity")
    sources = figures.sources_of_factors(figures.chosen(_is_power))
    fields = (
        amount_field("G.heat_imported", _("Heat imported"), heat_tj, "TJ"),
        amount_field("G.electricity", _("Electricity bought"), power_mwh, "MWh"),
        amount_field("G.electricity_own", _("Electricity of the site's own sun, water and wind"), own_mwh, "MWh"),
        ratio_field("G.electricity_ef", ef, tonnes(power_kg), power_mwh, "t CO2e/MWh"),
        stated("G.electricity_source", _("Source of the electricity"), _("grid, location-based")),
        stated("G.electricity_ef_source", _("Source of the factor"), sources),
        *map(figures.inputs.field, EXPORTS),
    )
    return section("G", _("G Heat, electricity, waste gas"), fields)


def _results(figures: ReportFigures) -> Section:
    """Biomass counts as fossil where no evidence makes it zero-rated."""
    made_t, burned = tonnes(figures.made_kg), figures.chosen(is_burned)
    rated_pct = figures.inputs.number(ZERO_RATED.code) if EVIDENCE.code in figures.inputs.entered else None
    counts = 1 - (rated_pct or Decimal(0)) / PERCENT
    counted_kg = sum((line.mass.likely_kg * (counts if is_biogenic(line) else 1) for line in burned), Decimal(0))
    direct_t, indirect_t = tonnes(counted_kg if burned else None), tonnes(figures.co2e_kg(by_location))
    both_t = known_sum((direct_t, indirect_t))
    by_default_kg = kg_of(line for line in burned if line.basis != Basis.MEASURED)
    direct = amount_field("I.direct", _("Attributed direct emissions"), direct_t, "t CO2")
    indirect = amount_field("I.indirect", _("Attributed indirect emissions"), indirect_t, "t CO2e")
    share = _("Share of direct CO2 by factors, not by measurement")
    fields = (
        direct,
        indirect,
        total_field(amount_field("I.total", _("Attributed emissions"), both_t, "t CO2e"), (direct, indirect)),
        ratio_field("I.see_direct", _("Specific direct emissions"), direct_t, made_t, "t CO2/t"),
        ratio_field("I.see_indirect", _("Specific indirect emissions"), indirect_t, made_t, "t CO2e/t"),
        ratio_field("I.see_total", _("Specific emissions"), both_t, made_t, "t CO2e/t"),
        ratio_field("I.default_share", share, by_default_kg * PERCENT, kg_of(burned), "%"),
    )
    note = _("Direct: CO2 of fossil fuels, and of biomass that is not zero-rated. Indirect: location-based scope 2.")
    return section("I", _("I Results per good"), fields, note=note)


def _monitoring(figures: ReportFigures) -> Section:
    inputs = figures.inputs
    columns = (words("device", _("Device")), words("kind", _("Calibration")), words("on", _("Done")))
    rows = (
        (
            row.device.device_id,
            row.get_kind_display(),
            row.calibrated_at.date(),
            row.valid_until and row.valid_until.date(),
        )
        for row in calibrations(inputs)
    )
    fields = (
        *map(inputs.field, MONITORING),
        stated("K.methods", _("Version of the method"), inputs.inventory.method_version),
        stated("K.gaps", _("Hours without enough data"), inputs.organisation.get_substitution_method_display()),
    )
    done = table("K.calibrations", _("Calibrations"), (*columns, words("until", _("Valid until"))), rows)
    return section("K", _("K Monitoring and quality"), fields, (done,))


def fill(inputs: ReportInputs) -> Content:
    figures = figures_of(inputs)
    no_price = _("Kenya has no carbon price. India's CCTS prices intensity; tea and coal mining are not obligated.")
    sections = (
        _header(inputs),
        _operator(figures),
        _process(figures),
        _goods(figures),
        _calculated(figures),
        _measured(figures),
        _energy(figures),
        entered(inputs, "H", _("H Precursors"), PRECURSORS, note=_("No answer counts as a carbon price of 0.")),
        _results(figures),
        entered(inputs, "J", _("J Carbon price paid"), PRICE, note=no_price),
        _monitoring(figures),
        parts.assurance_section(inputs, "L", _("L Verification")),
        parts.no_obligation(_("Tea (CN 0902) and coal (CN 2701) are not goods of CBAM. They need no certificates.")),
    )
    return content(SCHEME, inputs, sections, series=series_of(figures))


SCHEME = Scheme(
    code="cbam_style",
    version="1",
    title=_("Operator's statement in the style of CBAM"),
    statement=_(
        "Voluntary statement structured on CBAM data elements. CBAM (Regulation (EU) 2023/956) covers cement, iron and "
        "steel, aluminium, fertilisers, hydrogen and electricity. Tea (CN 0902) and coal (CN 2701) are not covered, "
        "and no obligation follows from this statement. The layout follows Annex IV of Regulation (EU) 2023/1773, "
        "because no official template for the period from 2026 was published by September 2026."
    ),
    levels=frozenset({Level.SITE}),
    fill=fill,
    checks=CHECKS,
    entered=(*OPERATOR, *PROCESS, *GOODS, *BIOMASS, *EXPORTS, *PRECURSORS, *PRICE, *MONITORING, *parts.ASSURANCE),
    sectors=frozenset(CN_CODES),
    gwp_set="AR5",
    period=PeriodRule(at_least_months=3),
)
