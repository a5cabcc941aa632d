"""Inventory in the categories of ISO 14064-1:2018. Conformity is not claimed."""

from django.utils.translation import gettext_lazy as _

from compliance.inventory.lines import of_scopes
from compliance.reports.content import Content, Section
from compliance.schemes import Level, ReportInputs, Scheme, content, parts
from compliance.schemes.building import entered, section, text
from compliance.schemes.checks import CHECKS, neither_stated
from compliance.schemes.figures import ReportFigures, by_location, figures_of, of_scope_1, total_field
from compliance.schemes.series import series_of

PURPOSE = (
    text("responsible_person", _("Person responsible for the report"), required=True),
    text("purpose", _("Purpose and intended users")),
)
INDIRECT = (
    text("significance", _("Criteria of significance for indirect emissions")),
    *parts.disclosed_or_left_out("category_3", _("Category 3: transport")),
    *parts.disclosed_or_left_out("category_4", _("Category 4: products that the organisation uses")),
    *parts.disclosed_or_left_out("category_5", _("Category 5: use of the organisation's products")),
    *parts.disclosed_or_left_out("category_6", _("Category 6: other sources")),
)


def _categories(figures: ReportFigures) -> Section:
    direct = figures.co2e("category_1", _("Category 1: direct emissions"), of_scope_1, name="scope1_co2e_kg")
    label = _("Category 2: imported energy (location-based)")
    energy = figures.co2e("category_2", label, by_location, name="scope2_co2e_kg")
    together = figures.co2e("categories_1_2", _("Categories 1 and 2"), of_scopes, name="co2e_kg")
    indirect = map(figures.inputs.field, INDIRECT)
    fields = (direct, energy, total_field(together, (direct, energy)), *indirect)
    return section("categories", _("Emissions by category"), fields)


def fill(inputs: ReportInputs) -> Content:
    figures = figures_of(inputs)
    sections = (
        entered(inputs, "operator", _("Reporting organisation"), (*parts.OPERATOR, *PURPOSE)),
        parts.place_section(figures),
        parts.base_year_section(figures),
        _categories(figures),
        parts.scope_1_section(figures),
        parts.scope_2_section(figures),
        parts.biogenic_section(figures),
        entered(inputs, "removals", _("Removals and exclusions"), (parts.REMOVALS, parts.EXCLUSIONS)),
        parts.gwp_section(figures),
        parts.completeness_section(figures),
        parts.methods_section(figures),
        parts.no_obligation(_("ISO 14064-1 is a voluntary standard. It sets no limit and no price.")),
        parts.assurance_section(inputs),
    )
    return content(SCHEME, inputs, sections, series=series_of(figures))


SCHEME = Scheme(
    code="iso_14064_1",
    version="1",
    title=_("Greenhouse gas report in the style of ISO 14064-1"),
    statement=_(
        "Voluntary. Structured after ISO 14064-1:2018. No statement of conformity is made: that needs an independent "
        "verification."
    ),
    levels=frozenset({Level.SITE, Level.ORGANISATION}),
    fill=fill,
    checks=(*CHECKS, neither_stated(INDIRECT)),
    entered=(*parts.OPERATOR, *PURPOSE, *INDIRECT, parts.REMOVALS, parts.EXCLUSIONS, *parts.ASSURANCE),
    gwp_set="AR6",
)
