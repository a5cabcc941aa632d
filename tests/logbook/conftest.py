"""Fixtures of the log's tests."""

import pytest
from django.test import Client

from tests.cast import AsUser, Cast
from tests.logbook.uploads import Upload


@pytest.fixture
def manager(cast: Cast, as_user: AsUser) -> Client:
    return as_user(cast.litein_manager)


@pytest.fixture
def upload(manager: Client, cast: Cast) -> Upload:
    return Upload(manager, cast.litein.pk)
