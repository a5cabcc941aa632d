"""A short drill: the long one is `make drill`."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lib.local.postgres import LocalPostgres
from tests.drill.faults import possible_faults
from tests.processes import MANAGE, run_to_its_end
from tests.waiting import TIMEOUT_S, wait_until

ROUNDS = 6


def test_without_a_disk_of_its_own_the_drill_counts_no_fault_that_needs_one() -> None:
    everywhere = {fault.name for fault in possible_faults(has_small_disk=False)}

    assert {fault.name for fault in possible_faults(has_small_disk=True)} - everywhere == {
        "disk full",
        "disk full to its floor",
    }


@pytest.mark.needs("mosquitto")
def test_readings_survive_faults_at_random_once_each() -> None:
    # In a process of its own: it kills a database server, and the session's must live. The seed is fixed, for
    # what CI says must not depend on luck; the moments at which faults strike still differ.
    options = ["--rounds", str(ROUNDS), "--seed", "20261122", "--check-every", "3"]
    code, said = run_to_its_end("-m", "tests.drill", *options)

    assert code == 0, said
    assert f"{ROUNDS} rounds in" in said
    assert "lost 0, doubled 0, roll-ups equal: yes" in said


def test_a_drill_that_is_asked_to_end_stops_its_database_and_unmounts_its_disk() -> None:
    command = [sys.executable, "-m", "tests.drill"]
    with subprocess.Popen(command, cwd=MANAGE.parent, stdout=subprocess.PIPE, text=True) as drill:
        assert drill.stdout is not None
        folder = Path(drill.stdout.readline().partition(" logs in ")[2].removesuffix(" until the end\n"))
        server = LocalPostgres(folder)
        wait_until(server.running_pid)
        drill.terminate()
        drill.communicate(timeout=TIMEOUT_S)

    assert drill.returncode == 128 + signal.SIGTERM
    assert server.running_pid() is None
    assert str(folder) not in Path("/proc/mounts").read_text()
