"""A connection past the pooler, for what lives as long as its session: LISTEN, and locks of a session."""

from django.conf import settings
from django.db import connections


def connect_directly() -> None:
    """From here on this thread speaks to PostgreSQL itself, if `DATABASE_DIRECT_URL` says how."""
    if settings.DATABASE_DIRECT:
        connections["default"].close()
        connections["default"] = connections.create_connection("default")
        connections["default"].settings_dict = connections["default"].settings_dict | settings.DATABASE_DIRECT
