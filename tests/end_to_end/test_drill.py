"""A short drill: the long one is `make drill`."""

import pytest

from tests.drill.faults import possible_faults
from tests.processes import run_to_its_end

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
