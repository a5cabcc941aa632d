"""The device of the fleet that runs the firmware's own core: which one, its settings, and the input of its sensors.

Its chimney is the simulated one (`simulator.py`), converted into the pressures that a pitot and a barometer measure.
Building is in `firmware_build.py`, the hand-over in `firmware_files.py`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from demo import cast, simulator
from demo.cast import Part, PlannedDevice
from devices.firmware_config import NodeBuild, as_text, firmware_config, pinned_ca
from devices.models import Assignment
from devices.services import describe
from science import gas, stack

FLUE_GAS_KG_PER_MOL = 0.0295  # firmware/lib/core/src/stack.h, kMolarMassFlueGasKgPerMol
# A node ends by itself after this time and is restarted with a new table.
TABLE_S = 48 * 3600
TABLE_STEP_S = 15
# A GSS sensor warms up for a minute, flagged and not counted; in the demo this would only make a gap.
WARM_UP_S = 5


def chosen(fleet_size: int) -> PlannedDevice | None:
    """The last healthy device of the fleet whose factory has no story; None for an empty fleet."""
    fleet = cast.fleet(fleet_size)
    healthy = [one for one in fleet if one.part is Part.HEALTHY]
    plain = [one for one in healthy if cast.story_of(one.factory_name) is None]
    return next(reversed(plain or healthy), None)


def settings_text(planned: PlannedDevice, password: str) -> str:
    """The settings file, as `provision_device --firmware-config` would write it for this machine."""
    assignment = (
        Assignment.objects.select_related("device", "chimney", "factory")
        .filter(device__device_id=planned.device_id, valid_to=None)
        .latest("valid_from")
    )
    told = dataclasses.replace(describe(assignment.device, password), host="127.0.0.1")
    build = NodeBuild(co2_sensor="mhz19" if planned.sensor.startswith("mh-z") else "gss")
    config = firmware_config(told, assignment, build, pinned_ca(told.ca_file, told.host))
    return as_text(config | {"warm_up_s": WARM_UP_S, "interval_s": 5})


def gas_table(planned: PlannedDevice, *, from_s: int, anchor_day: int | None) -> Iterator[str]:
    """Lines of node_host's gas file (firmware/host/scenario.h): Unix s, CO2 ppm, gas C, pitot Pa, stack Pa."""
    profile = simulator.profile_of(planned, anchor_day)
    for t_s in range(from_s, from_s + TABLE_S + TABLE_STEP_S, TABLE_STEP_S):
        values = simulator.values_at(profile, t_s * 1000)
        density = gas.gas_density_kg_per_m3(
            pressure_pa=values.pressure_pa,
            temperature_k=values.temperature_c + 273.15,
            molar_mass_kg_per_mol=FLUE_GAS_KG_PER_MOL,
        )
        pitot_pa = density / 2 * (values.velocity_ms / stack.PITOT_COEFFICIENT_S_TYPE) ** 2
        yield (f"{t_s} {values.co2_ppm or 0:.0f} {values.temperature_c:.2f} {pitot_pa:.4f} {values.pressure_pa:.0f}\n")


def arguments(program: Path, folder: Path, scenario: Path) -> list[str]:
    return [
        *(str(program), "--settings", str(folder / "settings.json"), "--data", str(folder / "flash")),
        *("--gas", str(folder / "gas.txt"), "--scenario", str(scenario), "--seconds", str(TABLE_S)),
    ]
