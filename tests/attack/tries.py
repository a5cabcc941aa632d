"""What an attack tried, and what gave way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import requests

from tests.attack.instance import Instance


@dataclass(slots=True)
class Tries:
    """Counts each try; keeps a sentence for each that succeeded for the attacker."""

    count: int = 0
    fell: list[str] = field(default_factory=list)

    def held(self, is_held: bool, otherwise: str) -> None:
        self.count += 1
        if not is_held:
            self.fell.append(otherwise)

    def refused(self, answer: requests.Response, statuses: Iterable[int], what: str) -> None:
        """The answer has one of these statuses; a 500 never is one."""
        expected = tuple(statuses)
        wanted = " or ".join(map(str, expected))
        self.held(
            answer.status_code in expected,
            f"{what}: answered {answer.status_code} instead of {wanted}: {answer.text[:200]!r}",
        )


@dataclass(frozen=True, slots=True)
class Attack:
    """`run` gets the instance and notes its tries."""

    sentence: str
    run: Callable[[Instance, Tries], None]
