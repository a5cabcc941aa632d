"""Reads about ingest: its counters, and whether it is alive. For `/metrics` and `/readyz`."""

import time
from dataclasses import dataclass, field

from django.db.models import Sum

from mqtt_ingest.choices import Outcome
from mqtt_ingest.liveness import BELIEVED_FOR_S, last_sign_of_life
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


def is_alive() -> bool:
    """Whether an ingest process is running and connected to the broker."""
    sign = last_sign_of_life()
    return sign is not None and sign.is_connected and time.time() - sign.at_s < BELIEVED_FOR_S
