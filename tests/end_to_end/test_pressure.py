"""A short time without PostgreSQL under load: the long one is `make bench-pressure`."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OPTIONS = "--minutes 0.4 --flood 0 --devices 60 --outage 1500 --interval-s 1"


@pytest.mark.needs("mosquitto")
def test_without_a_database_the_worker_stays_small_comes_back_and_nothing_is_lost() -> None:
    # In a process of its own: it freezes and kills a database server, and the session's must live.
    program = [sys.executable, "-m", "tests.bench.pressure", *OPTIONS.split()]
    run = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)

    assert run.returncode == 0, run.stdout + run.stderr
    assert "lost 0, doubled 0, changed 0; refused 0;" in run.stdout
    frozen = re.search(r"frozen for 12 s\n.*oldest_unacknowledged_seconds (\d+)", run.stdout)
    assert frozen, run.stdout
    assert int(frozen[1]) >= 10  # nothing was acknowledged meanwhile
