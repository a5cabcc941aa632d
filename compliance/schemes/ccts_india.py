"""India's Carbon Credit Trading Scheme: offset sheet of a mine, and what an obligated entity would owe."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from compliance.inventory.lines import of_scopes
from compliance.reports.content import Content, Section
from compliance.schemes import EnteredField, EnteredKind, Level, PeriodRule, ReportInputs, Scheme, content, parts
from compliance.schemes.building import entered, number, section, text
from compliance.schemes.checks import CHECKS
from compliance.schemes.figures import (
    ReportFigures,
    amount_field,
    by_location,
    figures_of,
    of_scope_1,
    ratio,
    tonnes,
    total_field,
)
from compliance.schemes.series import series_of

PENALTY = 2  # times the average price of a certificate
CHOICES = (("no", _("no")), ("yes", _("yes")))
NOTIFIED = EnteredField("notified", _("Is the entity notified as obligated?"), kind=EnteredKind.CHOICE, choices=CHOICES)
ENTITY = (*parts.OPERATOR, text("registration", _("Registration under CCTS")), NOTIFIED)
TARGET = (
    number("gei_target", _("Target of the intensity (GEI)"), "t CO2e/t"),
    number("ccc_price", _("Average price of a certificate (CCC)"), "INR", kept=False),
)
PROJECT = (
    text("project", _("Offset project and methodology")),
    text("acv_agency", _("Verifier (accredited carbon verification agency)")),
    text("form_no", _("Number of the form")),
)
LEDGER = (
    number("issued", _("Certificates issued"), "CCC", kept=False),
    number("banked", _("Certificates banked"), "CCC", kept=False),
    number("surrendered", _("Certificates surrendered"), "CCC", kept=False),
)


def achieved_gei(figures: ReportFigures) -> Decimal | None:
    """t CO2e a t of product."""
    return ratio(figures.co2e_kg(of_scopes), figures.made_kg)


def _intensity(figures: ReportFigures) -> Section:
    direct = figures.co2e("direct", _("Direct emissions"), of_scope_1, name="scope1_co2e_kg")
    indirect = figures.co2e("indirect", _("Indirect emissions"), by_location, name="scope2_co2e_kg")
    total = total_field(figures.co2e("total", _("Emissions"), of_scopes, name="co2e_kg"), (direct, indirect))
    output_t = tonnes(figures.made_kg)
    fields = (
        amount_field("output", _("Output"), output_t, "t", figure=figures.identity("made_kg")),
        direct,
        indirect,
        total,
        amount_field("gei", _("Intensity achieved (GEI)"), achieved_gei(figures), "t CO2e/t"),
        *map(figures.inputs.field, TARGET),
    )
    return section("intensity", _("Output, emissions and intensity"), fields)


def _obligation(figures: ReportFigures) -> Section:
    """(target - achieved) x output: above zero certificates are earned, below zero they are owed."""
    inputs = figures.inputs
    if inputs.entered.get(NOTIFIED.code) != "yes":
        return parts.no_obligation(
            _("Coal mining is not an obligated sector of CCTS. A mine can take part by the offset mechanism only.")
        )
    target, price = inputs.number("gei_target"), inputs.number("ccc_price")
    achieved, output_t = achieved_gei(figures), tonnes(figures.made_kg)
    certificates = None
    if target is not None and achieved is not None and output_t is not None:
        certificates = (target - achieved) * output_t
    shortfall = None if certificates is None else max(Decimal(0), -certificates)
    cost = None if shortfall is None or price is None else shortfall * PENALTY * price
    label = _("Environmental compensation: shortfall × 2 × average price")
    fields = (
        amount_field("certificates", _("Certificates earned; below zero, owed"), certificates, "CCC"),
        amount_field("shortfall", _("Shortfall"), shortfall, "CCC"),
        amount_field("obligation.cost", label, cost, "INR"),
    )
    note = _("The entity states that it is notified. Target and price are entered.")
    return section("obligation", _("Obligation and cost"), fields, note=note)


def fill(inputs: ReportInputs) -> Content:
    figures = figures_of(inputs)
    unverified = _("No methodology for coal mine methane was verified.")
    sections = (
        entered(inputs, "entity", _("Entity"), ENTITY),
        parts.place_section(figures),
        _intensity(figures),
        _obligation(figures),
        entered(inputs, "project", _("Offset project"), PROJECT, note=unverified),
        entered(inputs, "ledger", _("Ledger of certificates"), LEDGER),
        parts.completeness_section(figures),
        parts.methods_section(figures),
    )
    return content(SCHEME, inputs, sections, series=series_of(figures))


SCHEME = Scheme(
    code="ccts_india",
    version="1",
    title=_("CCTS offset sheet, India"),
    statement=_(
        "Voluntary for a mine. The Carbon Credit Trading Scheme obliges 490 entities of eight sectors (rules of "
        "October 2025 and 13 January 2026). Coal mining is not one of them; a mine can use the offset mechanism."
    ),
    levels=frozenset({Level.SITE, Level.ORGANISATION}),
    fill=fill,
    checks=CHECKS,
    entered=(*ENTITY, *TARGET, *PROJECT, *LEDGER),
    sectors=frozenset({"coal_mine"}),
    country="IN",
    gwp_set="AR5",
    period=PeriodRule(starts_in=4),
)
