"""A broker with TLS and logins, and what waits for commits. Real programs, real ports."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.ingest_process import CommitListener
from tests.mosquitto_fixtures import broker, mosquitto, provision

__all__ = ["broker", "mosquitto", "provision"]


@pytest.fixture
def commits(transactional_db: None) -> Iterator[CommitListener]:
    listener = CommitListener()
    yield listener
    listener.close()
