"""A real Mosquitto for tests: TLS, password file, ACL, a free port; written and reloaded as in production.

Benchmarks ask for one on plain loopback too, and with the limits that operators are told to set.
"""

import os
import queue
import shutil
import signal
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from demo.certificates import ensure_certificates
from devices.broker import write_mosquitto_files
from devices.services import ProvisionedDevice
from tests.processes import free_port

SEARCH_PATH = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"  # Debian's place for the broker
TIMEOUT_S = 15.0
INGEST_PASSWORD = "ingest-password-of-the-tests"

CONFIGURATION = """
user root
per_listener_settings false
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl
listener {port} 127.0.0.1
{tls}
message_size_limit 2097152
{limits}
set_tcp_nodelay true
log_dest stderr
log_type error
log_type warning
log_type notice
log_type information
"""


TLS = """cafile {ca}
certfile {certificate}
keyfile {key}"""
NO_LIMITS = ("max_inflight_messages 0", "max_queued_messages 0")


class Mosquitto:
    """Started with the logins of all devices in the registry; `reload` after one was added."""

    def __init__(self, folder: Path, *, is_tls: bool = True, limits: Sequence[str] = NO_LIMITS) -> None:
        self.folder = folder
        self.is_tls = is_tls
        self.certificates = ensure_certificates(folder)
        self.port = free_port()
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str] = queue.Queue()
        files = {
            "ca": self.certificates.ca_file,
            "certificate": self.certificates.certificate_file,
            "key": self.certificates.key_file,
        }
        values = {
            "folder": folder,
            "port": self.port,
            "tls": TLS.format(**files) if is_tls else "",
            "limits": "\n".join(limits),
        }
        (folder / "mosquitto.conf").write_text(CONFIGURATION.format(**values))

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
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(TIMEOUT_S)

    def _write_files(self) -> None:
        write_mosquitto_files(self.folder / "passwords", self.folder / "acl")

    def _read_log(self, process: "subprocess.Popen[str]") -> None:
        assert process.stderr
        for line in process.stderr:
            self._lines.put(line)

    def has_said(self, words: str) -> bool:
        """Since the last look."""
        said = False
        with suppress(queue.Empty):
            while True:
                said = words in self._lines.get_nowait() or said
        return said

    def _wait_for(self, words: str) -> None:
        seen = []
        with suppress(queue.Empty):
            while True:
                seen.append(self._lines.get(timeout=TIMEOUT_S))
                if words in seen[-1]:
                    return
        raise AssertionError(f"Mosquitto never said {words!r}: {''.join(seen)}")


def client_arguments(
    device: ProvisionedDevice, *, password: str | None = None, client_id: str | None = None
) -> list[str]:
    """What mosquitto_pub and mosquitto_sub need to sign in as a device."""
    return [
        *("-h", device.host, "-p", str(device.port), "--cafile", device.ca_file),
        *("-u", device.username, "-P", password or device.password, "-i", client_id or device.device_id),
    ]


def publish(
    device: ProvisionedDevice, payload: bytes, *, topic: str | None = None, password: str | None = None
) -> "subprocess.CompletedProcess[bytes]":
    """One message with QoS 1, by a client that we did not write."""
    arguments = ["mosquitto_pub", *client_arguments(device, password=password)]
    arguments += ["-q", "1", "-t", topic or device.topics["readings"], "-s"]
    return subprocess.run(arguments, input=payload, capture_output=True, timeout=TIMEOUT_S, check=False)


class Watcher:
    """`mosquitto_sub` on a topic of the device; ready when it is made."""

    def __init__(self, device: ProvisionedDevice, topic: str) -> None:
        # Line-buffered also when written to a pipe: the message must not wait for more of them.
        arguments = [
            "stdbuf",
            "-oL",
            "mosquitto_sub",
            "-d",
            *client_arguments(device, client_id=f"{device.device_id}-watch"),
        ]
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
