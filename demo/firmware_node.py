"""The device of the fleet that runs the firmware's own core: which one, its settings, and the input of its sensors.

Its chimney is the simulated one (`simulator.py`), converted into the pressures that a pitot and a barometer measure.
In `run_demo` it is built in the background, runs as the last part, and is named when all is ready.
Building is in `firmware_build.py`, the hand-over in `firmware_files.py`.
"""

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from demo import cast, firmware_build, firmware_files, processes, simulator
from demo.cast import Behaviour, PlannedDevice
from demo.firmware_files import NodeState, Stage
from devices.firmware_config import NodeBuild, as_text, firmware_config, pinned_ca
from devices.models import Assignment
from devices.services import describe
from science import gas, stack

COMMAND = "run_firmware_node"
FLUE_GAS_KG_PER_MOL = 0.0295  # firmware/lib/core/src/stack.h, kMolarMassFlueGasKgPerMol
# A node ends by itself after this time and is restarted with a new table.
TABLE_S = 48 * 3600
TABLE_STEP_S = 15
# A GSS sensor warms up for a minute, flagged and not counted; in the demo this would only make a gap.
WARM_UP_S = 5


def chosen(fleet_size: int) -> PlannedDevice | None:
    """The last healthy device of the fleet whose factory has no story; None for an empty fleet."""
    fleet = cast.fleet(fleet_size)
    healthy = [one for one in fleet if one.behaviour is Behaviour.HEALTHY]
    plain = [one for one in healthy if cast.story_of(one.factory_name) is None]
    return next(reversed(plain or healthy), None)


def settings_text(planned: PlannedDevice, password: str) -> str:
    """The settings file, as `provision_device --firmware-config` would write it for this machine."""
    assignment = (
        Assignment.objects.select_related("device", "chimney", "factory")
        .filter(device__device_id=planned.device_id, valid_to=None)
        .latest("valid_from")
    )
    node = dataclasses.replace(describe(assignment.device, password), host="127.0.0.1")
    build = NodeBuild(co2_sensor="mhz19" if planned.sensor.startswith("mh-z") else "gss")
    config = firmware_config(node, assignment, build, pinned_ca(node.ca_file, node.host))
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


# --- Its place in `run_demo` -------------------------------------------------------------------
def can_run() -> bool:
    return settings.DEMO_FLEET > 0 and not firmware_build.missing_here()


@contextmanager
def building(log_dir: Path) -> Iterator[None]:
    """Builds in the background; an unfinished build is cancelled at the end of the block."""
    planned, why = chosen(settings.DEMO_FLEET), firmware_build.missing_here()
    if planned is not None:
        state = NodeState(planned.device_id, Stage.NONE if why else Stage.BUILDING, why)
        firmware_files.begin(settings.DATA_DIR, state)
    if planned is None or why:
        yield
        return
    with processes.open_log(log_dir / f"{COMMAND}.log") as log:
        process = processes.launch_command([COMMAND, "--build-only"], log)
    # This thread starts it, because it ends with its thread; the other thread only waits for its end.
    threading.Thread(target=process.wait, daemon=True).start()
    try:
        yield
    finally:
        if process.poll() is None:
            processes.kill_all(process)


def sentence() -> str:
    """A line for the printed block: the device that runs the firmware's core, or why none does."""
    state = firmware_files.current(settings.DATA_DIR) if settings.DEMO_FLEET > 0 else None
    if state is None:
        return "none: no fleet is simulated (DEMO_FLEET=0)"
    sentences = {
        Stage.NONE: f"none: {state.why}",
        Stage.RUNNING: f"{state.device_id} runs the firmware's own core (firmware/host)",
        Stage.WAITING: f"{state.device_id} runs the firmware's own core (firmware/host) once its last two hours are in",
        Stage.BUILDING: f"being built; {state.device_id} runs it as soon as it is",
    }
    return sentences[state.state]
