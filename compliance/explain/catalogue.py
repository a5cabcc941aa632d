"""What the names in identities mean: words, unit, and which right a user needs to see such a figure."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.roles import Action

LABELS: dict[str, Promise] = {
    "co2e_kg": _("Scope 1 and 2"),
    "scope1_co2e_kg": _("Scope 1"),
    "scope2_co2e_kg": _("Scope 2, location-based"),
    "scope2_market_co2e_kg": _("Scope 2, market-based"),
    "methane_co2e_kg": _("Methane of the mine"),
    "biogenic_co2_kg": _("Biogenic CO2, outside the scopes"),
    "heat_co2_kg": _("CO2 of heat"),
    "energy_gj": _("Energy used"),
    "made_kg": _("Product made"),
    "firewood_kg": _("Wood burned"),
    "electricity_kwh": _("Electricity from the grid"),
    "co2e_kg_per_kg": _("Scope 1 and 2 per kg of product"),
    "co2e_kg_per_t": _("Scope 1 and 2 per tonne of product"),
    "energy_mj_per_kg": _("Energy per kg of product"),
    "energy_mj_per_t": _("Energy per tonne of product"),
    "firewood_kg_per_kg": _("Wood per kg of product"),
    "firewood_kg_per_t": _("Wood per tonne of product"),
    "electricity_kwh_per_kg": _("Electricity per kg of product"),
    "stack_co2_kg_per_kg": _("CO2 from the stacks per kg of product"),
    "operating_share": _("Operating time of the sensors"),
    "measured_share": _("Measured part of the CO2 of heat"),
    "record_kg": _("CO2 of record"),
    "measured_kg": _("CO2 measured"),
    "counted_kg": _("CO2 of the hours measured or idle"),
    "co2_kg_per_s": _("CO2 rate"),
    "sites": _("Sites"),
    "energy_days": _("Days with energy logged"),
    "actual": _("Figure of the target"),
    "expected": _("Limit of the target"),
}
_UNITS = (
    ("_kg_per_kg", "kg/kg"),
    ("_mj_per_kg", "MJ/kg"),
    ("_kwh_per_kg", "kWh/kg"),
    ("_kg_per_t", "kg/t"),
    ("_mj_per_t", "MJ/t"),
    ("_kg_per_s", "kg/s"),
    ("_co2e_kg", "kg CO2e"),
    ("co2e_kg", "kg CO2e"),
    ("_co2_kg", "kg CO2"),
    ("record_kg", "kg CO2"),
    ("measured_kg", "kg CO2"),
    ("counted_kg", "kg CO2"),
    ("_kg", "kg"),
    ("_gj", "GJ"),
    ("_kwh", "kWh"),
    ("_days", "d"),
    ("_h", "h"),
    ("_s", "s"),
)
# Names that begin so are of the chimneys alone: whoever sees readings sees them.
_OF_READINGS = ("stack", "operating", "mounted", "lower_bound")
_OF_PRODUCTION = {"stack_co2_kg_per_kg", "stack_made_kg", "stack_days"}  # but these say what was made, too
_KINDS = {
    "stack": Action.VIEW_READINGS,
    "chimney": Action.VIEW_READINGS,
    "hour": Action.VIEW_READINGS,
    "reading": Action.VIEW_READINGS,
    "production": Action.VIEW_PRODUCTION,
    "made": Action.VIEW_PRODUCTION,
    "target": Action.VIEW_TARGETS,
}


def label_of(name: str) -> str:
    """In words; a column that no page prints keeps its name."""
    known = LABELS.get(name)
    return str(known) if known is not None else name.replace("_", " ")


def unit_of(name: str) -> str:
    return next((unit for end, unit in _UNITS if name.endswith(end)), "")


def right_of(kind: str, name: str) -> Action:
    if kind in ("site", "day") and name.startswith(_OF_READINGS) and name not in _OF_PRODUCTION:
        return Action.VIEW_READINGS
    return _KINDS.get(kind, Action.VIEW_ENERGY)
