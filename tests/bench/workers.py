"""`python -m tests.bench.workers`: what a second ingest worker adds, each with a given share of a core.

On two cores that also carry load, broker and database two whole workers would measure the cores. So every worker is
stopped and let go again 25 times a second, to run for a share of the time: one such worker is the bottleneck, and what
two of them store beside that is what a second adds. More is sent than they can take. Stopping also catches a worker
inside a transaction, with its locks held: the figure is on the low side.
"""

# ruff: noqa: E402, T201  # the environment first, then Django; and this is a program that prints
import argparse
import os
import signal
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import django

import tests.environment  # noqa: F401  # a folder of our own

os.environ["DJANGO_SETTINGS_MODULE"] = "carbontrack.settings"
django.setup()

from tests.bench.load import Load
from tests.bench.parts import BenchParts, machine

PERIOD_S = 0.04
SETTLE_S = 3.0
NO_QUEUE_LIMIT = {"max_queued_messages": 0, "max_queued_bytes": 0}  # what one leaves is taken in between


@contextmanager
def held_to_a_share(pids: Sequence[int], share: float) -> Iterator[None]:
    """These processes, ours, run for `share` of the time, in turns; all of it again afterwards."""
    ending = threading.Event()

    def say(pid: int, what: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, what)

    def keep(pid: int, starts_after_s: float) -> None:
        ending.wait(starts_after_s)
        while not ending.is_set():
            say(pid, signal.SIGCONT)
            ending.wait(PERIOD_S * share)
            say(pid, signal.SIGSTOP)
            ending.wait(PERIOD_S * (1 - share))

    threads = [
        threading.Thread(target=keep, args=(pid, PERIOD_S * number / len(pids))) for number, pid in enumerate(pids)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ending.set()
        for thread in threads:
            thread.join()
        for pid in pids:
            say(pid, signal.SIGCONT)


def stored_per_s(parts: BenchParts, load: Load, asked: argparse.Namespace, workers: int) -> float:
    """What so many workers store of more than they can."""
    parts.use_workers(workers)
    pids = [worker.pid for worker in parts.workers if worker.pid]
    with held_to_a_share(pids, asked.share):
        load.set_rate(asked.rate)
        time.sleep(SETTLE_S)
        before, stored, begun_s = parts.usage(), parts.counters().stored, time.monotonic()
        time.sleep(asked.seconds)
        stored, took_s = parts.counters().stored - stored, time.monotonic() - begun_s
        used = parts.usage_since(before)
        load.set_rate(0)
    deadline_s = time.monotonic() + 60
    while parts.counters().received < load.count().sent and time.monotonic() < deadline_s:
        time.sleep(0.2)
    cpu = "  ".join(
        f"{name} {1e6 * one.cpu_s / stored:.1f} us ({one.cpu_s / took_s:.2f})" for name, one in used.items()
    )
    own_s = sum(one.cpu_s for name, one in used.items() if name.startswith("ingest"))
    print(
        f"{workers} workers: {stored / took_s:.0f}/s, {stored / own_s:.0f} a second of worker CPU"
        f" | CPU a message (cores): {cpu}",
        flush=True,
    )
    return stored / took_s


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.workers", description=__doc__)
    parser.add_argument("--share", type=float, default=0.12, help="of a core, for each worker")
    parser.add_argument("--rate", type=float, default=12_000.0, help="messages a second that are sent")
    parser.add_argument("--identities", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--runs", type=int, default=1)
    return parser.parse_args()


def main() -> int:
    asked = arguments()
    print(machine())
    print(f"{asked.identities} identities, each worker {asked.share:.0%} of a core, {asked.rate:.0f}/s sent")
    ratios = []
    with (
        BenchParts(identities=asked.identities, limits=NO_QUEUE_LIMIT) as parts,
        Load(parts.folder, parts.devices) as load,
    ):
        for _ in range(asked.runs):
            one, two = (stored_per_s(parts, load, asked, workers) for workers in (1, 2))
            ratios.append(two / one)
            print(f"two / one: {two / one:.2f}", flush=True)
    print(f"== median of {len(ratios)}: two workers {statistics.median(ratios):.2f} x one")
    return 0


if __name__ == "__main__":
    sys.exit(main())
