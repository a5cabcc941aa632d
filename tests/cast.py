"""The types of the standing cast (`conftest.py`), for the signatures of tests, and a client that sends a token."""

from collections.abc import Callable
from types import SimpleNamespace

from django.test import Client

Cast = SimpleNamespace
AsUser = Callable[..., Client]


def with_token(token: str, **options: bool) -> Client:
    return Client(headers={"Authorization": f"Token {token}"}, **options)
