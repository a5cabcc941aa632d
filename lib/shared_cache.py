"""The cache that all processes share: Django's table, written by one statement.

Django's own counts all rows at each write, throws a third of them away above 300 (a stranger could so wipe the counts
of the rate limits), and its `add`, on which allauth's locks rest, lets two in at once when a key has just run out.
"""

import base64
import pickle
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db import connection

from lib import sql

_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


class SharedCache(DatabaseCache):
    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        asked = {self.make_and_validate_key(key, version=version): key for key in keys}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT cache_key, value FROM shared_cache WHERE cache_key = ANY(%s) AND expires > clock_timestamp()",
                [list(asked)],
            )
            # Only this class writes such values, into our own database.
            return {asked[key]: pickle.loads(base64.b64decode(value)) for key, value in cursor.fetchall()}  # noqa: S301

    def _base_set(self, mode: str, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT) -> bool:
        timeout_s = self.get_backend_timeout(timeout)
        expires = _END_OF_TIME if timeout_s is None else datetime.fromtimestamp(timeout_s, UTC)
        with connection.cursor() as cursor:
            if mode == "touch":
                cursor.execute(
                    "UPDATE shared_cache SET expires = %s WHERE cache_key = %s AND expires > clock_timestamp()",
                    [expires, key],
                )
            else:
                text = base64.b64encode(pickle.dumps(value, self.pickle_protocol)).decode()
                parameters: dict[str, Any] = {"key": key, "value": text, "expires": expires, "replaces": mode == "set"}
                cursor.execute(sql.load("lib", "cache_keep"), parameters)
            return bool(cursor.rowcount)


def forget_expired() -> int:
    """Delete what has run out; the worker's job."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM shared_cache WHERE expires <= clock_timestamp()")
        return int(cursor.rowcount)
