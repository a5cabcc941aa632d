"""The canonical JSON of a report: its digest and signature cover these bytes. Schema: `report.schema.json`.

Sorted keys, no spaces, UTF-8, decimals as texts: the canonical form of RFC 8785, which any reader can make from the
parsed file.
"""

import hashlib
import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from compliance.formats.stamp import NONE, Stamp
from compliance.reports.content import Content
from lib.decimals import plain

SCHEMA = Path(__file__).with_name("report.schema.json")


def canonical(content: Content) -> bytes:
    """Raises ValueError for NaN and infinity, which JSON does not have."""
    shape: dict[str, Any] = {"sort_keys": True, "separators": (",", ":"), "ensure_ascii": False, "allow_nan": False}
    return json.dumps(content.to_json(), default=_text, **shape).encode()


def _text(value: Any) -> str:
    """Of what lists of factors, evidence and changes hold."""
    return plain(value) if isinstance(value, Decimal) else str(value)


def sha256(content: Content) -> str:
    return hashlib.sha256(canonical(content)).hexdigest()


def read(file: bytes) -> Content:
    """The content of a file. Raises msgspec.ValidationError."""
    return msgspec.json.decode(file, type=Content)


def render(content: Content, made_at: datetime, stamp: Stamp = NONE) -> bytes:
    """The file, which is the canonical JSON itself: time and stamp of a copy do not change it."""
    return canonical(content)
