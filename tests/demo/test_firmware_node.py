"""The device of the demo that runs the firmware's core: which one, its sensor input and settings, and why there is
none."""

import json
import os
import shutil
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from demo import cast, firmware_build, firmware_files, firmware_node, fleet_files, simulator
from demo.certificates import ensure_certificates
from demo.firmware_files import NodeState, Stage
from demo.fleet import Fleet
from demo.fleet_files import Progress
from demo.link import BrokerPlace
from demo.simulated_device import INTERVAL_MS, SimulatedDevice
from demo.world import seed
from lib.private_files import write_privately
from science import gas, stack
from tests.demo.test_run_demo import started_demo
from tests.firmware import build
from tests.waiting import TIMEOUT_S


# --- Which, and what it is shown ---------------------------------------------------------------
def test_the_node_is_a_healthy_device_whose_site_has_no_story() -> None:
    planned = firmware_node.chosen(67)

    assert planned
    assert (planned.behaviour, cast.story_of(planned.factory_name)) == (cast.Behaviour.HEALTHY, None)
    assert firmware_node.chosen(1) == cast.fleet(1)[0]
    assert firmware_node.chosen(0) is None


def test_its_pitot_feels_what_the_simulated_chimney_blows() -> None:
    planned = cast.fleet(2)[1]
    now_s = int(time.time())
    line = next(firmware_node.gas_table(planned, from_s=now_s, anchor_day=None))
    t_s, co2_ppm, temperature_c, pitot_pa, pressure_pa = map(float, line.split())
    density = gas.gas_density_kg_per_m3(
        pressure_pa=pressure_pa,
        temperature_k=temperature_c + 273.15,
        molar_mass_kg_per_mol=firmware_node.FLUE_GAS_KG_PER_MOL,
    )

    velocity_ms = stack.pitot_velocity_ms(differential_pressure_pa=pitot_pa, gas_density_kg_per_m3=density)

    values = simulator.values_at(simulator.profile_of(planned), now_s * 1000)
    assert (t_s, co2_ppm, pressure_pa) == (now_s, values.co2_ppm, values.pressure_pa)
    # The table has four digits of a pascal.
    assert velocity_ms == pytest.approx(values.velocity_ms, abs=0.01)


def test_the_firmware_takes_density_from_the_same_gas() -> None:
    header = (build.FIRMWARE / "lib" / "core" / "src" / "stack.h").read_text()

    assert f"kMolarMassFlueGasKgPerMol = {firmware_node.FLUE_GAS_KG_PER_MOL}" in header


@pytest.mark.django_db
@pytest.mark.needs("g++", "cmake")
def test_the_node_takes_its_settings_gas_and_scenario(settings: Settings, tmp_path: Path) -> None:
    settings.DEMO_FLEET, settings.DATA_DIR = 2, tmp_path
    settings.MQTT_CA_FILE = str(ensure_certificates(tmp_path).ca_file)
    with (tmp_path / "said").open("w") as said:
        seed(said, "password")
    planned = firmware_node.chosen(2)
    assert planned
    folder = firmware_files.folder(tmp_path)
    text = firmware_node.settings_text(planned, fleet_files.load_passwords(tmp_path)[planned.device_id])
    write_privately(folder / "settings.json", text)
    table = firmware_node.gas_table(planned, from_s=int(time.time()), anchor_day=None)
    (folder / "gas.txt").write_text("".join(table))
    scenario = build.FIRMWARE / "host" / "scenarios" / "demo.txt"
    arguments = firmware_node.arguments(build.node_host(), folder, scenario)

    done = subprocess.run([*arguments, "--until", "nothing"], capture_output=True, text=True, check=False)
    ran = subprocess.run(
        [*arguments, "--seconds", "0.2"], capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )

    assert done.returncode == 2  # an option that it does not have
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "end: stream" in ran.stdout
    assert stat.S_IMODE((folder / "settings.json").stat().st_mode) == 0o600
    told = json.loads(text)
    assert (told["sensor"], told["range_ppm"], told["co2_basis"]) == ("sprintir-20", 200_000, "dry")
    assert told["pressure_compensation"] == "on_sensor"


# --- When there is none ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("there", "words"),
    [((), "no C++ compiler"), (("cmake",), "no C++ compiler"), (("g++",), "no cmake"), (("g++", "cmake"), "")],
)
def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], words: str) -> None:
    monkeypatch.setattr("shutil.which", lambda name: name if name in there else None)

    missing = firmware_build.missing_here()

    assert (words in missing) if words else missing == ""
    assert not words or "apt-get install" in missing


@pytest.mark.needs("g++", "cmake")
def test_a_build_that_fails_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.20)\nproject(x CXX)\n")

    with pytest.raises(firmware_build.NoBuildError, match="the compiler refused it"):
        firmware_build.build(tmp_path, tmp_path / "build")


@pytest.mark.needs("g++", "cmake")
def test_what_was_installed_after_a_failed_build_is_found_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.20)\nproject(x NONE)\n"
        'find_library(MOSQUITTO_LIBRARY mosquitto PATHS "${CMAKE_SOURCE_DIR}/lib" NO_DEFAULT_PATH)\n'
        "if(MOSQUITTO_LIBRARY)\n  add_custom_target(node_host)\nendif()\n"
    )
    with pytest.raises(firmware_build.NoBuildError, match="libmosquitto is missing here"):
        firmware_build.build(tmp_path, tmp_path / "build")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libmosquitto.so").touch()

    program = firmware_build.build(tmp_path, tmp_path / "build")

    assert program == tmp_path / "build" / "node_host"


@pytest.mark.needs("g++", "cmake")
def test_a_cache_that_cmake_rejects_is_rebuilt(tmp_path: Path) -> None:
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.20)\nproject(x NONE)\nadd_custom_target(node_host)\n"
    )
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "CMakeCache.txt").write_text(
        f"CMAKE_GENERATOR:INTERNAL=Of another machine\nCMAKE_HOME_DIRECTORY:INTERNAL={tmp_path}\n"
    )

    firmware_build.build(tmp_path, tmp_path / "build")

    assert "Of another machine" not in (tmp_path / "build" / "CMakeCache.txt").read_text()


@pytest.fixture
def pauses(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often the command waits for the end of the demo; its build is there at once."""
    settings.DEMO_FLEET, settings.DATA_DIR = 1, tmp_path
    waits: list[str] = []
    monkeypatch.setattr("signal.pause", lambda: waits.append("waits"))
    monkeypatch.setattr(firmware_build, "build", lambda source, folder: folder / "node_host")
    return waits


def test_a_part_that_fails_again_and_again_gives_its_device_back_and_stays(
    pauses: list[str], settings: Settings, tmp_path: Path
) -> None:
    settings.MQTT_BROKER_URL = "mqtts://carbontrack-ingest:secret@broker.example:8883"
    firmware_files.want(tmp_path, "litein-01")
    firmware_files.release(tmp_path, "litein-01")
    for _start in range(3):
        with pytest.raises(CommandError):
            call_command("run_firmware_node")

    call_command("run_firmware_node")

    assert pauses == ["waits"]
    assert firmware_node.sentence() == "none: the program ends at once, again and again; its log says more"
    assert (firmware_files.wanted(tmp_path), firmware_files.released(tmp_path)) == ("", "")


def test_a_folder_that_cannot_be_written_is_one_sentence(pauses: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: Path, folder: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(firmware_build, "build", full)

    call_command("run_firmware_node")

    assert pauses == ["waits"]
    assert "No space left on device" in firmware_node.sentence()


@pytest.mark.parametrize(
    ("state", "why", "words"),
    [
        (Stage.BUILDING, "", "being built; litein-01 runs it as soon as it is"),
        (Stage.WAITING, "", "litein-01 runs the firmware's own core (firmware/host) once its last two hours are in"),
        (Stage.RUNNING, "", "litein-01 runs the firmware's own core (firmware/host)"),
        (Stage.NONE, "there is no cmake here", "none: there is no cmake here"),
    ],
)
def test_the_block_says_which_device_it_is_or_why_none(
    settings: Settings, tmp_path: Path, state: Stage, why: str, words: str
) -> None:
    settings.DEMO_FLEET, settings.DATA_DIR = 1, tmp_path
    firmware_files.note(tmp_path, NodeState("litein-01", state, why))

    assert firmware_node.sentence() == words


def test_without_a_fleet_there_is_no_node(settings: Settings, tmp_path: Path) -> None:
    settings.DEMO_FLEET, settings.DATA_DIR = 0, tmp_path

    with firmware_node.building(tmp_path):
        assert firmware_node.sentence() == "none: no fleet is simulated (DEMO_FLEET=0)"
    assert not firmware_node.can_run()


def test_a_new_start_hands_over_again(tmp_path: Path) -> None:
    firmware_files.want(tmp_path, "litein-01")
    firmware_files.release(tmp_path, "litein-01")

    firmware_files.begin(tmp_path, NodeState("litein-01", Stage.BUILDING))

    assert (firmware_files.wanted(tmp_path), firmware_files.released(tmp_path)) == ("", "")


# --- Whose time it is --------------------------------------------------------------------------
def now_ms() -> int:
    return time.time_ns() // 1_000_000


def fleet_of_one(data_dir: Path, device: SimulatedDevice) -> Fleet:
    return Fleet([device], {device.device_id: "password"}, BrokerPlace("127.0.0.1", 1, None), data_dir=data_dir)


def test_a_second_start_makes_up_nothing_of_the_nodes_time(tmp_path: Path) -> None:
    planned = cast.fleet(1)[0]
    handed_over = Progress(t_ms=now_ms() - 20 * 60_000, stream=7, seq=9)
    first = fleet_of_one(tmp_path, SimulatedDevice(planned, now_ms=handed_over.t_ms, before=handed_over))
    firmware_files.release(tmp_path, planned.device_id)
    first.links[0].is_released = True

    first.run(max_s=0)  # and with it the node, a moment before
    ended_ms = now_ms()
    firmware_files.begin(tmp_path, NodeState(planned.device_id, Stage.BUILDING))
    kept = fleet_files.load_progress(tmp_path)[planned.device_id]
    second = SimulatedDevice(planned, now_ms=ended_ms + 60_000, before=kept)

    assert (kept.stream, kept.seq) == (7, 9)
    batch = second.outbox.next_batch(0.0)
    assert batch is not None
    assert -1_000 < batch.entries[0].t_ms - ended_ms <= INTERVAL_MS


def test_the_fleet_takes_back_a_device_that_the_node_gave_up(tmp_path: Path) -> None:
    planned = cast.fleet(1)[0]
    fleet = fleet_of_one(tmp_path, SimulatedDevice(planned, now_ms=now_ms() - 30_000))
    (link,) = fleet.links
    last_seq = link.device.outbox.last_seq
    link.is_released = True

    fleet.run(max_s=0.1)

    assert not link.is_released
    assert link.device.next_t_ms > now_ms() - INTERVAL_MS
    assert link.device.outbox.last_seq <= last_seq + 1  # nothing of the half minute that was the node's


# --- All of it ---------------------------------------------------------------------------------
@pytest.mark.needs("g++", "cmake")
def test_in_the_demo_the_node_takes_its_device_over_and_comes_back_when_killed(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    data_dir = tmp_path_factory.mktemp("demo")
    build_as_the_demo_does(firmware_files.folder(data_dir) / "build")
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        ports = first.getsockname()[1], second.getsockname()[1]
    environment = os.environ | {
        "DATA_DIR": str(data_dir),
        "HTTP_PORT": str(ports[0]),
        "MQTT_PORT": str(ports[1]),
        "DEMO_FLEET": "1",
        "DEMO_HISTORY_MONTHS": "0",
    }

    with started_demo(environment) as demo:
        log = data_dir / "logs" / "run_firmware_node.log"
        wait_for(log, "broker: connected")
        before_bytes = log.stat().st_size
        demo.part(str(firmware_files.folder(data_dir) / "build" / "node_host")).kill()
        demo.wait_for("run_firmware_node was ended by SIGKILL", TIMEOUT_S)
        wait_for(log, "broker: connected", from_bytes=before_bytes)

    assert demo.process.returncode == 0
    assert any("Firmware: " in line and "litein-01" in line for line in demo.console)
    assert not any("did not stop by itself" in line for line in demo.console), "\n".join(demo.console)
    assert "end: stream" in log.read_text().splitlines()[-1]  # a planned restart: what is in RAM is on flash


def build_as_the_demo_does(folder: Path) -> None:
    """Before the demo, which then only checks it: it builds with the lowest priority, and that has no time limit when
    the machine has other work."""
    build.node_host()  # says what is missing, if anything is
    generator = ["-G", "Ninja"] if shutil.which("ninja") else []
    configure = ["cmake", "-S", str(build.FIRMWARE), "-B", str(folder), "-DCMAKE_BUILD_TYPE=Release", *generator]
    for command in (configure, ["cmake", "--build", str(folder), "--target", firmware_build.PROGRAM]):
        subprocess.run(command, check=True, capture_output=True, timeout=build.TIMEOUT_S)


def wait_for(log: Path, words: str, *, from_bytes: int = 0) -> None:
    """For what another process writes into its log: nothing tells it."""
    deadline_s = time.monotonic() + TIMEOUT_S
    said = ""
    while words not in said:
        assert time.monotonic() < deadline_s, f"{words!r} is not in:\n{said[-3_000:]}"
        time.sleep(0.2)
        said = log.read_bytes()[from_bytes:].decode(errors="replace") if log.exists() else ""
