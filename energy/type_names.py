"""The names in `data/energy_types.csv`, for the catalogue of translations: makemessages does not read the table.

Pages show them by `gettext(energy_type.name)`.
"""

from django.utils.translation import gettext_noop as _

NAMES = (
    _("Firewood"),
    _("Wood pellets and sawdust briquettes"),
    _("Agricultural residue briquettes"),
    _("Nut and coffee husk"),
    _("Sugarcane bagasse"),
    _("Charcoal"),
    _("Biogas, methane part"),
    _("Biogas, raw (60 % methane)"),
    _("Biodiesel"),
    _("Diesel"),
    _("Petrol"),
    _("Kerosene"),
    _("Heavy fuel oil"),
    _("LPG"),
    _("Natural gas"),
    _("Anthracite"),
    _("Coking coal"),
    _("Other bituminous coal (imported)"),
    _("Sub-bituminous coal"),
    _("Indian domestic coal"),
    _("Lignite"),
    _("Coke"),
    _("Petroleum coke"),
    _("Coal briquettes (patent fuel)"),
    _("Peat"),
    _("Used oil"),
    _("Explosive ANFO (94/6)"),
    _("Explosive emulsion"),
    _("Explosive heavy ANFO"),
    _("Grid electricity"),
    _("Own solar, hydro or wind"),
    _("Purchased steam or heat, fossil"),
    _("Purchased steam or heat, from wood"),
    _("R-22"),
    _("R-134a"),
    _("R-404A"),
    _("R-410A"),
)
