"""Reads about ingest: its counters, and whether it is alive. For `/metrics` and `/readyz`."""

from dataclasses import dataclass, field

from django.db.models import Sum

from lib.heartbeats import SignOfLife, signs_of_life
from mqtt_ingest.choices import Outcome
from mqtt_ingest.liveness import BELIEVED_FOR_S, NAME
from mqtt_ingest.models import IngestCounter


@dataclass(slots=True)
class Counters:
    """Readings since the beginning: received = stored + duplicate + rejected. Messages by kind."""

    received: int = 0
    stored: int = 0
    duplicate: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    messages: dict[str, int] = field(default_factory=dict)


def counters() -> Counters:
    """All counters from one statement, so that they add up."""
    totals = Counters()
    rows = IngestCounter.objects.values("outcome", "reason").annotate(total=Sum("count"))
    for outcome, reason, total in rows.values_list("outcome", "reason", "total"):
        if outcome == Outcome.REJECTED:
            totals.rejected[reason] = total
        elif outcome == Outcome.MESSAGE:
            totals.messages[reason] = total
        else:
            setattr(totals, outcome, total)
    return totals


def last_sign_of_life() -> SignOfLife | None:
    """Of the ingest process that is best off: a recent one that waits for nothing, if there is one."""
    signs = [sign for sign in signs_of_life() if sign.name.split("-")[0] == NAME]
    return min(signs, key=lambda sign: (sign.age_s >= BELIEVED_FOR_S, bool(sign.problem), sign.age_s), default=None)


def is_alive() -> bool:
    """Whether an ingest process is running, connected to the broker, and able to store."""
    sign = last_sign_of_life()
    return sign is not None and not sign.problem and sign.age_s < BELIEVED_FOR_S
