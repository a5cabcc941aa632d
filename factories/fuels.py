"""Which fuels and explosives a source of each kind can use. The codes are those of `energy/data/energy_types.csv`."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from factories.choices import SourceKind

_OF_ENGINES = ("diesel", "biodiesel", "petrol", "kerosene", "heavy_fuel_oil", "lpg", "natural_gas")
_GASES = ("biogas", "biogas_raw")
_OF_FIRES = (
    *("firewood", "wood_pellets", "agri_briquettes", "husk", "bagasse", "charcoal", *_GASES, *_OF_ENGINES, "used_oil"),
    *("anthracite", "coking_coal", "bituminous_coal", "sub_bituminous_coal", "indian_domestic_coal", "lignite"),
    *("coke", "petroleum_coke", "coal_briquettes", "peat"),
)
EXPLOSIVES = ("explosive_anfo", "explosive_emulsion", "explosive_heavy_anfo")
_BOUGHT_HEAT = ("steam", "steam_biomass")
_OTHER = (*_OF_FIRES, *EXPLOSIVES, *_BOUGHT_HEAT, "own_renewable", "r22", "r134a", "r404a", "r410a")
FUELS: dict[str, tuple[str, ...]] = {
    SourceKind.BOILER: _OF_FIRES,
    SourceKind.DIRECT_FIRED_DRYER: _OF_FIRES,
    SourceKind.STEAM_DRYER_EXHAUST: (*_OF_FIRES, *_BOUGHT_HEAT),  # of the boiler that makes its steam
    SourceKind.GENSET: (*_OF_ENGINES, *_GASES),
    SourceKind.VEHICLE: _OF_ENGINES,
    SourceKind.HAUL_TRUCK: _OF_ENGINES,
    SourceKind.GRID: ("electricity",),
    SourceKind.MINE_METHANE: (),
    SourceKind.EXPLOSIVES: EXPLOSIVES,
    SourceKind.OTHER: _OTHER,
}
DRYERS = frozenset({SourceKind.DIRECT_FIRED_DRYER.value, SourceKind.STEAM_DRYER_EXHAUST.value})


def fuel_codes(fuels: str) -> list[str]:
    """The codes in a list such as `firewood, diesel`, in its order and each once."""
    return list(dict.fromkeys(name.strip().lower() for name in fuels.split(",") if name.strip()))


def checked_fuels(kind: str, fuels: str) -> str:
    """The list as it is stored. Raises ValidationError that names the fuel and what a source of this kind can use."""
    codes, known = fuel_codes(fuels), FUELS.get(kind, ())
    for code in codes:
        if code not in known:
            words = _("%(fuel)s is not used by a source of this kind; use %(known)s.")
            shown = {"fuel": code[:40], "known": ", ".join(known) or _("none")}
            raise ValidationError({"fuels": ValidationError(words % shown, code="unknown_fuel")})
    return ", ".join(codes)
