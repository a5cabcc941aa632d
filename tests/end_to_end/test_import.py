"""A sheet through the worker as it runs: a real file, a real `run_worker`, killed in the middle."""

from __future__ import annotations

import io
import os
import signal
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import openpyxl
import psutil
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models import Sum
from django.test import Client

from accounts.roles import Role
from energy.models import EnergyEntry
from factories.models import Factory
from logbook.models import SheetImport
from tests.make import make_factory, make_membership, make_user
from tests.processes import Process
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Process]:
    parameters = connection.get_connection_params()
    address = f"postgres://{parameters['user']}@/{parameters['dbname']}?host={quote(str(parameters.get('host', '')))}"
    environment = os.environ | {"DATABASE_URL": address, "SECRET_KEY": "of-the-tests", "DATA_DIR": str(tmp_path)}
    # Ingest's address is read by the settings; nothing here connects to a broker.
    environment |= {"MQTT_BROKER_URL": "mqtt://carbontrack-ingest:password@127.0.0.1:1", "MQTT_CA_FILE": ""}
    process = Process(tmp_path / "worker.log", environment, "run_worker")
    yield process
    process.stop()


@pytest.fixture(autouse=True)
def _worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the worker is a process, and who waits for it sleeps."""
    monkeypatch.setattr("lib.background.sleep", time.sleep)


@pytest.fixture
def litein() -> Factory:
    return make_factory(name="Litein Tea Factory")


@pytest.fixture
def manager(litein: Factory) -> Client:
    user, client = make_user(), Client()
    make_membership(user=user, role=Role.FACTORY_MANAGER, organisation=litein.organisation, factory=litein)
    client.force_login(user)
    return client


def workbook(hours: int) -> bytes:
    """Hours of 2025, each of 5 kWh."""
    book, file = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    sheet.append(["Time", "kWh"])
    for hour in range(1, hours + 1):
        sheet.append([datetime(2025, 1, 1) + timedelta(hours=hour), 5])  # noqa: DTZ001  a wall clock
    book.save(file)
    return file.getvalue()


def upload(client: Client, site: Factory, file: bytes, **headers: str) -> Any:
    fields = {"factory": site.pk, "energy_type": "electricity", "unit": "kWh", "time_is": "end"}
    fields |= {"time_column": "Time", "value_column": "kWh", "file": SimpleUploadedFile("sheet.xlsx", file)}
    return client.post("/api/energy-entries/import/", fields, headers=headers)


def test_the_worker_reads_a_file_and_one_killed_in_the_middle_counts_nothing_twice(
    litein: Factory, manager: Client, worker: Process
) -> None:
    worker.ensure_running()
    small = upload(manager, litein, workbook(24))
    assert small.status_code in (200, 202), small.json()  # 202 on a machine that is too busy
    wait_until(lambda: EnergyEntry.objects.count() == 24)

    location = upload(manager, litein, workbook(6_000), Prefer="respond-async").headers["Location"]
    wait_until(lambda: manager.get(location).json()["state"] == "running")
    kill_with_children(worker)
    assert EnergyEntry.objects.count() == 24
    assert manager.get(location).json()["state"] == "running"
    worker.ensure_running()
    wait_until(lambda: manager.get(location).json()["state"] == "done")

    outcome = manager.get(location).json()["answer"]
    assert (outcome["received"], outcome["duplicate"], outcome["stored"]) == (6_000, 24, 5_976)
    assert EnergyEntry.objects.aggregate(kwh=Sum("amount")) == {"kwh": 30_000}  # 6,000 x 5
    assert SheetImport.objects.latest("pk").attempt == 2


def kill_with_children(worker: Process) -> None:
    family = [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]
    for process in family:
        os.kill(process.pid, signal.SIGKILL)
    psutil.wait_procs(family, timeout=10)
