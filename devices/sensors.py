"""The catalogue of CO2 sensors, and whether one fits the gas of a chimney.

A sensor whose full scale lies below the highest CO2 of the fuel stands at the end of its range all day; one that needs
dried gas is no sensor of wet gas. `Assignment.clean` asks here, so every door refuses the same. Ranges and limits are
those of the makers: `docs/sources.md`, key `Sensor data`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from factories.choices import SourceKind
from factories.models import Chimney
from science.gas import CO2_CEILING_DRY_FRACTION, co2_wet_from_dry
from science.readings import GAS_AND_OIL, Co2Basis, MoistureMethod

if TYPE_CHECKING:
    from devices.models import Assignment

PPM = 1e6


@dataclass(frozen=True, slots=True)
class SensorType:
    """A make of sensor. `ranges_ppm`: the full scales that it is sold with. All of them measure dried gas."""

    key: str  # how its name begins in the registry, without marks and maker
    name: str
    ranges_ppm: tuple[float, ...]
    gas_min_c: float
    gas_max_c: float
    source: str


# Sources with their marks of confidence, as in docs/sources.md.
_WINSEN, _GSS = "Sensor data, Winsen [V]", "Sensor data, GSS [K]"
CATALOGUE = (
    SensorType("mhz19c", "Winsen MH-Z19C", (2_000, 5_000), -10, 50, _WINSEN),
    SensorType("mhz19", "Winsen MH-Z19", (2_000, 5_000, 10_000), 0, 50, _WINSEN),
    SensorType("mh410d", "Winsen MH-410D", (50_000, 200_000), -20, 60, "Sensor data, Winsen [K]"),
    SensorType("sprintir", "GSS SprintIR", (50_000, 200_000, 600_000, 1_000_000), 0, 50, _GSS),
    SensorType("explorir", "GSS ExplorIR", (50_000, 200_000, 600_000, 1_000_000), 0, 50, _GSS),
    SensorType("cozir", "GSS CozIR", (50_000, 200_000, 600_000, 1_000_000), 0, 50, _GSS),
    SensorType("k33", "Senseair K33", (100_000, 300_000), 0, 50, "Sensor data, Senseair [K]"),
    SensorType("stc31c", "Sensirion STC31-C", (400_000,), -20, 85, "Sensor data, Sensirion [V]"),
    SensorType("stc31", "Sensirion STC31", (250_000, 1_000_000), -20, 85, "Sensor data, Sensirion [V]"),
)
_MAKERS = re.compile(r"^(winsen|gss|senseair|sensirion)")
# Of the fuels with an F-factor of their own; any other counts as the one with the most CO2.
_FUEL_GROUPS = {
    "natural_gas": "natural_gas",
    "lpg": "propane",
    "firewood": "wood_residue",
    "wood_pellets": "wood_residue",
    "bituminous_coal": "bituminous",
    "coking_coal": "bituminous",
    **dict.fromkeys(GAS_AND_OIL - {"natural_gas", "lpg"}, "oil"),
}
_WITHOUT_FLUE_GAS = (
    *(SourceKind.STEAM_DRYER_EXHAUST, SourceKind.GRID, SourceKind.MINE_METHANE, SourceKind.EXPLOSIVES),
    *(SourceKind.VEHICLE, SourceKind.HAUL_TRUCK),
)


def type_of(sensor: str) -> SensorType | None:
    """The type that a sensor's name in the registry tells, `GSS SprintIR-W 20 %` or `mh-z19b`; None: not in here."""
    plain = _MAKERS.sub("", re.sub(r"[^a-z0-9]", "", sensor.casefold()))
    return next((one for one in CATALOGUE if plain.startswith(one.key)), None)


def usual_basis(sensor: str) -> Co2Basis:
    """The basis where nobody stated one: a known sensor measures dried gas."""
    return Co2Basis.DRY if type_of(sensor) else Co2Basis.WET


@dataclass(frozen=True, slots=True)
class FlueGas:
    """The gas of a chimney at its most CO2: without excess air."""

    burned: str  # the sources and their fuels, for people
    dry_ppm: float
    wet_ppm: float

    def most_ppm(self, basis: str) -> float:
        return self.dry_ppm if basis == Co2Basis.DRY else self.wet_ppm


def flue_gas_of(chimney: Chimney) -> FlueGas | None:
    """None where nothing that is burned under the chimney is registered: then nobody knows its gas."""
    today = timezone.now().date()
    sources = [
        source
        for source in chimney.emission_sources.all()
        if source.kind not in _WITHOUT_FLUE_GAS and (source.last_day is None or source.last_day >= today)
    ]
    if not sources:
        return None
    fuels = {fuel for source in sources for fuel in source.listed_fuels} or {"unknown"}
    if chimney.moisture_method == MoistureMethod.FUEL_STOICHIOMETRIC:
        fuels.add("firewood")
    dry = max(CO2_CEILING_DRY_FRACTION[_FUEL_GROUPS.get(fuel, "wood_bark")] for fuel in fuels)
    wet = co2_wet_from_dry(co2_fraction_dry=dry, moisture_fraction=chimney.moisture_fraction)
    names = (f"{source.name} ({source.fuels})" if source.fuels else source.name for source in sources)
    return FlueGas(", ".join(names), dry * PPM, wet * PPM)


def fitting(most_ppm: float) -> list[str]:
    """What can measure so much CO2: names with the least full scale that does."""
    return [
        f"{one.name} {min(wide) / 1e4:g} %"
        for one in CATALOGUE
        if (wide := [full_ppm for full_ppm in one.ranges_ppm if full_ppm >= most_ppm])
    ]


def check_fit(*, chimney: Chimney, sensor: str, range_ppm: float | None, co2_basis: str) -> None:
    """Raises ValidationError, by field, with every reason why the sensor does not fit and what does."""
    errors: dict[str, list[ValidationError]] = {}
    for field, error in _misfits(chimney, sensor, range_ppm, co2_basis):
        errors.setdefault(field, []).append(error)
    if errors:
        raise ValidationError(errors)


def misfit_of(mounted: "Assignment", **stated: Any) -> str:
    """Why a mounted sensor does not fit, as it is registered or as `stated` here; empty if it does."""
    registered = {name: getattr(mounted, name) for name in ("chimney", "sensor", "range_ppm", "co2_basis")}
    try:
        check_fit(**registered | stated)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def _misfits(
    chimney: Chimney, sensor: str, range_ppm: float | None, co2_basis: str
) -> Iterator[tuple[str, ValidationError]]:
    known, gas = type_of(sensor), flue_gas_of(chimney)
    name = known.name if known else sensor or _("The sensor")
    full_ppm = range_ppm
    if sensor and range_ppm is None:
        words = _("State the full scale of %(sensor)s in ppm: without it nobody sees that it is at its end.")
        yield "range_ppm", _refused(words, "range_missing", sensor=name)
        full_ppm = max(known.ranges_ppm) if known else None
    elif known and range_ppm and range_ppm > max(known.ranges_ppm):
        words = _("%(sensor)s is made up to %(most)s ppm, not %(stated)s: check the name and the range.")
        shown = {"most": f"{max(known.ranges_ppm):,.0f}", "stated": f"{range_ppm:,.0f}"}
        yield "range_ppm", _refused(words, "range_not_made", sensor=name, **shown)
        full_ppm = max(known.ranges_ppm)
    if gas is None:
        return
    most_ppm = gas.most_ppm(co2_basis)
    if full_ppm is not None and full_ppm < most_ppm:
        words = _(
            "%(sensor)s measures up to %(full)s ppm, and the gas of %(burned)s has up to %(most)s ppm of CO2. It would "
            "stand at the end of its range. What fits: %(fits)s."
        )
        shown = {"full": f"{full_ppm:,.0f}", "most": f"{most_ppm:,.0f}", "burned": gas.burned}
        yield "sensor", _refused(words, "range_too_short", sensor=name, fits=", ".join(fitting(gas.dry_ppm)), **shown)
    if known and co2_basis == Co2Basis.WET:
        words = _(
            "%(sensor)s measures dried gas of at most %(most_c)d °C, behind a cooler: register it as dry. In the wet "
            "gas of %(burned)s water condenses in it."
        )
        yield "co2_basis", _refused(words, "needs_dry_gas", sensor=name, most_c=known.gas_max_c, burned=gas.burned)


def _refused(words: str, code: str, **params: Any) -> ValidationError:
    return ValidationError(words, code=code, params=params)
