"""The node's place in `run_demo`: built in the background, run as the last part, named when all is ready."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from demo import firmware_build, firmware_files, firmware_node, processes
from demo.firmware_files import NodeState, State

COMMAND = "run_firmware_node"


def can_run() -> bool:
    return settings.DEMO_FLEET > 0 and not firmware_build.missing_here()


@contextmanager
def building(log_dir: Path) -> Iterator[None]:
    """Builds in the background; an unfinished build is cancelled at the end of the block."""
    planned, why = firmware_node.chosen(settings.DEMO_FLEET), firmware_build.missing_here()
    if planned is not None:
        state = NodeState(planned.device_id, State.NONE if why else State.BUILDING, why)
        firmware_files.begin(settings.DATA_DIR, state)
    if planned is None or why:
        yield
        return
    with processes.open_log(log_dir / f"{COMMAND}.log") as log:
        process = processes.launch_command([COMMAND, "--build-only"], log)
    # Started by this thread, with which it dies; the other thread only waits for its end.
    threading.Thread(target=process.wait, daemon=True).start()
    try:
        yield
    finally:
        if process.poll() is None:
            processes.kill_all(process)


def sentence() -> str:
    """For the printed block: which device runs the firmware's core, or why none does."""
    state = firmware_files.current(settings.DATA_DIR) if settings.DEMO_FLEET > 0 else None
    if state is None:
        return "none: no fleet is simulated (DEMO_FLEET=0)"
    if state.state is State.NONE:
        return f"none: {state.why}"
    if state.state is State.RUNNING:
        return f"{state.device_id} runs the firmware's own core (firmware/host)"
    if state.state is State.WAITING:
        return f"{state.device_id} runs the firmware's own core (firmware/host) once its last two hours are in"
    return f"being built; {state.device_id} runs it as soon as it is"
