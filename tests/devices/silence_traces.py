"""Reads the recorded traces of silent devices, and counts which cause is found for which."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from devices.choices import SilenceCause
from devices.silence import SilenceTrace, StatusSeen, explain

FILE = Path(__file__).parent / "silence_traces.jsonl"
BEGAN = datetime(2026, 11, 30, 6, tzinfo=UTC)
Matrix = dict[str, Counter[str]]


@dataclass(frozen=True, slots=True)
class Recorded:
    cause: str
    variant: str
    seed: int
    trace: SilenceTrace

    @property
    def is_held_out(self) -> bool:
        return self.seed % 2 == 1


@cache
def recorded() -> tuple[Recorded, ...]:
    rows = map(json.loads, FILE.read_text().splitlines())
    return tuple(Recorded(row["cause"], row["variant"], row["seed"], trace_of(row)) for row in rows)


def at(seconds: float | None) -> datetime | None:
    return None if seconds is None else BEGAN + timedelta(seconds=seconds)


def trace_of(row: dict[str, Any]) -> SilenceTrace:
    boots = row["boots"]
    statuses = []
    for place, at_s in enumerate(row["at_s"]):
        number = max(i for i, boot in enumerate(boots) if boot[0] <= place)
        _first, booted_s, reason, undatable = boots[number]
        statuses.append(
            StatusSeen(
                at=BEGAN + timedelta(seconds=at_s),
                stream=number,
                uptime_s=at_s - booted_s,
                rssi_dbm=row["rssi_dbm"][place],
                supply_v=row["supply_cv"][place] / 100,
                outbox=row["outbox"][place],
                undatable=undatable,
                reset_reason=reason,
            )
        )
    return SilenceTrace(
        now=BEGAN + timedelta(seconds=row["now_s"]),
        statuses=tuple(statuses),
        last_wills=tuple(BEGAN + timedelta(seconds=will_s) for will_s in row["wills_s"]),
        last_reading_at=at(row["last_reading_s"]),
        streams_with_readings=frozenset(row["boots_with_readings"]),
        faulty_share=row["faulty_pct"] / 100,
        fault_flags=row["fault_flags"],
        refusals=tuple((BEGAN + timedelta(seconds=at_s), reason, reason) for reason, at_s in row["refusals"].items()),
        login_changed_at=at(row["login_changed_s"]),
        others_count=row["others"][0],
        others_silent_count=row["others"][1],
    )


def matrix(*, held_out: bool) -> Matrix:
    """True cause -> found causes with their counts."""
    counted: Matrix = {cause: Counter() for cause in SilenceCause.values}
    for one in recorded():
        if one.is_held_out == held_out:
            counted[one.cause][explain(one.trace).cause.value] += 1
    return counted


def as_table(counted: Matrix) -> str:
    """Markdown: a row for each true cause."""
    causes = SilenceCause.values
    lines = ["| True cause | " + " | ".join(causes) + " |", "|---|" + "---|" * len(causes)]
    for cause in causes:
        lines.append(f"| **{cause}** | " + " | ".join(str(counted[cause][found]) for found in causes) + " |")
    return "\n".join(lines)
