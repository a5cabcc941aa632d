"""The time in the tests of pages: eight whole hours of the factory day are over."""

from types import SimpleNamespace

import pytest

from tests.portal.logged_site import NOW


@pytest.fixture
def clock(clock: SimpleNamespace) -> SimpleNamespace:
    clock.now = NOW
    return clock
