"""The supervisor, with small child scripts as parts: order, restart, and that nothing is left behind."""

import os
import signal
import subprocess
import sys
import textwrap
from functools import partial
from pathlib import Path

import psutil
import pytest

from demo import processes, supervisor
from demo.supervisor import Part, PartFailedError, StopRequested, Supervisor
from tests.waiting import TIMEOUT_S

BASE_DIR = Path(__file__).resolve().parents[2]

STAYS = """
    import os, pathlib, signal, sys
    name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    def stop(number, frame):
        with open(folder / "stopped", "a") as file:
            file.write(name + "\\n")
        sys.exit(0)
    signal.signal(signal.SIGTERM, stop)
    with open(folder / "started", "a") as file:
        file.write(name + "\\n")
    (folder / (name + ".pid")).write_text(str(os.getpid()))
    (folder / (name + ".ready")).touch()
    while True:
        signal.pause()
"""


def part(script: str, folder: Path, name: str = "child", **options: object) -> Part:
    command = [sys.executable, "-S", "-c", textwrap.dedent(script), name, str(folder)]
    launch = partial(processes.launch, command)
    is_ready = (folder / f"{name}.ready").exists
    return Part(name=name, launch=launch, **({"is_ready": is_ready, "ready_timeout_s": TIMEOUT_S} | options))  # type: ignore[arg-type]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture(autouse=True)
def _quick_restarts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_DELAY_S", 0.01)


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def process_of(folder: Path, name: str = "child") -> psutil.Process:
    return psutil.Process(int((folder / f"{name}.pid").read_text()))


def test_parts_start_in_order_and_stop_in_reverse(tmp_path: Path, said: list[str]) -> None:
    with Supervisor(tmp_path, said.append) as running:
        for name in ("first", "second", "third"):
            running.start(part(STAYS, tmp_path, name))

    assert lines_of(tmp_path / "started") == ["first", "second", "third"]
    assert lines_of(tmp_path / "stopped") == ["third", "second", "first"]
    assert said == []


def test_a_part_that_dies_is_started_again_and_said_so(tmp_path: Path, said: list[str]) -> None:
    with Supervisor(tmp_path, said.append) as running:
        running.start(part(STAYS, tmp_path))
        process_of(tmp_path).kill()
        (tmp_path / "child.ready").unlink()

        assert running.wait_until(lambda: len(said) == 2, timeout_s=TIMEOUT_S)

    assert lines_of(tmp_path / "started") == ["child", "child"]
    assert said[0].startswith("child was ended by SIGKILL; starting it again in 0.0 s")
    assert said[1] == "child runs again."


def test_a_part_that_keeps_dying_ends_the_run_with_its_last_output(tmp_path: Path, said: list[str]) -> None:
    dies = "print('no disk left', flush=True); raise SystemExit(3)"

    with Supervisor(tmp_path, said.append) as running:
        running.start(part(dies, tmp_path, is_ready=lambda: True))
        with pytest.raises(PartFailedError) as failure:
            running.wait_until(lambda: False, timeout_s=TIMEOUT_S)

    assert "child ended with code 3, 5 times in a row" in str(failure.value)
    assert str(failure.value).count("no disk left") == 5
    assert len([line for line in said if "starting it again" in line]) == 4


def test_once_all_runs_a_part_that_keeps_dying_is_started_for_ever_and_ever_more_slowly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "LONGEST_DELAY_S", 0.04)
    delays: list[str] = []

    def say(text: str) -> None:
        delays.append(text.partition("again in ")[2].partition(" s")[0])
        if len(delays) == 8:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(supervisor, "POLL_S", 0.01)
    with Supervisor(tmp_path, say) as running:
        running.start(part("raise SystemExit(3)", tmp_path, is_ready=lambda: True))
        running.watch()

    assert [float(delay or 0) for delay in delays[:8]] == [0.0] * 8  # 10, 20, 40, 40, ... ms
    assert running._running == []


def test_the_pause_doubles_to_a_limit_and_begins_anew_after_a_minute_of_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    now_s = 1000.0
    monkeypatch.setattr(supervisor, "FIRST_DELAY_S", 0.5)
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: now_s)
    ends = part("raise SystemExit(3)", tmp_path, is_ready=lambda: True)
    watching = Supervisor(tmp_path, said.append)
    watching._is_starting = False
    running = supervisor._Running(ends)

    for ran_s in (1, 1, 1, 1, 1, 1, 1, 1, 61, 1):
        running.launched_at_s = now_s
        now_s += ran_s
        watching._note_death(running, "ended with code 3")

    delays = [line.partition("again in ")[2].partition(" s")[0] for line in said]
    assert delays == ["0.5", "1.0", "2.0", "4.0", "8.0", "16.0", "30.0", "30.0", "0.5", "1.0"]


def test_a_part_that_gives_no_sign_of_life_is_killed_and_started_again_and_said_so(
    tmp_path: Path, said: list[str]
) -> None:
    answers = [True, False, False, False]  # an odd failure is forgiven; then it answers until it is stopped
    pids: list[int] = []

    def is_alive() -> bool:
        if answers:
            return answers.pop(0)
        return process_of(tmp_path).status() != psutil.STATUS_STOPPED

    with Supervisor(tmp_path, said.append) as running:
        running.start(part(STAYS, tmp_path, is_alive=is_alive, frozen_after_s=1.0))
        pids.append(process_of(tmp_path).pid)
        assert running.wait_until(lambda: not answers, timeout_s=TIMEOUT_S)
        assert said == []

        process_of(tmp_path).suspend()
        (tmp_path / "child.ready").unlink()
        assert running.wait_until(lambda: len(said) == 2, timeout_s=TIMEOUT_S)
        pids.append(process_of(tmp_path).pid)

    assert said[0].startswith("child gave no sign of life for 1 s and was killed; starting it again in")
    assert said[1] == "child runs again."
    assert pids[0] != pids[1]
    assert not psutil.pid_exists(pids[0])


def test_a_part_that_does_not_come_up_names_its_log(tmp_path: Path, said: list[str]) -> None:
    dies = "print('port taken', flush=True); raise SystemExit(1)"

    with Supervisor(tmp_path, said.append) as running, pytest.raises(PartFailedError) as failure:
        running.start(part(dies, tmp_path))

    assert "child did not start" in str(failure.value)
    assert f"{tmp_path / 'child.log'}" in str(failure.value)
    assert "port taken" in str(failure.value)


def test_children_of_children_end_too_even_outside_the_process_group(tmp_path: Path, said: list[str]) -> None:
    script = """
        import pathlib, subprocess, sys, time
        folder = pathlib.Path(sys.argv[2])
        same_group = subprocess.Popen(["sleep", "600"])
        own_session = subprocess.Popen(["sleep", "600"], start_new_session=True)
        (folder / "children").write_text(f"{same_group.pid} {own_session.pid}")
        (folder / "child.ready").touch()
        time.sleep(600)
    """
    with Supervisor(tmp_path, said.append) as running:
        running.start(part(script, tmp_path))
        family = [psutil.Process(int(pid)) for pid in (tmp_path / "children").read_text().split()]

    _, alive = psutil.wait_procs(family, timeout=TIMEOUT_S)
    assert alive == []


def test_a_part_that_ignores_the_request_is_ended(tmp_path: Path, said: list[str]) -> None:
    deaf = """
        import os, pathlib, signal, sys
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        pathlib.Path(sys.argv[2], "child.pid").write_text(str(os.getpid()))
        pathlib.Path(sys.argv[2], "child.ready").touch()
        while True:
            signal.pause()
    """
    with Supervisor(tmp_path, said.append) as running:
        running.start(part(deaf, tmp_path, stop_timeout_s=0.2))
        child = process_of(tmp_path)

    assert said == ["child did not stop by itself and was killed."]
    assert not child.is_running()


def test_a_signal_breaks_off_a_long_step_and_stops_the_parts(tmp_path: Path, said: list[str]) -> None:
    with Supervisor(tmp_path, said.append) as running:
        running.start(part(STAYS, tmp_path))
        with running.interruptible():
            os.kill(os.getpid(), signal.SIGTERM)
            pytest.fail("the signal did not break off the step")

    assert said == ["Stopping ..."]
    assert lines_of(tmp_path / "stopped") == ["child"]


def test_outside_such_a_step_a_signal_waits_for_the_next_look(tmp_path: Path, said: list[str]) -> None:
    with Supervisor(tmp_path, said.append) as running:
        os.kill(os.getpid(), signal.SIGINT)

        with pytest.raises(StopRequested):
            running.check_signals()


DRIVER = """
    import os, sys
    from functools import partial
    from pathlib import Path
    from demo import processes
    from demo.supervisor import Part, Supervisor
    folder = Path(sys.argv[1])
    sleep = partial(processes.launch, ["sleep", "600"])
    with Supervisor(folder, print) as running:
        running.start(Part(name="one", launch=sleep))
        running.start(Part(name="two", launch=sleep))
        print("ready", flush=True)
        running.watch()
"""


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,
        signal.SIGTERM,
        signal.SIGHUP,
        pytest.param(
            signal.SIGKILL,
            marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died"),
        ),
    ],
)
def test_nothing_is_left_after_a_signal_to_the_supervisor(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-c", textwrap.dedent(DRIVER), str(tmp_path)]
    with subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE, text=True) as driver:
        assert driver.stdout is not None
        assert driver.stdout.readline() == "ready\n"
        family = psutil.Process(driver.pid).children()
        assert len(family) == 2

        driver.send_signal(number)

        return_code = driver.wait(TIMEOUT_S)
    _, alive = psutil.wait_procs(family, timeout=TIMEOUT_S)
    assert alive == []
    assert return_code == (-signal.SIGKILL if number == signal.SIGKILL else 0)


def test_a_large_log_is_put_aside_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "part.log"
    path.write_bytes(b"x" * (processes.LOG_LIMIT_BYTES + 1))

    with processes.open_log(path) as log:
        log.write(b"new\n")

    assert path.read_bytes() == b"new\n"
    assert (tmp_path / "part.log.1").stat().st_size == processes.LOG_LIMIT_BYTES + 1
