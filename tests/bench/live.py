"""`python -m tests.bench.live`: how long a reading takes from its stamp to open pages, with 200 of them.

Mosquitto, ingest, roll-ups, PostgreSQL with fsync and uvicorn as the demo starts it, on the same cores. 67 devices (or
201), one reading each 5 s, stamped when it is published. 200 streams as factory pages open them, each of one site; one
page in Chromium; readers that never read, which watch everything. Then every stream watches everything: no page does
that, it shows what is left.
"""

# ruff: noqa: E402, T201  # the environment first, then Django; and this is a program that prints
import argparse
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import django

import tests.environment  # noqa: F401  # a folder of our own

os.environ["DJANGO_SETTINGS_MODULE"] = "carbontrack.settings"
django.setup()

from django.db import connection
from django.test import Client

from accounts.models import User
from accounts.roles import Role, Scope
from devices.choices import Co2Basis
from devices.credentials import mosquitto_hash
from devices.models import DeviceSecret, MCUDevice
from devices.services import ProvisionedDevice, describe
from emissions.live import STREAMS_PER_USER
from factories.models import Factory, Organisation
from portal.sites.factory import LIVE_FIELDS
from tests import make
from tests.bench.commits import CommitListener
from tests.bench.load import Load
from tests.bench.parts import BenchParts, machine
from tests.environment import DATA_DIR

INTERVAL_S = 5.0
SETTLE_S = 12.0  # each device has sent twice
PATIENCE_S = 90.0
P99_LIMIT_MS = 1_000.0
EVENT_LIMIT_BYTES_PER_MIN = 5_000
BROWSER_SITE = 0


@dataclass(frozen=True, slots=True)
class Site:
    factory: Factory
    device: ProvisionedDevice


# --- The world ---------------------------------------------------------------------------------
def make_sites(organisation: Organisation, count: int) -> list[Site]:
    """Sites of one chimney and one device each, as the factories of the demo."""
    since = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=2)
    sites = []
    for number in range(count):
        factory = make.make_factory(organisation=organisation, name=f"Bench site {number}")
        device = MCUDevice.objects.create(factory=factory, device_id=f"live-{number:04}")
        make.make_assignment(
            device=device, chimney=make.make_chimney(factory=factory), valid_from=since, co2_basis=Co2Basis.WET
        )
        password = secrets.token_hex(24)
        DeviceSecret.objects.create(device=device, pbkdf2_sha512=mosquitto_hash(password))
        sites.append(Site(factory, describe(device, password)))
    return sites


def make_readers(organisation: Organisation, count: int) -> list[tuple[User, str]]:
    """People who see everything, with a token each."""
    found = []
    for _number in range(count):
        user = make.make_user()
        make.make_membership(user=user, role=Role.HQ_MANAGER, organisation=organisation)
        found.append((user, make.make_token(user, Scope.READ)))
    return found


def specifications(
    sites: Sequence[Site], tokens: Sequence[str], *, count: int, slow: int, watch: str
) -> list[dict[str, object]]:
    fields = f"fields={LIVE_FIELDS}"
    return [
        {
            "token": tokens[number // (STREAMS_PER_USER - 1)],  # one is left for a page
            "query": fields
            if watch == "all" or number >= count
            else f"factory={sites[number % len(sites)].factory.pk}&{fields}",
            "is_slow": number >= count,
        }
        for number in range(count + slow)
    ]


# --- Processes ---------------------------------------------------------------------------------
class Talker:
    """A program of ours that is told things on its standard input and answers a line."""

    def __init__(self, environment: dict[str, str], module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.module = module

    @property
    def pid(self) -> int:
        return self._process.pid

    def say(self, word: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def hear(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.module} ended early, exit code {self._process.wait(10)}")
        return line.strip()

    def stop(self) -> None:
        try:
            self._process.communicate("stop\n", timeout=20)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self._process.kill()
            self._process.wait()


@contextmanager
def talker(parts: BenchParts, name: str, module: str, *arguments: str) -> Iterator[Talker]:
    program = Talker(parts.environment, module, *arguments)
    parts.watch(name, program.pid)
    try:
        yield program
    finally:
        parts.watch(name, 0)
        program.stop()


def start_web(parts: BenchParts) -> int:
    """uvicorn as `demo.parts.web_part` starts it; returns its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    arguments = ["carbontrack.asgi:application", "--host", "127.0.0.1", "--port", str(port)]
    arguments += ["--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "3"]
    arguments += ["--http", "carbontrack.protocol:TimedProtocol", "--ws", "none", "--no-proxy-headers"]
    web = parts.program("web", sys.executable, "-m", "uvicorn", *arguments)
    web.ensure_running()
    deadline_s = time.monotonic() + PATIENCE_S
    while not _answers(port):
        if not web.is_running or time.monotonic() > deadline_s:
            raise RuntimeError(f"uvicorn does not answer: {web.log[-2000:]}")
        time.sleep(0.2)
    parts.watch("web", web.pid or 0)
    return port


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def connections_open() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


# --- Figures -----------------------------------------------------------------------------------
def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def latency_line(name: str, values: Sequence[float]) -> str:
    shown = "  ".join(
        f"{label} {percentile(values, share):6.0f}" for label, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    )
    return f"{name:>28}: {shown} ms  ({len(values)} events)"


def latency_of(listener: CommitListener, begun_ms: int) -> str:
    bare = listener.latency(begun_ms, time.time_ns() // 1_000_000 - 1)
    return (
        f"{'yardstick, a bare LISTEN':>28}: p50 {bare.p50_ms:6.0f}  p99 {bare.p99_ms:6.0f}  max {bare.largest_ms:6.0f}"
        f" ms  ({bare.count} readings)"
    )


def measure(parts: BenchParts, listener: CommitListener, clients: Talker, page: Talker | None, seconds: float) -> float:
    """Prints what happened in so many seconds; returns the p99 of the streams."""
    time.sleep(SETTLE_S)
    before = parts.usage()
    for program in filter(None, (clients, page)):
        program.say("begin")
    most_connections, until_s = 0, time.monotonic() + seconds
    begun_ms = time.time_ns() // 1_000_000
    while (left_s := until_s - time.monotonic()) > 0:
        most_connections = max(most_connections, connections_open())
        time.sleep(min(left_s, 0.5))
    used = parts.usage_since(before)
    clients.say("end")
    streams = json.loads(clients.hear())
    print(latency_of(listener, begun_ms))
    print(latency_line("stamp to stream", streams["latencies_ms"]))
    if page is not None:
        page.say("end")
        print(latency_line("stamp to page", json.loads(page.hear())["latencies_ms"]))
    per_minute = [count * 60 / seconds for count in streams["bytes"]]
    print(
        f"{'bytes a minute of a stream':>28}: median {statistics.median(per_minute):.0f}, largest {max(per_minute):.0f}"
    )
    print(f"{'streams ended, without event':>28}: {streams['ended']}, {streams['without_events']}")
    print(f"{'PostgreSQL connections':>28}: at most {most_connections}")
    cores = "  ".join(f"{name} {one.cpu_s / seconds:.3f}" for name, one in used.items())
    print(f"{'cores in use':>28}: {cores}")
    print(f"{'largest MB':>28}: " + "  ".join(f"{n} {one.largest_rss_bytes / 1e6:.0f}" for n, one in used.items()))
    return percentile(streams["latencies_ms"], 0.99)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.live", description=__doc__)
    parser.add_argument("--devices", type=int, default=67, help="one reading each 5 s")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--slow", type=int, default=10, help="that read nothing and watch everything")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--watch", choices=["own", "all", "both"], default="both", help="what a stream watches")
    parser.add_argument("--no-page", action="store_true", help="without Chromium")
    parser.add_argument("--runs", type=int, default=1, help="the median p99 of so many is printed at the end")
    return parser.parse_args()


def run(asked: argparse.Namespace) -> dict[str, float]:
    """One run in an instance of its own; p99 of the streams by what they watch."""
    found = {}
    with BenchParts(identities=0) as parts:
        organisation = make.make_organisation()
        sites = make_sites(organisation, asked.devices)
        readers = make_readers(organisation, (asked.clients + asked.slow) // (STREAMS_PER_USER - 1) + 1)
        parts.broker.reload()
        parts.use_workers(1)
        parts.rollups.ensure_running()
        port = start_web(parts)
        with Load(parts.folder, [site.device for site in sites]) as load, CommitListener(parts.server) as listener:
            parts.watch("load", load.pid)
            print(f"{'PostgreSQL connections':>28}: {connections_open()} before any stream", flush=True)
            load.set_rate(asked.devices / INTERVAL_S)
            for watch in ("own", "all") if asked.watch == "both" else (asked.watch,):
                clients = specifications(
                    sites, [token for _user, token in readers], count=asked.clients, slow=asked.slow, watch=watch
                )
                print(f"-- {asked.devices} devices; {asked.clients} streams of {watch}, {asked.slow} slow", flush=True)
                found[watch] = _one(
                    parts, listener, port, clients, None if asked.no_page else readers[0][0], sites, asked
                )
    return found


def _one(
    parts: BenchParts,
    listener: CommitListener,
    port: int,
    clients: list[dict[str, object]],
    viewer: User | None,
    sites: Sequence[Site],
    asked: argparse.Namespace,
) -> float:
    path = DATA_DIR / "streams"
    path.touch(mode=0o600)
    path.write_text("".join(f"{json.dumps(one)}\n" for one in clients))
    with talker(parts, "streams", "tests.bench.live_clients", str(port), str(path)) as streams:
        print(f"{'streams':>28}: {streams.hear()}", flush=True)
        if viewer is None:
            return measure(parts, listener, streams, None, asked.seconds)
        browser = Client()
        browser.force_login(viewer, backend="allauth.account.auth_backends.AuthenticationBackend")
        address = f"http://127.0.0.1:{port}/factories/{sites[BROWSER_SITE].factory.pk}/"
        session_id = browser.cookies["sessionid"].value
        with talker(parts, "browser", "tests.bench.live_page", address, session_id) as page:
            page.hear()
            return measure(parts, listener, streams, page, asked.seconds)


def main() -> int:
    asked = arguments()
    print(machine(), flush=True)
    runs = [run(asked) for _ in range(asked.runs)]
    print(
        f"== median of {len(runs)}; the limits are p99 {P99_LIMIT_MS:.0f} ms and "
        f"{EVENT_LIMIT_BYTES_PER_MIN} bytes a minute of a page"
    )
    for watch in runs[0]:
        print(f"{statistics.median(one[watch] for one in runs):12.0f}  p99 ms, streams of {watch}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
