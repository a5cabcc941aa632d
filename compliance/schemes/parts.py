"""Sections that several schemes share, and the entered fields that go with them."""

from collections.abc import Callable
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from compliance.inventory.lines import SETS, Line, of_scopes
from compliance.reports.content import Content, Section, Table
from compliance.schemes import EnteredField, ReportInputs, Text
from compliance.schemes.building import (
    NOT_APPLICABLE,
    PERCENT,
    day,
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
from compliance.schemes.figures import (
    GASES,
    Choose,
    ReportFigures,
    amount_field,
    by_location,
    by_market,
    is_biogenic,
    kind_word,
    of_scope_1,
    ratio_field,
    total_field,
    use_of,
)
from compliance.targets import expected
from lib.decimals import plain

RECALCULATION_PCT = 5  # our choice: a change of the base year above it is recalculated

# --- Entered
OPERATOR = (
    text("operator.legal_name", _("Legal name")),
    text("operator.registration_no", _("Registration number")),
    text("operator.contact_name", _("Contact: name")),
    text("operator.contact_email", _("Contact: e-mail")),
    text("operator.contact_phone", _("Contact: phone")),
)
ASSURANCE = (
    text("assurance.verifier", _("Verifier"), kept=False),
    text("assurance.accreditation_no", _("Accreditation number")),
    text("assurance.accreditation_body", _("Accreditation body")),
    day("assurance.visit_date", _("Date of the site visit"), kept=False),
    number("assurance.materiality_pct", _("Materiality"), "%"),
    text("assurance.opinion", _("Opinion"), kept=False),
    day("assurance.date", _("Date of the opinion"), kept=False),
)
REMOVALS = number("removals", _("Removals"), "t CO2", kept=False)
EXCLUSIONS = text("exclusions", _("Sources left out, with the reason"))


def disclosed_or_left_out(code: str, label: Text) -> tuple[EnteredField, EnteredField]:
    return number(code, label, "t CO2e", kept=False), text(f"{code}.reason", _("If left out, the reason"))


SCOPE_3 = (
    *disclosed_or_left_out("scope_3.1", _("1 Purchased goods and services (green leaf, fertiliser)")),
    *disclosed_or_left_out("scope_3.3", _("3 Fuel and energy upstream, losses of the grid")),
    *disclosed_or_left_out("scope_3.4", _("4 Transport, upstream")),
    *disclosed_or_left_out("scope_3.5", _("5 Waste")),
    *disclosed_or_left_out("scope_3.6", _("6 Business travel")),
    *disclosed_or_left_out("scope_3.9", _("9 Transport, downstream")),
    *disclosed_or_left_out("scope_3.11", _("11 Use of sold products (of coal: its burning)")),
)


# --- Who and where
def place_section(figures: ReportFigures, code: str = "place") -> Section:
    columns = (
        words("site", _("Site")),
        words("place", _("Place")),
        words("county", _("County")),
        words("country", _("Country")),
        numbers("latitude", _("Latitude"), "°"),
        numbers("longitude", _("Longitude"), "°"),
        numbers("altitude", _("Altitude"), "m"),
    )
    rows = (
        (
            site.name,
            site.location or None,
            site.county or None,
            site.country,
            site.latitude,
            site.longitude,
            f"{site.altitude_m:g}",
        )
        for site in figures.inputs.factories
    )
    control = _("Operational control: every source that is registered at the sites below")
    fields = (
        stated("organisation", _("Organisation"), figures.inputs.organisation.name),
        stated("sector", _("Sector"), figures.sector.label),
        stated("boundary", _("Boundary"), control),
    )
    return section(code, _("Organisation and boundary"), fields, (table("sites", _("Sites"), columns, rows),))


def base_year_section(figures: ReportFigures) -> Section:
    verdict = figures.inputs.verdict
    target = verdict.target if verdict else None
    unit = target.unit if target else ""
    policy = _("The base year is recalculated when a method, factor, boundary or error moves it by over %(pct)d %%.")
    at = target and plain(expected(target, figures.inputs.first_day.year))
    fields = (
        stated("base_year", _("Base year"), target and target.base_year),
        stated("base_value", _("Value of the base year"), target and plain(target.base_value), unit),
        stated("target_year", _("Target year"), target and target.target_year),
        stated("target_value", _("Target"), target and plain(target.target_value), unit),
        stated("target_line", _("Line of the target in this year"), at, unit),
        stated("target_result", _("Result of 12 months"), verdict and verdict.sentence),
        stated("recalculation", _("Recalculation policy"), policy % {"pct": RECALCULATION_PCT}),
    )
    return section("base_year", _("Base year and target"), fields)


# --- Emissions
def scope_1_section(figures: ReportFigures, code: str = "scope_1") -> Section:
    """By kind of source, by gas, and by source, stream and gas."""

    def of(**wanted: str) -> Choose:
        (name, value), *_none = wanted.items()
        return lambda line: of_scope_1(line) and getattr(line, name) == value

    lines = figures.chosen(of_scope_1)
    kinds = sorted({line.source_kind for line in lines})
    parts = [figures.co2e(f"{code}.{kind or 'site'}", kind_word(kind), of(source_kind=kind)) for kind in kinds]
    total = total_field(figures.co2e(code, _("Scope 1"), of_scope_1, name="scope1_co2e_kg"), parts)
    by_gas = []
    for gas in sorted({line.gas for line in lines}):
        by_gas.append(figures.gas(f"{code}.mass.{gas}", gas, of(gas=gas), unit="kg"))
        by_gas.append(figures.co2e(f"{code}.co2e.{gas}", _("%(gas)s as CO2e") % {"gas": gas}, of(gas=gas)))
    note = _("CO2 of wood and other biomass is outside the scopes. Its CH4 and N2O are in scope 1.")
    tables = (_source_table(figures, lines, code),)
    return section(code, _("Scope 1: direct emissions"), (*parts, total, *by_gas), tables, note=note)


def _source_table(figures: ReportFigures, lines: list[Line], code: str) -> Table:
    groups: dict[tuple[int, str, int, str, str], list[Line]] = {}
    for line in lines:
        key = (line.factory_id, line.source_kind, line.source_id or 0, line.stream, line.basis)
        groups.setdefault(key, []).append(line)
    columns = (
        words("site", _("Site")),
        words("source", _("Source")),
        words("stream", _("Fuel or stream")),
        words("basis", _("Basis")),
        numbers("amount", _("Amount")),
        words("unit", _("Unit")),
        *(summed(gas, gas, "kg") for gas in GASES),
        summed("co2e", "CO2e", "kg"),
    )
    return table(
        f"{code}.sources",
        _("By source, fuel and gas"),
        columns,
        (_source_row(figures, *key, group) for key, group in sorted(groups.items())),
    )


def _source_row(
    figures: ReportFigures, factory_id: int, _kind: str, _source_id: int, stream: str, basis: str, group: list[Line]
) -> tuple[object, ...]:
    use, ids = use_of(stream, group), {id(line) for line in group}
    masses = [[line.mass.likely_kg for line in group if line.gas == gas] for gas in GASES]
    return (
        figures.sites[factory_id].name,
        figures.source_word(group[0]),
        figures.stream_word(stream),
        BASES.get(basis, basis),
        use.amount,
        use.unit,
        *(sum(mass, Decimal(0)) if mass else NOT_APPLICABLE for mass in masses),
        figures.inputs.inventory.co2e(lambda line: id(line) in ids).likely_kg,
    )


BASES = {
    "measured": _("measured"),
    "substituted": _("substituted"),
    "calculated": _("calculated"),
    "estimated": _("estimated"),
}


def scope_2_section(figures: ReportFigures, code: str = "scope_2") -> Section:
    """By location and by market. Without contracts both are the same grid factor."""

    def kg_of(choose: Choose, stream: str) -> Decimal | str:
        kg = figures.co2e_kg(lambda line: choose(line) and line.stream == stream)
        return NOT_APPLICABLE if kg is None else kg

    fields = (
        figures.co2e(f"{code}_location", _("Scope 2, location-based"), by_location, name="scope2_co2e_kg"),
        figures.co2e(f"{code}_market", _("Scope 2, market-based"), by_market, name="scope2_market_co2e_kg"),
    )
    columns = (
        words("stream", _("Energy bought")),
        numbers("amount", _("Amount")),
        words("unit", _("Unit")),
        summed("location", _("Location-based CO2e"), "kg"),
        summed("market", _("Market-based CO2e"), "kg"),
    )
    uses = {use.stream: use for choose in (by_market, by_location) for use in figures.uses(choose)}
    rows = (
        (figures.stream_word(stream), use.amount, use.unit, kg_of(by_location, stream), kg_of(by_market, stream))
        for stream, use in sorted(uses.items())
    )
    note = _("Market-based: what contracts and certificates cover by their suppliers' factors, the rest by the grid's.")
    streams = table(f"{code}.streams", _("By energy bought"), columns, rows)
    return section(code, _("Scope 2: energy bought"), fields, (streams,), note=note)


def total_section(figures: ReportFigures) -> Section:
    """Scopes 1 and 2 with their interval, and a unit of product."""
    parts = (
        figures.co2e("total.scope_1", _("Scope 1"), of_scope_1, name="scope1_co2e_kg"),
        figures.co2e("total.scope_2", _("Scope 2, location-based"), by_location, name="scope2_co2e_kg"),
    )
    total = figures.co2e("total", _("Scope 1 and scope 2 (location-based)"), of_scopes, name="co2e_kg")
    unit = f"kg CO2e/{figures.product_unit}"
    named = figures.identity(f"co2e_kg_per_{figures.sector.product_unit}")
    intensity = ratio_field("intensity", _("Intensity"), figures.co2e_kg(of_scopes), figures.made, unit, figure=named)
    return section(
        "total", _("Total and intensity"), (*parts, total_field(total, parts), figures.made_field(), intensity)
    )


def biogenic_section(figures: ReportFigures, code: str = "biogenic") -> Section:
    def of(stream: str) -> Callable[[Line], bool]:
        return lambda line: is_biogenic(line) and line.stream == stream

    uses = figures.uses(is_biogenic)
    parts = [figures.gas(f"{code}.{use.stream}", figures.stream_word(use.stream), of(use.stream)) for use in uses]
    total = figures.gas(code, _("Biogenic CO2, outside the scopes"), is_biogenic, name="biogenic_co2_kg")
    note = _("CO2 of wood and other biomass that was burned. It is reported beside the scopes and is in no total.")
    return section(code, _("Biogenic CO2 (memo)"), (*parts, total_field(total, parts)), note=note)


def gwp_section(figures: ReportFigures) -> Section:
    """The same gas masses under three sets."""
    columns = (
        words("set", _("Set")),
        numbers("scope_1", _("Scope 1"), "t CO2e"),
        numbers("scope_2", _("Scope 2, location-based"), "t CO2e"),
        numbers("total", _("Together"), "t CO2e"),
    )
    scopes = (of_scope_1, by_location, of_scopes)
    rows = ((name, *(figures.co2e("", "", choose, gwp_set=name).value for choose in scopes)) for name in SETS)
    used = stated("gwp_set", _("Set of this report"), figures.inputs.inventory.gwp_set)
    compared = table("gwp.sets", _("AR4, AR5 and AR6"), columns, rows)
    note = _("Factors that their publisher gives as CO2e stay in the publisher's set.")
    return section("gwp", _("Warming potentials side by side"), (used,), (compared,), note=note)


# --- How good
def completeness_section(figures: ReportFigures) -> Section:
    columns = (
        words("site", _("Site")),
        numbers("days", _("Days")),
        numbers("heat_days", _("Heat logged")),
        numbers("electricity_days", _("Electricity logged")),
        numbers("production_days", _("Production logged")),
        numbers("measured", _("Hours measured")),
        numbers("partial", _("Hours partial")),
        numbers("substituted", _("Hours substituted")),
        numbers("idle", _("Hours idle")),
        numbers("missing", _("Hours missing")),
    )
    rows = (
        (
            figures.sites[row.factory_id].name,
            *(getattr(row, name) for name in ("days", "heat_days", "electricity_days", "production_days")),
            *(getattr(row.hours, name) for name in ("measured", "partial", "substituted", "idle", "missing")),
        )
        for row in figures.inputs.inventory.completeness
    )
    note = _("A day counts as logged when 80 % of it is covered. Substituted hours are never shown as measured.")
    hours = table("completeness.sites", _("Days and chimney hours"), columns, rows)
    return section("completeness", _("Completeness"), (), (hours,), note=note)


def methods_section(figures: ReportFigures) -> Section:
    inventory, organisation = figures.inputs.inventory, figures.inputs.organisation
    total = inventory.co2e(of_scopes)
    is_bounded = total.likely_kg and total.high_kg is not None  # "at least" has no half width
    share = Decimal(str(total.half_width_kg)) / total.likely_kg * PERCENT if is_bounded else None
    fields = (
        stated("method_version", _("Version of the method"), inventory.method_version),
        stated("substitution", _("Hours without enough data"), organisation.get_substitution_method_display()),
        amount_field("uncertainty_pct", _("Uncertainty of the total, k = 2"), share and round(share, 1), "%"),
        stated("inputs_sha256", _("Digest of the input rows (SHA-256)"), inventory.inputs_sha256),
    )
    note = _("Errors of one source add up over time; those of different sources are combined in quadrature.")
    return section("methods", _("Methods and uncertainty"), fields, note=note)


# --- What is entered
def scope_3_section(inputs: ReportInputs) -> Section:
    note = _("Each category is disclosed, or left out with a reason. It is in no total above.")
    return entered(inputs, "scope_3", _("Scope 3 (optional)"), SCOPE_3, note=note)


def assurance_section(inputs: ReportInputs, code: str = "assurance", title: Text = "") -> Section:
    is_verified = {"assurance.verifier", "assurance.opinion"} <= inputs.entered.keys()
    state = stated(f"{code}.state", _("State"), _("an opinion is entered") if is_verified else _("NOT VERIFIED"))
    return section(code, title or _("Assurance"), (state, *map(inputs.field, ASSURANCE)))


def is_unverified(content: Content) -> bool:
    """Whether its scheme marks each page of what nobody verified: part L of the CBAM style."""
    fields = {field.code: field.value for section in content.sections for field in section.fields}
    return "L.state" in fields and None in (fields["assurance.verifier"], fields["assurance.opinion"])


def no_obligation(reason: Text) -> Section:
    fields = (stated("obligation", _("Obligation"), _("none")), stated("obligation.cost", _("Cost"), _("none")))
    return section("obligation", _("Obligation and cost"), fields, note=reason)
