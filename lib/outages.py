"""What an absent database looks like, and how its absence is logged: once a minute, in one line, not once a request."""

import logging
import time

from django.db import InterfaceError, OperationalError

logger = logging.getLogger(__name__)

# The server is away, restarts, has no connection left, or ended a statement: the same request may work soon.
DATABASE_AWAY = (OperationalError, InterfaceError)
RETRY_AFTER_S = 5
LOG_AGAIN_S = 60.0
_last_logged_s: dict[str, float] = {}


def note(error: Exception) -> None:
    """Log the outage, unless this process did so within a minute."""
    now_s = time.monotonic()
    if now_s - _last_logged_s.get("at", -LOG_AGAIN_S) >= LOG_AGAIN_S:
        _last_logged_s["at"] = now_s
        logger.error("the database does not answer: %s", str(error).strip().partition("\n")[0])


class NotOverloadFilter(logging.Filter):
    """Drops Django's own line, with a traceback, for each 503."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(record, "status_code", None) != 503
