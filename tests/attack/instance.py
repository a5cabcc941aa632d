"""The instance that is attacked: a demo of its own in a temporary folder, reached by real sockets."""

from __future__ import annotations

import itertools
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests
from requests.adapters import HTTPAdapter

from demo.people import PHONE_PREFIX
from tests.processes import MANAGE, PATIENCE_S, Process, free_port

READY_LINE = "Ctrl-C stops everything"
START_TIMEOUT_S = 300.0
ANSWER_TIMEOUT_S = 60.0
PASSWORD = "carbontrack-demo"
# Other networks than the owner's: the whole of 127.0.0.0/8 is this machine.
STRANGERS_ADDRESS = "127.66.6.6"


class _FromAddress(HTTPAdapter):
    """Connects from a given address of this machine, as a client in another network would."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__(pool_maxsize=64)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, source_address=(self._address, 0), **options)


class Visitor(requests.Session):
    """One client: a browser with cookies, a program with a token, or somebody without either."""

    def __init__(self, base: str, *, token: str = "", address: str = "127.0.0.1") -> None:
        super().__init__()
        self.base = base
        self.mount("http://", _FromAddress(address))
        if token:
            self.headers["Authorization"] = f"Token {token}"

    def request(self, method: str, url: str, *arguments: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        options.setdefault("timeout", ANSWER_TIMEOUT_S)
        options.setdefault("allow_redirects", False)
        return super().request(method, self.base + url, *arguments, **options)

    def submit(self, url: str, **fields: str) -> requests.Response:
        """Send a form of a page, with its CSRF token."""
        self.get(url)
        fields["csrfmiddlewaretoken"] = self.cookies.get("csrftoken", "")
        return self.post(url, data=fields, headers={"Referer": self.base + url})

    def sign_in(self, login: str, password: str = PASSWORD) -> requests.Response:
        return self.submit("/accounts/login/", login=login, password=password)


@dataclass(frozen=True, slots=True)
class Person:
    """An account that an attack made for itself. Its login is a phone number, which needs no proof by mail."""

    phone: str
    password: str
    membership: int


class Instance:
    """What the attacks reach: addresses, accounts, counters and logs of the demo."""

    def __init__(self, folder: Path, environment: dict[str, str], process: Process) -> None:
        self.folder, self.environment, self.process = folder, environment, process
        self.base = f"http://127.0.0.1:{environment['HTTP_PORT']}"
        self.mqtt_port = int(environment["MQTT_PORT"])
        self._tokens: dict[str, str] = {}
        self._phones = itertools.count(400)

    # --- who asks ---
    def anonymous(self, address: str = "127.0.0.1") -> Visitor:
        return Visitor(self.base, address=address)

    def browser(self, login: str, password: str = PASSWORD) -> Visitor:
        visitor = self.anonymous()
        answer = visitor.sign_in(login, password)
        assert answer.status_code == 302, f"{login} cannot sign in: {answer.status_code}"
        return visitor

    def token(self, login: str, password: str = PASSWORD) -> str:
        """Of a sign-in; one a login, since sign-in is limited."""
        if login not in self._tokens:
            name = "phone" if login.startswith("+") else "email"
            answer = self.anonymous().post("/api/login/", json={name: login, "password": password})
            assert answer.status_code == 200, f"{login} cannot sign in: {answer.text}"
            self._tokens[login] = answer.json()["token"]
        return self._tokens[login]

    def program(self, login: str, password: str = PASSWORD) -> Visitor:
        return Visitor(self.base, token=self.token(login, password))

    @property
    def hq(self) -> Visitor:
        return self.program("hq@demo.carbontrack.example")

    @property
    def other_hq(self) -> Visitor:
        return self.program("mine@demo.carbontrack.example")

    def new_person(self, role: str, *, of: Visitor | None = None, **grant: Any) -> Person:
        """An account by an invitation that names nobody."""
        invited = (of or self.hq).post("/api/invitations/", json={"role": role, **grant})
        assert invited.status_code == 201, invited.text
        person = {"phone": f"{PHONE_PREFIX}{next(self._phones)}", "password": secrets.token_urlsafe(16)}
        about = {
            "first_name": "An",
            "last_name": "Attacker",
            "token": invited.json()["link"].rstrip("/").split("/")[-1],
        }
        joined = self.anonymous().post("/api/invitations/accept/", json=person | about)
        assert joined.status_code == 201, joined.text
        return Person(person["phone"], person["password"], joined.json()["id"])

    # --- what it says of itself ---
    def counters(self) -> dict[str, float]:
        """Readings received, stored, duplicate and rejected since the start, summed over reasons."""
        text = self.anonymous().get("/metrics").text
        found = dict.fromkeys(("received", "stored", "duplicate", "rejected"), 0.0)
        for name, value in re.findall(r"^carbontrack_readings_(\w+)_total(?:\{[^}]*\})? (\S+)$", text, re.M):
            found[name] += float(value)
        return found

    def part(self, name: str) -> psutil.Process:
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if name in " ".join(child.cmdline()))

    def log(self, part: str) -> str:
        return (self.folder / "logs" / f"{part}.log").read_text(errors="replace")

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, str(MANAGE), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=ANSWER_TIMEOUT_S,
            check=True,
        )
        return done.stdout

    def is_ready(self, within_s: float = 60.0) -> bool:
        deadline_s = time.monotonic() + within_s
        while time.monotonic() < deadline_s:
            try:
                if self.anonymous().get("/readyz").status_code == 200:
                    return True
            except requests.RequestException:
                pass
            time.sleep(0.5)
        return False


@contextmanager
def running_instance() -> Iterator[Instance]:
    """Starts a demo and ends it, with all of its processes, whatever happens."""
    with tempfile.TemporaryDirectory(prefix="carbontrack-attack-") as name:
        folder = Path(name)
        environment = os.environ | {
            "DATA_DIR": str(folder / "var"),
            "HTTP_PORT": str(free_port()),
            "MQTT_PORT": str(free_port()),
            "DEMO_FLEET": "2",
            "DEMO_HISTORY_MONTHS": "1",
            "DEMO_PASSWORD": PASSWORD,
        }
        environment.pop("DATABASE_URL", None)
        process = Process(folder / "run_demo.log", environment, "run_demo")
        process.ensure_running()
        try:
            _wait_until_it_runs(process)
            yield Instance(folder / "var", environment, process)
        finally:
            process.stop()


def _wait_until_it_runs(process: Process) -> None:
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while READY_LINE not in process.log:
        if not process.is_running or time.monotonic() > deadline_s:
            raise RuntimeError(f"The demo did not start:\n{process.log[-3000:]}")
        time.sleep(PATIENCE_S / 100)
