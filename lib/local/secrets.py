"""Random secrets of a one-machine installation, drawn once and kept in DATA_DIR with mode 0600.

Production sets SECRET_KEY and MQTT_BROKER_URL instead; nothing here is used then.
"""

import os
import secrets
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def kept_secret(path: Path, nbytes: int = 48) -> str:
    """The secret in `path`; drawn and written first when the file is not there. Safe for two processes at once."""
    try:
        return _kept_secret(path, nbytes)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path} cannot be written or read ({error.strerror}): set DATA_DIR to a folder of yours."
        ) from None


def _kept_secret(path: Path, nbytes: int) -> str:
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)  # mode 0600
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(nbytes))
        try:
            os.link(name, path)  # fails when another process was first; then its secret is used
        except FileExistsError:
            pass
        finally:
            os.unlink(name)
    return path.read_text(encoding="ascii").strip()


def secret_key(data_dir: Path, is_local: bool) -> str:
    """Django's SECRET_KEY of a one-machine installation.

    Raises ImproperlyConfigured in production, where SECRET_KEY must be set and shared by all processes.
    """
    if not is_local:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set but DATABASE_URL is: set SECRET_KEY to 50 random characters, "
            "the same for every process (python -c 'import secrets; print(secrets.token_urlsafe(48))')"
        )
    return kept_secret(data_dir / "secret_key")


def ingest_password(data_dir: Path) -> str:
    """The password of our own ingest at the demo broker."""
    return kept_secret(data_dir / "broker" / "ingest_password", nbytes=24)
