"""`python -m tests.attack`: every attack against a demo of its own; prints what was tried. Exit code 0: all held.

It talks to 127.0.0.0/8 alone, is bounded, stops by itself, and ends only the demo that it started.
"""

# ruff: noqa: T201  # this is a program that prints
import argparse
import sys
import time

from tests.attack import devices, numbers, people, sheets, web
from tests.attack.instance import Instance, running_instance
from tests.attack.tries import Attack, Tries

LOGS = ("web", "run_worker", "ingest_mqtt", "run_broker")
SHOWN = 5


def attack_once(instance: Instance, attack: Attack) -> Tries:
    tries = Tries()
    begun_s = time.monotonic()
    try:
        attack.run(instance, tries)
    except Exception as error:  # the next attack is tried all the same
        tries.held(False, f"could not be tried to its end: {type(error).__name__}: {str(error)[:300]}")
    verdict = "FELL" if tries.fell else "held"
    print(f"{verdict}  {tries.count:>6} tries  {time.monotonic() - begun_s:>6.1f} s  {attack.sentence}", flush=True)
    for sentence in tries.fell[:SHOWN]:
        print(f"        {sentence}", flush=True)
    if len(tries.fell) > SHOWN:
        print(f"        and {len(tries.fell) - SHOWN} more", flush=True)
    return tries


def after_all(instance: Instance, tries: Tries) -> None:
    """Nothing is broken after all of it."""
    tries.held(instance.is_ready(), "/readyz does not say ready after the attacks")
    now = instance.counters()
    whole = now["stored"] + now["duplicate"] + now["rejected"]
    tries.held(now["received"] == whole, f"received {now['received']:.0f}, accounted for {whole:.0f}")


def tracebacks(instance: Instance, tries: Tries) -> None:
    for part in LOGS:
        count = instance.log(part).count("Traceback (most recent call last)")
        tries.held(count == 0, f"{count} tracebacks in {part}.log: {instance.log(part)[-300:]!r}")


ATTACKS = (
    *(*people.ATTACKS, *numbers.ATTACKS, *devices.ATTACKS, *sheets.ATTACKS, *web.ATTACKS),
    Attack("Leave a traceback in a log by any of these", tracebacks),
    web.LAST,  # without a database each job of the worker logs one
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
    parser.add_argument("--only", default="", help="attacks whose sentence contains this")
    asked = parser.parse_args()
    chosen = [attack for attack in ATTACKS if asked.only.casefold() in attack.sentence.casefold()]
    if not chosen:
        parser.error(f"no attack contains {asked.only!r}")
    begun_s = time.monotonic()
    with running_instance() as instance:
        print(f"A demo of its own runs at {instance.base} since {time.monotonic() - begun_s:.0f} s.", flush=True)
        outcomes = [attack_once(instance, attack) for attack in chosen]
        outcomes.append(attack_once(instance, Attack("After all of it: ready, and each reading counted", after_all)))
    fell = sum(bool(tries.fell) for tries in outcomes)
    tried = sum(tries.count for tries in outcomes)
    print(f"{tried} tries in {time.monotonic() - begun_s:.0f} s: {len(outcomes) - fell} held, {fell} fell.", flush=True)
    return 1 if fell else 0


if __name__ == "__main__":
    sys.exit(main())
