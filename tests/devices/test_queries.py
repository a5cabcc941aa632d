"""Which assignments hold at a moment."""

from datetime import UTC, datetime, timedelta

import pytest

from devices.queries import of_record_at
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)


def test_the_device_of_record_is_shown_before_the_one_that_waits_for_its_place() -> None:
    ending = make.make_assignment(valid_from=NOW - timedelta(days=3), valid_to=NOW + timedelta(hours=2))
    successor = make.make_device(factory=ending.factory)
    waiting = make.make_assignment(device=successor, chimney=ending.chimney, valid_from=None, waits_since=NOW)

    assert list(of_record_at([ending.factory], NOW)) == [ending]
    assert list(of_record_at([ending.factory], NOW + timedelta(hours=2))) == [waiting]
