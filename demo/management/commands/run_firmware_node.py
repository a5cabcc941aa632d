"""`manage.py run_firmware_node`: builds the firmware for this machine and becomes one device of the demo's fleet."""

import fcntl
import os
import signal
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demo import firmware_build, firmware_files, firmware_node, fleet_files
from demo.cast import PlannedDevice
from demo.firmware_files import NodeState, Stage
from demo.link import local_broker
from lib.private_files import write_privately

RELEASE_POLL_S = 0.5
# A node that dies repeatedly right after its start must not end the start of the demo, and a simulated device is better
# than a silent one: after so many deaths it is not restarted. The first start may have begun long before it died.
STARTS_ALLOWED, WITHIN_S = 3, 60.0


class Command(BaseCommand):
    help = (
        "Build firmware/ (once, into DATA_DIR/firmware_node) and run its host program in place of one simulated "
        "device. `run_demo` starts it; where it cannot be built it says so and does nothing."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--build-only", action="store_true", help="build it and end")

    def handle(self, *args: Any, **options: Any) -> None:
        planned = firmware_node.chosen(settings.DEMO_FLEET)
        if planned is None:
            raise CommandError("DEMO_FLEET=0: there is no device to run.")
        # Count the start before anything can fail.
        if not options["build_only"] and _starts_too_often():
            self._give_up(planned, "the program ends at once, again and again; its log says more")
            _end_or_wait(False)
            return
        program = self._build(planned)
        if options["build_only"] or program is None:
            _end_or_wait(options["build_only"])
            return
        local_broker()
        self._take_over(planned, program)

    def _build(self, planned: PlannedDevice) -> Path | None:
        """One build at a time: the demo builds while it fills its database, and the node waits for that."""
        folder = firmware_files.folder(settings.DATA_DIR)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                return firmware_build.build(settings.BASE_DIR / "firmware", folder / "build")
        except (firmware_build.NoBuildError, OSError) as error:
            self._give_up(planned, str(error))
            return None

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _give_up(self, planned: PlannedDevice, why: str) -> None:
        """The simulated fleet gets its device back; readings on the node's flash wait for the next start."""
        self._say(f"no node: {why}")
        firmware_files.take_back(settings.DATA_DIR)
        firmware_files.note(settings.DATA_DIR, NodeState(planned.device_id, Stage.NONE, why))

    def _take_over(self, planned: PlannedDevice, program: Path) -> None:
        data_dir = settings.DATA_DIR
        folder = firmware_files.folder(data_dir)
        password = fleet_files.load_passwords(data_dir)[planned.device_id]
        write_privately(folder / "settings.json", firmware_node.settings_text(planned, password))
        firmware_files.want(data_dir, planned.device_id)
        if firmware_files.released(data_dir) != planned.device_id:
            firmware_files.note(data_dir, NodeState(planned.device_id, Stage.WAITING))
            self._say(f"{planned.device_id}: waiting until the simulated fleet releases it")
        while firmware_files.released(data_dir) != planned.device_id:
            time.sleep(RELEASE_POLL_S)  # polling, because another process writes that file
        table = firmware_node.gas_table(planned, from_s=int(time.time()), anchor_day=fleet_files.load_anchor(data_dir))
        (folder / "gas.txt").write_text("".join(table))
        firmware_files.note(data_dir, NodeState(planned.device_id, Stage.RUNNING))
        scenario = settings.BASE_DIR / "firmware" / "host" / "scenarios" / "demo.txt"
        self._say(f"{planned.device_id} runs the firmware's core from now on")
        os.execv(program, firmware_node.arguments(program, folder, scenario))  # noqa: S606 - the node that we built


def _starts_too_often() -> bool:
    """Record this start; return whether there were too many recently."""
    path = firmware_files.folder(settings.DATA_DIR) / "starts"
    known = [float(line) for line in path.read_text().split()] if path.exists() else []
    recent = [at_s for at_s in known if 0 <= time.time() - at_s < WITHIN_S]
    write_privately(path, "\n".join(map(str, [*recent, time.time()])))
    return len(recent) >= STARTS_ALLOWED


def _end_or_wait(is_end: bool) -> None:
    """The supervisor would restart a part that ends, so a part with nothing to do waits."""
    if not is_end:
        signal.pause()
