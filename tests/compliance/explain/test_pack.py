"""Check it without us: the folder prints the figure by itself, and names each record that is damaged."""

import ast
import hashlib
import io
import random
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from accounts.models import User
from accounts.roles import Role
from compliance.explain import identity
from compliance.explain.explain import explain
from compliance.explain.pack import make as make_pack
from compliance.explain.pack.make import pack
from compliance.explain.sites import Book
from devices.choices import Co2Basis, PressureCompensation
from emissions import rollups
from energy.services import energy_log
from lib.reads import ReadKind, read_of
from tests import make
from tests.cast import signed_in
from tests.portal.logged_site import NOW, YESTERDAY, LoggedSite, kept_litein, logged_litein

__all__ = ["kept_litein", "logged_litein"]  # fixtures
pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 20, 3, tzinfo=UTC)
FLIPS = 60


@pytest.fixture(autouse=True)
def _now(clock: SimpleNamespace) -> None:
    clock.now = NOW


def unpacked(content: bytes, folder: Path) -> Path:
    zipfile.ZipFile(io.BytesIO(content)).extractall(folder)
    return folder


def checked(folder: Path) -> tuple[int, str]:
    """By a Python that sees neither our environment nor our packages."""
    run = subprocess.run(
        [sys.executable, "-I", folder / "check.py"], capture_output=True, text=True, timeout=60, check=False
    )
    return run.returncode, run.stdout + run.stderr


def test_folder_of_a_period_prints_the_figure_by_itself(logged_litein: LoggedSite, tmp_path: Path) -> None:
    site = logged_litein.factory.pk
    for number, name in enumerate(("scope1_co2e_kg", "biogenic_co2_kg", "co2e_kg_per_kg")):
        figure = identity.site(site, date(2026, 11, 19), YESTERDAY, name)
        card = explain(figure, logged_litein.user)

        answer = signed_in(logged_litein.user).get("/api/explain/pack.zip", {"figure": figure})

        code, said = checked(unpacked(answer.content, tmp_path / str(number)))
        assert (code, said) == (0, f"{figure}\n{card.value:f} {card.unit}\nrecomputed: identical\n")
        again = signed_in(logged_litein.user).get("/api/explain/pack.zip", {"figure": figure})
        assert again.content == answer.content


def measured_hour() -> tuple[str, User]:
    """An hour of a fire that varies, by a dry sensor that was calibrated at the works."""
    factory = make.make_factory()
    assignment = make.make_assignment(
        device=make.make_device(factory=factory),
        co2_basis=Co2Basis.DRY,
        pressure_compensation=PressureCompensation.PROPORTIONAL,
        range_ppm=200_000,
    )
    varied = {
        "co2_ppm": lambda i: 90_000.0 + 37 * (i % 61),
        "temperature_c": lambda i: 180.0 + i % 13,
        "velocity_ms": lambda i: 3.5 + 0.01 * (i % 29),
    }
    make.make_readings(assignment.device, START, 500, **varied)
    make.make_readings(assignment.device, START + timedelta(minutes=44), 300, first_seq=600, **varied)
    rollups.touch_period(assignment.device_id, START - timedelta(days=1), None)
    rollups.roll_up_touched()
    user = make.make_user(email="reader@test.example")
    make.make_membership(user=user, role=Role.FACTORY_MANAGER, organisation=factory.organisation, factory=factory)
    return identity.hour(assignment.chimney_id, START), user


def test_folder_of_an_hour_makes_it_of_readings_and_names_what_is_damaged(tmp_path: Path) -> None:
    figure, user = measured_hour()
    card = explain(figure, user)
    folder = unpacked(pack(figure, user, Book(NOW)), tmp_path)

    for url in ("/api/explain/", "/explain/"):  # the audit log has who saw the readings: 12 a minute
        read = read_of(signed_in(user).get(url, {"figure": figure}))
        assert read is not None
        assert (read.kind, read.rows) == (ReadKind.READINGS, 500 + 192)
    assert checked(folder) == (0, f"{figure}\n{card.value:f} kg CO2\nrecomputed: identical\n")

    files = sorted(path for path in folder.iterdir() if path.name != "check.py")
    assert {path.name for path in files} >= {"readings.csv", "minutes.csv", "setups.csv", "steps.csv", "manifest.csv"}
    chance = random.Random(13)
    for _time in range(FLIPS):
        path = chance.choice(files)
        whole = path.read_bytes()
        at = chance.randrange(len(whole))
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << chance.randrange(8))]) + whole[at + 1 :])
        line = whole[:at].count(b"\n") + 1
        # A byte of the manifest belongs to the record whose digest it is.
        record = whole.split(b"\n")[line - 1].decode().split(",")[:2] if path.name == "manifest.csv" else []
        code, said = checked(folder)
        assert code == 1, f"{path.name} byte {at}: {said}"
        names = (f"{path.name} line {line}", *([f"{record[0]} line {record[1]}"] if record else []))
        assert any(f"DAMAGED: {name}" in said for name in names), f"{path.name} byte {at}: {said}"
        path.write_bytes(whole)
    assert checked(folder)[0] == 0


def test_a_reading_that_was_changed_with_its_digest_still_shows(tmp_path: Path) -> None:
    """Whoever changes a reading and its line of the manifest meets the gas law."""
    figure, user = measured_hour()
    folder = unpacked(pack(figure, user, Book(NOW)), tmp_path)
    readings = folder / "readings.csv"
    lines = readings.read_text().split("\n")
    lines[200] = lines[200].replace(",9", ",8", 1)  # 90,000 ppm and more become 80,000
    readings.write_text("\n".join(lines))
    manifest = (folder / "manifest.csv").read_text().split("\n")
    place = next(i for i, line in enumerate(manifest) if line.startswith("readings.csv,201,"))
    manifest[place] = f"readings.csv,201,{hashlib.sha256(lines[200].encode()).hexdigest()}"
    (folder / "manifest.csv").write_text("\n".join(manifest))

    code, said = checked(folder)

    assert code == 2
    assert "DIFFERENT: minute" in said


def test_folder_of_a_device_that_moved_between_chimneys(tmp_path: Path) -> None:
    """The readings around an hour that was measured at another chimney belong to that one."""
    factory = make.make_factory()
    moved = START + timedelta(hours=1)
    first, second = (make.make_chimney(factory=factory, diameter_m=width) for width in (0.9, 1.4))
    device = make.make_device(factory=factory)
    make.make_assignment(device=device, chimney=first, valid_to=moved)
    make.make_assignment(device=device, chimney=second, valid_from=moved)
    make.make_readings(
        device, START, 1441, co2_ppm=lambda i: 90_000.0 + 100 * (i % 17), velocity_ms=lambda i: 3.5 + 0.01 * (i % 29)
    )
    rollups.touch_period(device.pk, START - timedelta(days=1), None)
    rollups.roll_up_touched()
    user = make.make_user(email="reader@test.example")
    make.make_membership(user=user, role=Role.FACTORY_MANAGER, organisation=factory.organisation, factory=factory)
    figure = identity.hours("stack", factory.pk, START, moved + timedelta(hours=1))

    code, said = checked(unpacked(pack(figure, user, Book(NOW)), tmp_path))

    assert (code, said.splitlines()[-1]) == (0, "recomputed: identical")
    minutes = (tmp_path / "minutes.csv").read_text().splitlines()[1:]
    assert {line.split()[0] for line in minutes} == {str(first.pk), str(second.pk)}


def test_folder_has_at_most_so_many_steps_and_hours(
    logged_litein: LoggedSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make_pack, "MOST_STEPS", 8)
    figure = identity.site(logged_litein.factory.pk, date(2026, 11, 1), YESTERDAY, "co2e_kg")

    folder = unpacked(pack(figure, logged_litein.user, Book(NOW)), tmp_path / "steps")

    assert len((folder / "steps.csv").read_text().splitlines()) <= 9
    assert checked(folder)[0] == 0

    monkeypatch.setattr(make_pack, "MOST_HOURS", 0)
    figure, user = measured_hour()
    folder = unpacked(pack(figure, user, Book(NOW)), tmp_path / "hours")
    assert not (folder / "readings.csv").exists()
    assert checked(folder)[0] == 0


def test_texts_of_people_are_no_formulas_and_files_of_a_file_manager_no_damage(
    logged_litein: LoggedSite, tmp_path: Path
) -> None:
    site = logged_litein.factory
    entry = make.make_energy_entry(site, user=logged_litein.user, timestamp=NOW - timedelta(days=1))
    energy_log.correct(logged_litein.user, entry.pk, {"amount": Decimal(20)}, "=HYPERLINK(1)\n2")

    folder = unpacked(pack(f"entry:{entry.pk}:co2e_kg", logged_litein.user, Book(NOW)), tmp_path)

    assert ",'=HYPERLINK(1) 2" in (folder / "entries.csv").read_text()
    (folder / ".DS_Store").write_bytes(b"x")
    assert checked(folder)[0] == 0


def test_its_own_file_runs_on_python_3_8_with_its_standard_library() -> None:
    tree = ast.parse(make_pack.CHECK.read_text(), feature_version=(3, 8))

    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_its_own_file_is_checked_too(tmp_path: Path) -> None:
    figure, user = measured_hour()
    folder = unpacked(pack(figure, user, Book(NOW)), tmp_path)
    own = folder / "check.py"
    own.write_text(
        own.read_text().replace("R, M_CO2, ZERO_C = 8.31446261815324", "R, M_CO2, ZERO_C = 8.31446261815325")
    )

    code, said = checked(folder)

    assert code == 1
    assert "DAMAGED: check.py line" in said
