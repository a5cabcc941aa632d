"""Return under Kenya's Energy (Energy Management) Regulations, 2012.

Source: Kenya Energy Management.
"""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from compliance.reports.content import Content, Section
from compliance.schemes import DueRule, Level, ReportInputs, Scheme, content, parts
from compliance.schemes.before import specific_energy
from compliance.schemes.building import PERCENT, day, entered, number, section, stated, text
from compliance.schemes.checks import CHECKS
from compliance.schemes.figures import (
    GJ_PER_KWH,
    MJ_PER_GJ,
    ReportFigures,
    amount_field,
    figures_of,
    ratio_field,
    total_field,
)
from compliance.schemes.series import series_of

THRESHOLD_KWH = Decimal(180_000)  # a year, electricity and heat together
AUDIT = (
    text("designated", _("Designation by EPRA, if any")),
    text("energy_officer", _("Energy officer"), required=True),
    day("policy", _("Energy management policy: approved on")),
    text("auditor", _("Licensed energy auditor")),
    day("audited_on", _("Last energy audit")),
    number("audit_savings", _("Savings that the audit recommends"), "kWh"),
)
PLAN = (
    text("measures", _("Measures carried out"), required=True, kept=False),
    text("investment_plan", _("Energy investment plan of the next three years")),
    number("investment", _("Investment of the period"), "KES", kept=False),
    number("savings", _("Savings achieved, as counted for the measures"), "kWh", kept=False),
)


def _kwh(energy_gj: Decimal | None) -> Decimal | None:
    return None if energy_gj is None else energy_gj / GJ_PER_KWH


def _energy(figures: ReportFigures) -> Section:
    uses = figures.energy()
    parts_gj = [
        amount_field(f"energy.{use.stream}", figures.stream_word(use.stream), use.energy_gj, "GJ") for use in uses
    ]
    amounts = [
        amount_field(f"amount.{use.stream}", figures.stream_word(use.stream), use.amount, use.unit) for use in uses
    ]
    total_gj = figures.energy_gj()
    energy = amount_field("energy", _("All energy"), total_gj, "GJ", figure=figures.identity("energy_gj"))
    kwh = _kwh(total_gj)
    words = _("above 180,000 kWh") if kwh is not None and kwh > THRESHOLD_KWH else _("not above 180,000 kWh")
    fields = (
        *amounts,
        *parts_gj,
        total_field(energy, parts_gj),
        amount_field("energy_kwh", _("All energy"), kwh, "kWh"),
        stated("threshold", _("Threshold of the regulations"), None if kwh is None else words),
    )
    return section(
        "energy", _("Energy used"), fields, note=_("Fuels by their net calorific value; 1 kWh is 0.0036 GJ.")
    )


def _performance(figures: ReportFigures) -> Section:
    now, before = specific_energy(figures)
    saved_gj = None
    if now is not None and before is not None and figures.made_kg is not None:
        saved_gj = (before - now) * figures.made_kg / MJ_PER_GJ
    audited, saved = figures.inputs.number("audit_savings"), figures.inputs.number("savings")
    label, half = _("Share of the audit's savings"), _("The regulations ask for at least 50 % within three years.")
    more = _("Negative: more was used.")
    fields = (
        figures.made_field(),
        amount_field("specific", _("Specific energy"), now, "MJ/kg"),
        amount_field("specific_before", _("Specific energy a year earlier"), before, "MJ/kg"),
        amount_field("saved", _("Saved since then, at this production"), _kwh(saved_gj), "kWh", note=more),
        ratio_field("audit_share", label, saved and saved * PERCENT, audited, "%", note=half),
    )
    return section("performance", _("Specific energy and savings"), fields)


def fill(inputs: ReportInputs) -> Content:
    figures = figures_of(inputs)
    sections = (
        entered(inputs, "operator", _("Owner or occupier"), parts.OPERATOR),
        parts.place_section(figures),
        _energy(figures),
        _performance(figures),
        entered(inputs, "audit", _("Officer, policy and audit"), AUDIT),
        entered(inputs, "plan", _("Measures, investment plan and savings"), PLAN),
        parts.completeness_section(figures),
        parts.no_obligation(_("The regulations ask for an audit, a plan and savings. They set no price.")),
    )
    return content(SCHEME, inputs, sections, series=series_of(figures))


SCHEME = Scheme(
    code="energy_management_kenya",
    version="1",
    title=_("Energy management return, Kenya"),
    statement=_(
        "Energy (Energy Management) Regulations, 2012, Legal Notice 102, in force since 28 September 2012. Binding for "
        "facilities that use more than 180,000 kWh a year: an audit every three years, and a report within six months "
        "of the end of the financial year."
    ),
    levels=frozenset({Level.SITE}),
    fill=fill,
    checks=CHECKS,
    entered=(*parts.OPERATOR, *AUDIT, *PLAN),
    country="KE",
    due=DueRule(months_after=6, day=30),
    is_binding=True,
)
