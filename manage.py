#!/usr/bin/env python
"""Entry point of every management command."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "carbontrack.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit(
            "Django is not installed for this Python. Run `make run` once, "
            "or: python3 -m venv .venv && .venv/bin/pip install -r requirements.txt"
        )
    from django.core.exceptions import ImproperlyConfigured
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"Error: {error}")
    except OperationalError as error:
        from django.conf import settings

        if "--traceback" in sys.argv:
            raise
        cause = str(error).splitlines()[0]
        if settings.IS_LOCAL:
            sys.exit(
                f"The database of {settings.DATA_DIR} is not running: start `make run` in another window, or set "
                f"DATABASE_URL to a PostgreSQL of your own. ({cause})"
            )
        sys.exit(f"DATABASE_URL cannot be used: check host, port, user, password and database. ({cause})")


if __name__ == "__main__":
    main()
