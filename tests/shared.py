"""Rows that many tests begin with, made once for those that follow one another.

A transaction around those of the tests holds them, so that each finds them as they were made, whatever the one before
did. It ends before a test that begins with other rows, with none, or that commits. What a test gets of them in Python
has to be its own: a copy, or read again.
"""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

LONGEST_S = 20.0  # to PostgreSQL, now() is the moment at which the transaction began
_makers: dict[str, Callable[[], Any]] = {}


def shared(name: str, make: Callable[[], Any]) -> Any:
    """A fixture of that name, which gives what `make` gave: once for many tests, or for this one if it commits."""
    _makers[name] = make

    @pytest.fixture(name=name)
    def rows(db: None) -> Any:
        return _kept.values[name] if name in _kept.values else make()

    return rows


class _Kept:
    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._outer: transaction.Atomic | None = None
        self._began_s = 0.0

    def begin(self, names: list[str]) -> None:
        """A test that needs these, and no others."""
        is_there = connection.in_atomic_block and not connection.closed_in_transaction
        if list(self.values) == names and is_there and time.monotonic() - self._began_s < LONGEST_S:
            return
        self.end()
        if not names:
            return
        self._began_s = time.monotonic()
        self._outer = transaction.atomic()
        self._outer._from_testcase = True  # type: ignore[attr-defined]  # code that must be outermost may be so here
        self._outer.__enter__()
        try:
            self.values = {name: _makers[name]() for name in names}
            connection.check_constraints()  # of these rows once, not after each test
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        self.values = {}
        outer, self._outer = self._outer, None
        if outer is not None:
            transaction.set_rollback(True)
            outer.__exit__(None, None, None)


_kept = _Kept()


def before(request: pytest.FixtureRequest) -> None:
    """Before the transaction of a test begins."""
    mark = request.node.get_closest_marker("django_db")
    commits = "transactional_db" in request.fixturenames or (mark is not None and mark.kwargs.get("transaction"))
    _kept.begin([] if commits else [name for name in _makers if name in request.fixturenames])


def end() -> None:
    _kept.end()
