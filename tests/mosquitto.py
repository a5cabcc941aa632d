"""A real Mosquitto for tests: TLS, password file, ACL, a free port; written and reloaded as in production.

It reads the files that operators are told to copy, `deploy/mosquitto/`. Benchmarks ask for one on plain loopback too.
"""

import itertools
import os
import queue
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from demo.certificates import ensure_certificates
from devices.broker import write_dynsec_file, write_mosquitto_files
from devices.credentials import INGEST_USER
from devices.dynsec import ADMIN_USER
from devices.services import ProvisionedDevice
from tests.processes import free_port
from tests.waiting import TIMEOUT_S, wait_until

SEARCH_PATH = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"  # Debian's place for the broker
INGEST_PASSWORD = "ingest-password-of-the-tests"
DYNSEC_FILE = "dynamic-security.json"

PUBLISHED = Path(__file__).parents[1] / "deploy" / "mosquitto"  # what operators copy to conf.d
PUBLISHED_FOLDER, PUBLISHED_LISTENER = "/etc/mosquitto/carbontrack", "listener 8883"
# In place of Debian's own mosquitto.conf. Tests may run as root, which Mosquitto otherwise leaves for its own user.
MAIN = """
user root
log_dest stderr
log_type error
log_type warning
log_type notice
log_type information
include_dir {folder}/conf.d
"""
WATCHERS = itertools.cycle(f"watch{number}" for number in range(4))  # of INGEST_WORKERS in tests/environment.py


def published(name: str, folder: Path, port: int, *, is_tls: bool = True, limits: Mapping[str, int] = {}) -> str:
    """The published file, with this folder and port, and other values of some limits."""
    text = (PUBLISHED / name).read_text().replace(PUBLISHED_FOLDER, str(folder))
    text = text.replace(PUBLISHED_LISTENER, f"listener {port} 127.0.0.1")
    if not is_tls:
        text = re.sub(r"^(cert|key)file .*\n", "", text, flags=re.MULTILINE)
    for limit, value in limits.items():
        text = re.sub(rf"^{limit} .*", f"{limit} {value}", text, flags=re.MULTILINE)
    return text


class Mosquitto:
    """Started with the logins of all devices in the registry; `reload` after one was added."""

    def __init__(
        self, folder: Path, *, is_tls: bool = True, limits: Mapping[str, int] = {}, access: str = "files"
    ) -> None:
        self.folder = folder
        self.is_tls = is_tls
        self.is_dynamic = access == "dynsec"
        self.certificates = ensure_certificates(folder)
        self.port = free_port()
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str] = queue.Queue()
        shutil.copy(self.certificates.certificate_file, folder / "server.pem")
        shutil.copy(self.certificates.key_file, folder / "server.key")
        (folder / "conf.d").mkdir(exist_ok=True)
        for name in ("10-carbontrack.conf", f"20-access-{access}.conf"):
            text = published(name, folder, self.port, is_tls=is_tls, limits=limits)
            (folder / "conf.d" / name).write_text(text)
        (folder / "mosquitto.conf").write_text(MAIN.format(folder=folder))

    def __enter__(self) -> "Mosquitto":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """MQTT_BROKER_URL of our ingest."""
        scheme = "mqtts" if self.is_tls else "mqtt"
        return f"{scheme}://carbontrack-ingest:{INGEST_PASSWORD}@127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def start(self) -> None:
        """Needs `settings.MQTT_BROKER_URL` to be `url`: the ingest password in the file comes from there."""
        self._write_files()
        program = shutil.which("mosquitto", path=SEARCH_PATH)
        assert program
        self._process = subprocess.Popen(
            [program, "-c", str(self.folder / "mosquitto.conf")], stderr=subprocess.PIPE, text=True
        )
        threading.Thread(target=self._read_log, args=(self._process,), daemon=True).start()
        self._wait_for("running")

    def reload(self) -> None:
        self._write_files()
        assert self._process
        self._process.send_signal(signal.SIGHUP)
        self._wait_for("Reloading config")

    def kill(self) -> None:
        assert self._process
        self._process.kill()
        self._process.wait(TIMEOUT_S)

    def stop(self) -> None:
        if self._process is not None:
            wait_until(self._is_told_to_end)

    def _is_told_to_end(self) -> bool:
        """Mosquitto 2.0 forgets a SIGTERM that comes between its word "running" and its loop, so it is told again."""
        assert self._process
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        return self._process.poll() is not None

    @property
    def admin_url(self) -> str:
        """MQTT_ADMIN_URL of a broker with the plugin."""
        return self.url.replace(INGEST_USER, ADMIN_USER)

    def _write_files(self) -> None:
        if self.is_dynamic:  # the first time only; from then on it is the plugin's
            if not (self.folder / DYNSEC_FILE).exists():
                write_dynsec_file(self.folder / DYNSEC_FILE)
            return
        write_mosquitto_files(self.folder / "passwords", self.folder / "acl")

    def _read_log(self, process: "subprocess.Popen[str]") -> None:
        assert process.stderr
        for line in process.stderr:
            self._lines.put(line)

    def has_said(self, words: str) -> bool:
        """Since the last look."""
        return self.count_said(words) > 0

    def count_said(self, words: str) -> int:
        """Lines with these words since the last look."""
        count = 0
        with suppress(queue.Empty):
            while True:
                count += words in self._lines.get_nowait()
        return count

    def _wait_for(self, words: str) -> None:
        seen = []
        with suppress(queue.Empty):
            while True:
                seen.append(self._lines.get(timeout=TIMEOUT_S))
                if words in seen[-1]:
                    return
        raise AssertionError(f"Mosquitto never said {words!r}: {''.join(seen)}")


def client_arguments(
    device: ProvisionedDevice, *, user: str | None = None, password: str | None = None, client_id: str | None = None
) -> list[str]:
    """What mosquitto_pub and mosquitto_sub need to sign in as a device, or as another user of its broker."""
    user = user or device.username
    return [
        *("-h", device.host, "-p", str(device.port), "--cafile", device.ca_file),
        *("-u", user, "-P", password or device.password, "-i", client_id or user),
    ]


def publish(
    device: ProvisionedDevice, payload: bytes, *, topic: str | None = None, password: str | None = None
) -> "subprocess.CompletedProcess[bytes]":
    """One message with QoS 1, by a client that we did not write."""
    arguments = ["mosquitto_pub", *client_arguments(device, password=password)]
    arguments += ["-q", "1", "-t", topic or device.topics["readings"], "-s"]
    return subprocess.run(arguments, input=payload, capture_output=True, timeout=TIMEOUT_S, check=False)


class Watcher:
    """`mosquitto_sub` on a topic of the device; ready when it is made.

    It signs in as a worker of ingest: as the device, it would end the device's own connection.
    """

    def __init__(self, device: ProvisionedDevice, topic: str, *, is_device: bool = False) -> None:
        login = {} if is_device else {"user": f"{INGEST_USER}-{next(WATCHERS)}", "password": INGEST_PASSWORD}
        # Line-buffered also when written to a pipe: the message must not wait for more of them.
        arguments = ["stdbuf", "-oL", "mosquitto_sub", "-d", *client_arguments(device, **login)]
        self._process = subprocess.Popen(
            [*arguments, "-q", "1", "-W", "120", "-t", topic], stdout=subprocess.PIPE, text=True
        )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        while not self._lines.get(timeout=TIMEOUT_S).startswith("Subscribed"):
            pass

    def next_message(self, timeout_s: float = TIMEOUT_S) -> str:
        """The next payload; raises queue.Empty when none comes."""
        while True:
            line = self._lines.get(timeout=timeout_s)
            if line.startswith("{"):
                return line

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(TIMEOUT_S)

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.put(line)
