"""A short time without PostgreSQL under load: the long one is `make bench-pressure`."""

import re

import pytest

from tests.processes import run_to_its_end

OPTIONS = "--minutes 0.4 --flood 0 --devices 60 --outage 1500 --interval-s 1"


@pytest.mark.needs("mosquitto")
def test_without_a_database_the_worker_stays_small_comes_back_and_nothing_is_lost() -> None:
    # In a process of its own: it freezes and kills a database server, and the session's must live.
    code, said = run_to_its_end("-m", "tests.bench.pressure", *OPTIONS.split())

    assert code == 0, said
    assert "lost 0, doubled 0, changed 0; refused 0;" in said
    frozen = re.search(r"frozen for 12 s\n.*oldest_unacknowledged_seconds (\d+)", said)
    assert frozen, said
    assert int(frozen[1]) >= 10  # nothing was acknowledged meanwhile
