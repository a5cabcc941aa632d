"""Check it without us: the folder prints the figure by itself, and names each record that is damaged."""

import hashlib
import io
import random
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from accounts.models import User
from accounts.roles import Role
from compliance.explain import identity
from compliance.explain.explain import explain
from compliance.explain.pack.make import pack
from compliance.explain.sites import Book
from devices.choices import Co2Basis, PressureCompensation
from emissions import rollups
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
