"""GHG Protocol inventory: scopes 1 and 2, biogenic CO2 and removals beside them, scope 3 as an optional list."""

from django.utils.translation import gettext_lazy as _

from compliance.reports.content import Content
from compliance.schemes import Level, ReportInputs, Scheme, content, parts
from compliance.schemes.building import entered
from compliance.schemes.checks import CHECKS, neither_stated
from compliance.schemes.figures import figures_of
from compliance.schemes.series import series_of


def fill(inputs: ReportInputs) -> Content:
    figures = figures_of(inputs)
    beside = _("Removals and credits stand beside the inventory. There is no net figure.")
    sections = (
        entered(inputs, "operator", _("Company"), parts.OPERATOR),
        parts.place_section(figures),
        parts.base_year_section(figures),
        parts.scope_1_section(figures),
        parts.scope_2_section(figures),
        parts.total_section(figures),
        parts.biogenic_section(figures),
        entered(inputs, "removals", _("Removals (memo)"), (parts.REMOVALS,), note=beside),
        parts.scope_3_section(inputs),
        parts.gwp_section(figures),
        entered(inputs, "exclusions", _("Exclusions"), (parts.EXCLUSIONS,)),
        parts.completeness_section(figures),
        parts.methods_section(figures),
        parts.no_obligation(_("The GHG Protocol is a voluntary standard. It sets no limit and no price.")),
        parts.assurance_section(inputs),
    )
    return content(SCHEME, inputs, sections, series=series_of(figures))


SCHEME = Scheme(
    code="ghg_protocol",
    version="1",
    title=_("Greenhouse gas inventory, GHG Protocol"),
    statement=_(
        "Voluntary. Structured after the GHG Protocol Corporate Standard (2004) and its Scope 2 Guidance (2015). This "
        "report does not claim conformity with them."
    ),
    levels=frozenset({Level.SITE, Level.ORGANISATION}),
    fill=fill,
    checks=(*CHECKS, neither_stated(parts.SCOPE_3)),
    entered=(*parts.OPERATOR, parts.REMOVALS, parts.EXCLUSIONS, *parts.SCOPE_3, *parts.ASSURANCE),
    gwp_set="AR6",
)
