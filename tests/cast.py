"""The types of the standing cast (`conftest.py`), for the signatures of tests."""

from collections.abc import Callable
from types import SimpleNamespace

from django.test import Client

Cast = SimpleNamespace
AsUser = Callable[..., Client]
