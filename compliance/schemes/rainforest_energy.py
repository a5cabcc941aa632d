"""Energy sheet for the Rainforest Alliance: sources, quantities, renewable share, origin of the wood, progress.

Source: Rainforest Alliance 2020.
"""

from django.utils.translation import gettext_lazy as _

from compliance.inventory.lines import Line
from compliance.reports.content import Content, Section
from compliance.schemes import Level, ReportInputs, Scheme, content, parts
from compliance.schemes.before import specific_energy
from compliance.schemes.building import PERCENT, entered, number, numbers, section, summed, table, text, words
from compliance.schemes.checks import CHECKS
from compliance.schemes.figures import ReportFigures, amount_field, figures_of, is_activity, ratio, ratio_field
from compliance.schemes.series import series_of

CERTIFICATE = (*parts.OPERATOR, text("member_no", _("Number of the certificate holder")))
WOOD = (
    number("wood.own_pct", _("Wood from own plantations"), "%", kept=False),
    text("wood.suppliers", _("Other suppliers of wood, with place and species")),
    text("wood.evidence", _("Evidence of legal and sustainable origin")),
)
PLAN = (
    text("target", _("Target of energy efficiency, with its year")),
    number("target_mj_per_kg", _("Target"), "MJ/kg"),
    text("measures", _("Measures of the year"), kept=False),
)


def _sources(figures: ReportFigures) -> Section:
    def is_renewable(line: Line) -> bool:
        return is_activity(line) and figures.is_renewable(line)

    all_gj, grown_gj = figures.energy_gj(), figures.energy_gj(is_renewable)
    renewable = {line.stream for line in figures.chosen(is_renewable)}
    columns = (
        words("source", _("Energy source")),
        words("renewable", _("Renewable")),
        numbers("amount", _("Amount")),
        words("unit", _("Unit")),
        summed("energy", _("Energy"), "GJ"),
        numbers("share", _("Share"), "%"),
    )
    rows = (
        (
            figures.stream_word(use.stream),
            _("yes") if use.stream in renewable else _("no"),
            use.amount,
            use.unit,
            use.energy_gj,
            ratio(use.energy_gj and use.energy_gj * PERCENT, all_gj),
        )
        for use in figures.energy()
    )
    note = _("Wood counts as renewable energy here. Its origin, below, decides whether it is sustainable.")
    fields = (
        amount_field("energy", _("All energy"), all_gj, "GJ", figure=figures.identity("energy_gj")),
        ratio_field("renewable_pct", _("Renewable share"), grown_gj and grown_gj * PERCENT, all_gj, "%"),
    )
    sources = table("energy.sources", _("Sources and quantities"), columns, rows)
    return section("energy", _("Energy sources"), fields, (sources,), note=note)


def _progress(figures: ReportFigures) -> Section:
    now, before = specific_energy(figures)
    change = None if now is None or before is None else (now - before) * PERCENT
    less = _("Below zero: less energy a kg than a year earlier.")
    fields = (
        amount_field("mj_per_kg", _("Energy a kg of product"), now, "MJ/kg"),
        amount_field("mj_per_kg_before", _("The same a year earlier"), before, "MJ/kg"),
        ratio_field("change_pct", _("Change"), change, before, "%", note=less),
        *map(figures.inputs.field, PLAN),
    )
    return section("progress", _("Targets and yearly progress"), fields)


def fill(inputs: ReportInputs) -> Content:
    figures = figures_of(inputs)
    sections = (
        entered(inputs, "certificate", _("Certificate holder"), CERTIFICATE),
        parts.place_section(figures),
        _sources(figures),
        entered(inputs, "wood", _("Origin of the wood"), WOOD),
        _progress(figures),
        parts.total_section(figures),
        parts.biogenic_section(figures),
        parts.completeness_section(figures),
        parts.no_obligation(_("The standard is voluntary. It sets no limit and no price.")),
    )
    return content(SCHEME, inputs, sections, series=series_of(figures))


SCHEME = Scheme(
    code="rainforest_energy",
    version="1",
    title=_("Energy sheet, Rainforest Alliance"),
    statement=_(
        "Voluntary. Energy data for an audit by the Rainforest Alliance Sustainable Agriculture Standard (2020). The "
        "certification body decides; this sheet does not claim conformity."
    ),
    levels=frozenset({Level.SITE}),
    fill=fill,
    checks=CHECKS,
    entered=(*CERTIFICATE, *WOOD, *PLAN),
    sectors=frozenset({"tea"}),
    gwp_set="AR6",
)
