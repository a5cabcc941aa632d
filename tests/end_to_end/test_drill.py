"""A short drill: the long one is `make drill`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.drill.faults import possible_faults

ROOT = Path(__file__).parents[2]
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
    drill = subprocess.run(
        [sys.executable, "-m", "tests.drill", "--rounds", str(ROUNDS), "--seed", "20261122", "--check-every", "3"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )

    assert drill.returncode == 0, drill.stdout + drill.stderr
    assert f"{ROUNDS} rounds in" in drill.stdout
    assert "lost 0, doubled 0, roll-ups equal: yes" in drill.stdout
