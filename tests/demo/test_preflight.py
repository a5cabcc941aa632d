"""Each obstacle to the start of the demo gives one sentence with its remedy."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytest_django import Settings

from demo import instance, preflight
from demo.addresses import bind_problem, lan_addresses, shown_address
from demo.preflight import NotReadyError, check
from tests.processes import free_port

BASE_DIR = Path(__file__).resolve().parents[2]


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other_program:
        other_program.bind(("127.0.0.1", 0))
        other_program.listen()
        yield other_program.getsockname()[1]


@pytest.fixture(autouse=True)
def _free_ports_and_an_empty_folder(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings.DATA_DIR, settings.DATABASE_URL, settings.HTTP_BIND = tmp_path / "var", "", "127.0.0.1"
    settings.HTTP_PORT = free_port()
    settings.MQTT_PORT = _another_free_port(settings.HTTP_PORT)
    monkeypatch.delenv("MQTT_BROKER_URL", raising=False)


def test_free_ports_and_an_empty_folder_are_all_it_takes(settings: Settings) -> None:
    check()

    assert settings.DATA_DIR.is_dir()


def _another_free_port(port: int) -> int:
    found = free_port()
    return found if found != port else _another_free_port(port)


@pytest.mark.parametrize("name", ["HTTP_PORT", "MQTT_PORT"])
def test_a_taken_port_names_the_variable_to_set(settings: Settings, taken_port: int, name: str) -> None:
    setattr(settings, name, taken_port)

    with pytest.raises(NotReadyError) as refusal:
        check()

    expected = f"Port {taken_port} is taken by another program: set {name} to a free port"
    assert str(refusal.value).startswith(expected)


def test_one_port_for_both_is_refused(settings: Settings) -> None:
    settings.MQTT_PORT = settings.HTTP_PORT

    with pytest.raises(NotReadyError, match="HTTP_PORT and MQTT_PORT are both"):
        check()


def test_an_address_of_another_machine_is_refused(settings: Settings) -> None:
    settings.HTTP_BIND = "192.0.2.7"

    with pytest.raises(NotReadyError, match=r"HTTP_BIND=192\.0\.2\.7 .* no address '192\.0\.2\.7'"):
        check()


def test_the_demo_never_touches_a_database_that_was_named(settings: Settings) -> None:
    settings.DATABASE_URL = "postgres:///live"

    with pytest.raises(NotReadyError, match=r"DATABASE_URL is set, .*unset DATABASE_URL"):
        check()


def test_the_demo_never_touches_a_broker_that_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MQTT_BROKER_URL", "mqtts://live")

    with pytest.raises(NotReadyError, match=r"MQTT_BROKER_URL is set, .*unset MQTT_BROKER_URL"):
        check()


def test_a_full_disk_is_said_with_both_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda path: SimpleNamespace(free=12_000_000))

    with pytest.raises(NotReadyError, match=r"Only 12 MB are free for .* needs 2000 MB"):
        check()


def test_a_port_just_closed_is_free(taken_port: int) -> None:
    assert bind_problem("127.0.0.1", taken_port) == "is taken by another program"


def test_only_loopback_is_announced_unless_the_network_was_asked_for() -> None:
    assert lan_addresses("127.0.0.1") == ()
    assert shown_address("127.0.0.1") == "localhost"
    assert lan_addresses("192.0.2.7") == ("192.0.2.7",)
    assert shown_address("192.0.2.7") == "192.0.2.7"


def test_a_folder_is_held_by_one_run_at_a_time(tmp_path: Path) -> None:
    script = "import sys; from pathlib import Path; from demo import instance; instance.hold(Path(sys.argv[1]))"
    holding = f"{script}; print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holding, str(tmp_path)],
        cwd=BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"

        with pytest.raises(instance.AlreadyRunningError, match=rf"already runs .*process {first.pid}, since 20"):
            instance.hold(tmp_path)
        asked = subprocess.run(
            [sys.executable, "-m", "demo.instance", str(tmp_path)],
            cwd=BASE_DIR,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        first.kill()

    assert asked.returncode == 1
    assert f"process {first.pid}" in asked.stderr
    instance.hold(tmp_path)
    instance.release(tmp_path)
    assert instance.holder(tmp_path) is None


def test_a_process_id_that_was_given_out_again_does_not_hold_a_folder(tmp_path: Path) -> None:
    (tmp_path / "run_demo.pid").write_text(f'{{"pid": {os.getpid()}, "started_at_s": 1000000000.0}}')

    assert instance.holder(tmp_path) is None


def test_with_an_old_python_the_message_says_what_to_install(tmp_path: Path) -> None:
    bootstrap = BASE_DIR / "bootstrap.py"
    as_if_old = (
        "import runpy, sys; names = runpy.run_path(sys.argv[1]); "
        "names['suitable_python'].__globals__.update(VERSION_TEST='import sys; sys.exit(1)'); "
        "names['suitable_python']()"
    )

    done = subprocess.run(
        [sys.executable, "-c", as_if_old, str(bootstrap)], stderr=subprocess.PIPE, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr.startswith("Carbon Track needs Python 3.11 or newer, and this machine has 3.")
    assert done.stderr.count("\n") == 1


def test_without_the_venv_module_the_message_names_the_package(tmp_path: Path) -> None:
    fake_python = tmp_path / "python3.14"
    # As Debian's python3 without python3-venv: new enough, but ensurepip is not there.
    fake_python.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; *) exit 0;; esac\n')
    fake_python.chmod(0o755)
    only_that = (
        "import runpy, sys; names = runpy.run_path(sys.argv[1]); sys.executable = sys.argv[2]; "
        "names['suitable_python']()"
    )

    done = subprocess.run(
        [sys.executable, "-c", only_that, str(BASE_DIR / "bootstrap.py"), str(fake_python)],
        env={"PATH": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "apt-get install python3-venv" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.needs("make")
def test_make_help_lists_every_command() -> None:
    make = shutil.which("make")
    assert make is not None

    # Without what an outer `make test` passes on to inner makes.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}

    shown = subprocess.run(
        [make, "help"], cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=True
    ).stdout

    listed = {line.split()[1] for line in shown.splitlines()}
    assert listed == {
        "help",
        "attack",
        "run",
        "test",
        "lint",
        "bench",
        "bench-ingest",
        "bench-backlog",
        "bench-pressure",
        "clean",
        "drill",
        "drill-notices",
        "firmware-test",
        "messages",
    }
