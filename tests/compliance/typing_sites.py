"""Simulated logs of honest sites, for the rate of hints in docs/method.md 9; `python -m tests.compliance.typing_sites`.

A site logs wood in m3 and made tea in kg on six days a week. It rounds as people do: by site a quarter to three
quarters of the wood is a multiple of 5, and a third of the sites weigh the tea in bags of 50 kg. One day in ten is
written two to six days late, and twice a year the network is away for four to ten days, after which all is written.
"""

import random
import sys
from datetime import date, timedelta
from decimal import Decimal

from compliance.typed_numbers import TypedDay, TypingFinding, findings

FIRST = date(2024, 1, 1)
HELD_OUT = range(70_000, 70_200)


def simulated_log(seed: int, count: int = 731) -> dict[str, list[TypedDay]]:
    rng = random.Random(seed)
    rounds, bags, usual_m3 = rng.uniform(0.25, 0.75), rng.random() < 0.33, rng.uniform(18, 45)
    aways = [
        (start, start + rng.randint(4, 10)) for year in (0, 365) for start in rng.sample(range(year, year + 350), 2)
    ]
    log: dict[str, list[TypedDay]] = {"firewood": [], "made_tea": []}
    for at in range(count):
        day = FIRST + timedelta(days=at)
        if day.weekday() == 6:
            continue
        delay = rng.randint(2, 6) if rng.random() < 0.1 else 1
        delay = max([delay, *(end - at for start, end in aways if start <= at < end)])
        load = 1 + 0.3 * rng.uniform(-1, 1)
        m3 = usual_m3 * load * rng.gauss(1, 0.05)
        amount = round(m3 / 5) * 5 if rng.random() < rounds else round(m3, 1 if rng.random() < 0.3 else None)
        kg = usual_m3 * 260 * load
        made = round(kg / 50) * 50 if bags else round(kg)
        for name, value in (("firewood", amount), ("made_tea", made)):
            log[name].append(TypedDay(day, Decimal(str(value)), day + timedelta(days=delay)))
    return log


def hints_of_a_year(log: dict[str, list[TypedDay]]) -> list[TypingFinding]:
    months = [date(2025, month, 1) for month in range(1, 13)]
    return [found for month in months for named in findings(log, month).values() for found in named]


def main() -> None:
    counts = [len(hints_of_a_year(simulated_log(seed))) for seed in HELD_OUT]
    sys.stdout.write(f"{sum(counts) / len(counts):.2f} hints a year at an honest site; at most {max(counts)}\n")


if __name__ == "__main__":
    main()
