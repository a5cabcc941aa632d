"""What entries that people log have in common, energy and production alike: a double tap is one row, a change has
a reason, undo takes back the last act for 10 minutes. Which rows and columns there are is theirs.
"""

import hashlib
import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from factories.models import Factory
from lib.decimals import plain
from lib.errors import ApiError, invalid
from logbook.choices import Act

UNDO_WITHIN = timedelta(minutes=10)
LONGEST_REASON = 300
# What an undo leaves as it is: which row it is, and whose.
_NEVER_RESTORED = {"id", "created_at", "recorded_by_id", "client_id", "request_sha256"}


# --- Double taps -------------------------------------------------------------------------------
def request_digest(factory: Factory, data: Any) -> str:
    """What the body says, however it is written: 1.0 and 1.00 litres, and two offsets of one moment, are the same."""
    said = {name: _canonical(value) for name, value in asdict(data).items()} | {"factory": factory.pk}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value


def require_same(stored: Any, digest: str) -> None:
    """Raise ApiError 409 `key_conflict` when the key of a stored entry comes with another body."""
    if stored.request_sha256 != digest:
        raise ApiError(
            409,
            "key_conflict",
            _("This Idempotency-Key came with another body before; use a new key for a new entry."),
            params={"entry": stored.pk},
        )


# --- Changes -----------------------------------------------------------------------------------
def require_not_deleted(entry: Any) -> None:
    if entry.deleted_at is not None:
        raise ApiError(409, "entry_deleted", _("This entry is deleted; undo that, or log a new one."))


def required_reason(reason: str) -> str:
    """The reason in one line. Raises ApiError 400 when there is none, or too much of it."""
    text = " ".join(str(reason or "").split())
    if not text:
        raise invalid("reason", "required", _("Say why: a change without a reason is not stored."))
    if len(text) > LONGEST_REASON:
        raise invalid("reason", "too_long", _("reason has %d characters, more than 300.") % len(text))
    return text


def mark(entry: Any, user: User | None, act: Act, reason: str, now: datetime) -> None:
    """Write on an entry what was done last, and by whom; the caller saves it."""
    entry.last_act, entry.change_reason, entry.changed_by, entry.changed_at = act, reason, user, now


def take_back(entry: Any, user: User | None) -> None:
    """Undo the last act on a locked entry: what was recorded goes, what was corrected or deleted returns.

    Raises ApiError 409 `undo_expired` for anybody else, and after 10 minutes.
    """
    now = timezone.now()
    if entry.changed_by_id != (user.pk if user else None) or now - entry.changed_at > UNDO_WITHIN:
        raise ApiError(
            409,
            "undo_expired",
            _("Only who made the last change can undo it, within %(minutes)d minutes: correct it with a reason.")
            % {"minutes": UNDO_WITHIN.total_seconds() // 60},
        )
    if entry.last_act == Act.RECORDED:
        entry.deleted_at = now
    else:
        _restore(entry)
    mark(entry, user, Act.UNDONE, _("undone"), now)


def _restore(entry: Any) -> None:
    """The columns as they were before the last change, from the history that the triggers wrote."""
    before = entry.events.order_by("-pgh_id")[1]
    for column in entry._meta.fields:
        if column.attname not in _NEVER_RESTORED:
            setattr(entry, column.attname, getattr(before, column.attname))
