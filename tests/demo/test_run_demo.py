"""`manage.py run_demo` as a user starts it: ready, in use, hurt, stopped. Without the simulated fleet."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.processes import free_port
from tests.waiting import TIMEOUT_S

BASE_DIR = Path(__file__).resolve().parents[2]
LAST_LINE_BUT_ONE = "Ctrl-C stops everything"
# Limits of a machine with every core busy; what is waited for is an event.


@dataclass
class Demo:
    process: subprocess.Popen[str]
    environment: dict[str, str]
    console: list[str] = field(default_factory=list)
    said: threading.Condition = field(default_factory=threading.Condition)

    def listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self.said:
                self.console.append(line.rstrip())
                self.said.notify_all()
        with self.said:
            self.said.notify_all()

    def wait_for(self, text: str, timeout_s: float) -> None:
        def is_settled() -> bool:
            return any(text in line for line in self.console) or self.process.poll() is not None

        with self.said:
            self.said.wait_for(is_settled, timeout_s)
            assert any(text in line for line in self.console), "\n".join(self.console)

    def get(self, path: str) -> str:
        url = f"http://127.0.0.1:{self.environment['HTTP_PORT']}{path}"
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            return str(answer.read().decode())

    def wait_until_ready(self) -> None:
        deadline_s = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline_s:
            try:
                self.get("/readyz")
                return
            except OSError:  # 503, or nobody there
                time.sleep(0.1)  # readiness is asked for: nothing tells it
        pytest.fail(f"not ready within {TIMEOUT_S:.0f} s")

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    def part(self, name: str) -> psutil.Process:
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):  # one that has just ended
                if name in child.cmdline():
                    return child
        raise AssertionError(f"{name} does not run: {self.console}")


@contextmanager
def started_demo(environment: dict[str, str]) -> Iterator[Demo]:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "run_demo"],
        cwd=BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    demo = Demo(process, environment)
    listener = threading.Thread(target=demo.listen)
    listener.start()
    try:
        demo.wait_for(LAST_LINE_BUT_ONE, TIMEOUT_S)
        yield demo
    finally:
        process.terminate()
        try:
            process.wait(TIMEOUT_S)
        finally:
            process.kill()
            listener.join(TIMEOUT_S)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return os.environ | {
        "DATA_DIR": str(tmp_path_factory.mktemp("demo")),
        "HTTP_PORT": str(free_port()),
        "MQTT_PORT": str(free_port()),
        "DEMO_FLEET": "0",
        "DEMO_HISTORY_MONTHS": "1",  # of the mines alone: without a fleet the tea factories have none
    }


@pytest.fixture(scope="module")
def running(environment: dict[str, str]) -> Iterator[Demo]:
    with started_demo(environment) as demo:
        yield demo


def test_the_block_tells_the_truth(running: Demo) -> None:
    block = "\n".join(running.console)

    assert f"http://localhost:{running.environment['HTTP_PORT']}/" in block
    assert "hq@demo.carbontrack.example" in block
    assert "Firmware: none: no fleet is simulated (DEMO_FLEET=0)" in block
    assert json.loads(running.get("/readyz"))["status"] == "ready"
    assert "swagger" in running.get("/api/schema/swagger-ui/").lower()


def test_a_reading_published_by_hand_is_committed(running: Demo) -> None:
    done = running.manage("publish_reading")

    assert done.returncode == 0, done.stderr
    assert '"ranges": [[1, 1]]' in done.stdout


@pytest.mark.needs("mosquitto_pub")
def test_the_line_in_the_block_works_unchanged(running: Demo) -> None:
    line = next(line for line in running.console if "mosquitto_pub" in line)

    subprocess.run(["sh", "-c", line], check=True, timeout=TIMEOUT_S)


@pytest.mark.needs("mosquitto_pub")
def test_a_device_provisioned_now_gets_in_without_a_restart_of_the_broker(running: Demo) -> None:
    done = running.manage("provision_device", "--factory", "Litein", "--device-id", "latecomer", "--json")
    assert done.returncode == 0, done.stderr
    device = json.loads(done.stdout)
    command = ["mosquitto_pub", "-h", device["host"], "-p", str(device["port"]), "--cafile", device["ca_file"]]
    command += ["-i", device["device_id"], "-u", device["username"], "-q", "1"]
    command += ["-t", device["topics"]["readings"], "-m", "{}"]

    right = subprocess.run([*command, "-P", device["password"]], check=False, timeout=TIMEOUT_S)
    wrong = subprocess.run([*command, "-P", "wrong"], check=False, timeout=TIMEOUT_S)

    assert right.returncode == 0
    assert wrong.returncode == 5  # not authorised


def test_a_second_start_is_refused_in_one_sentence(running: Demo) -> None:
    done = running.manage("run_demo")

    assert done.returncode == 1
    assert f"Carbon Track already runs from {running.environment['DATA_DIR']}" in done.stderr
    assert f"kill {running.process.pid}" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["ingest_mqtt", "run_broker"])
def test_a_killed_part_is_started_again_and_works(running: Demo, name: str) -> None:
    running.part(name).kill()

    running.wait_for(f"{name} runs again.", TIMEOUT_S)
    running.wait_until_ready()

    assert '"ranges": [[1, 1]]' in running.manage("publish_reading").stdout


def test_after_ctrl_c_no_process_and_no_port_is_left(running: Demo) -> None:
    environment = running.environment
    stop(running)

    with started_demo(environment) as again:
        family = psutil.Process(again.process.pid).children(recursive=True)
        assert len(family) >= 5
        again.process.send_signal(signal.SIGINT)
        return_code = again.process.wait(TIMEOUT_S)

    _, alive = psutil.wait_procs(family, timeout=TIMEOUT_S)
    assert alive == []
    assert return_code == 0
    assert not any("Filling the simulated history" in line for line in again.console)  # what takes long happens once
    for name in ("HTTP_PORT", "MQTT_PORT"):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", int(environment[name])))


def stop(demo: Demo) -> None:
    demo.process.terminate()
    demo.process.wait(TIMEOUT_S)
