"""BRSR Principle 6, essential indicators: energy, water, air, greenhouse gases, waste."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from compliance.inventory.lines import of_scopes
from compliance.reports.content import Content, Field, Section
from compliance.schemes import DueRule, Level, PeriodRule, ReportInputs, Scheme, Text, content, parts
from compliance.schemes.building import entered, number, section
from compliance.schemes.checks import CHECKS
from compliance.schemes.figures import (
    Choose,
    ReportFigures,
    amount_field,
    figures_of,
    is_activity,
    known_sum,
    ratio_field,
    tonnes,
    total_field,
)
from compliance.schemes.series import series_of

MILLION = Decimal(1_000_000)  # intensities are stated a million rupees
TURNOVER = number("turnover", _("Turnover"), "INR", required=True, kept=False)
PPP = number("ppp", _("Rupees for an international dollar (PPP)"), "INR/USD", kept=False)
WATER = tuple(
    number(f"water.{code}", label, "kL", kept=False)
    for code, label in (
        ("surface", _("Withdrawn: surface water")),
        ("ground", _("Withdrawn: ground water")),
        ("third_party", _("Withdrawn: from third parties")),
        ("sea", _("Withdrawn: sea water, desalinated")),
        ("other", _("Withdrawn: other")),
    )
)
OTHER_WATER = (
    number("water.consumed", _("Consumed"), "kL", kept=False),
    number("water.discharged", _("Discharged"), "kL", kept=False),
)
AIR = tuple(
    number(f"air.{code}", label, "t", kept=False)
    for code, label in (
        ("nox", "NOx"),
        ("sox", "SOx"),
        ("pm", _("Particulate matter (PM)")),
        ("pop", _("Persistent organic pollutants (POP)")),
        ("voc", _("Volatile organic compounds (VOC)")),
        ("hap", _("Hazardous air pollutants (HAP)")),
    )
)
WASTE = tuple(
    number(f"waste.{code}", label, "t", kept=False)
    for code, label in (
        ("plastic", _("Plastic waste")),
        ("e_waste", _("E-waste")),
        ("hazardous", _("Other hazardous waste")),
        ("non_hazardous", _("Other waste (overburden, ash)")),
        ("recovered", _("Recovered: recycled, reused")),
        ("disposed", _("Disposed: burned, landfilled")),
    )
)
KINDS = {"electricity": _("electricity"), "fuel": _("fuel"), "other": _("other sources")}
KIND_OF_CARRIER = {"grid": "electricity", "own": "electricity", "heat": "other", "fuel": "fuel", "explosive": "other"}


def _energy(figures: ReportFigures) -> Section:
    def of(is_renewable: bool, kind: str = "") -> Choose:
        return lambda line: (
            is_activity(line)
            and figures.is_renewable(line) is is_renewable
            and kind in ("", KIND_OF_CARRIER.get(figures.carrier(line), "other"))
        )

    fields: list[Field] = []
    totals = []
    for code, title, is_renewable in (("renewable", _("Renewable"), True), ("other", _("Non-renewable"), False)):
        rows = [
            amount_field(f"{code}.{kind}", f"{title}: {word}", figures.energy_gj(of(is_renewable, kind)), "GJ")
            for kind, word in KINDS.items()
        ]
        totals.append(total_field(amount_field(code, title, figures.energy_gj(of(is_renewable)), "GJ"), rows))
        fields += [*rows, totals[-1]]
    energy_gj = figures.energy_gj()
    total = amount_field("energy", _("Total energy"), energy_gj, "GJ", figure=figures.identity("energy_gj"))
    total = total_field(total, totals)
    note = _("Grid electricity counts as non-renewable; certificates are not deducted.")
    return section(
        "energy", _("Energy"), (*fields, total, *_intensities(figures, "energy", energy_gj, "GJ")), note=note
    )


def _intensities(figures: ReportFigures, code: str, amount: Decimal | None, unit: str) -> tuple[Field, ...]:
    rupees, ppp = figures.inputs.number(TURNOVER.code), figures.inputs.number(PPP.code)
    millions = None if rupees is None else rupees / MILLION
    dollars = None if millions is None or not ppp else millions / ppp
    of = f"{unit}/{figures.product_unit}"
    return (
        ratio_field(f"{code}.turnover", _("A million rupees of turnover"), amount, millions, f"{unit}/INR 1,000,000"),
        ratio_field(f"{code}.ppp", _("The same, by purchasing power"), amount, dollars, f"{unit}/USD 1,000,000"),
        ratio_field(f"{code}.output", _("A unit of output"), amount, figures.made, of),
    )


def _water(inputs: ReportInputs) -> Section:
    sources = list(map(inputs.field, WATER))
    withdrawn, rupees = known_sum(inputs.number(field.code) for field in WATER), inputs.number(TURNOVER.code)
    total = total_field(amount_field("water.withdrawn", _("Withdrawn"), withdrawn, "kL"), sources)
    label: Text = _("A million rupees of turnover")
    intensity = ratio_field("water.turnover", label, withdrawn, rupees and rupees / MILLION, "kL/INR 1,000,000")
    return section("water", _("Water"), (*sources, total, intensity, *map(inputs.field, OTHER_WATER)))


def fill(inputs: ReportInputs) -> Content:
    figures = figures_of(inputs)
    ghg = _intensities(figures, "ghg", tonnes(figures.co2e_kg(of_scopes)), "t CO2e")
    sections = (
        entered(inputs, "entity", _("Entity"), (*parts.OPERATOR, TURNOVER, PPP)),
        parts.place_section(figures),
        _energy(figures),
        parts.scope_1_section(figures),
        parts.scope_2_section(figures),
        section("ghg", _("Intensity of scopes 1 and 2"), (figures.made_field(), *ghg)),
        parts.biogenic_section(figures),
        _water(inputs),
        entered(inputs, "air", _("Air pollutants other than greenhouse gases"), AIR),
        entered(inputs, "waste", _("Waste"), WASTE),
        parts.completeness_section(figures),
        parts.methods_section(figures),
        parts.no_obligation(_("BRSR is a disclosure. It sets no limit and no price.")),
        parts.assurance_section(inputs),
    )
    return content(SCHEME, inputs, sections, series=series_of(figures))


SCHEME = Scheme(
    code="brsr_india",
    version="1",
    title=_("BRSR, Principle 6, essential indicators"),
    statement=_(
        "Business Responsibility and Sustainability Report of SEBI, format of 12 July 2023. Binding for the 1,000 "
        "largest listed companies of India since the financial year 2022-23, voluntary for others. This sheet covers "
        "the sites of Carbon Track, not the whole company."
    ),
    levels=frozenset({Level.SITE, Level.ORGANISATION}),
    fill=fill,
    checks=CHECKS,
    entered=(*parts.OPERATOR, TURNOVER, PPP, *WATER, *OTHER_WATER, *AIR, *WASTE, *parts.ASSURANCE),
    country="IN",
    gwp_set="AR5",
    period=PeriodRule(starts_in=4),
    due=DueRule(months_after=6, day=30),
    is_binding=True,
)
