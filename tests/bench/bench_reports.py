"""A report of a factory's 13 months in PDF, XLSX and JSON; 67 of them, and the memory that takes.

`make bench ARGS="-k reports"`. The demo's history of one tea factory is filled by the real path first. The yardstick of
the same run reads the rows of the same site by COPY. One process makes a report from the rows to its files; the seconds
of its processor and those of the clock, which hold the database's, stand beside each other. Asserts the promises: 3 s
for one, 90 s for 67.
"""

import io
import resource
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from compliance.formats import pdf, xlsx
from compliance.formats.json import canonical
from compliance.formats.stamp import Stamp
from compliance.models import ComplianceReport
from compliance.reports.build import made
from compliance.reports.content import Content
from compliance.schemes import schemes
from demo import history, world
from factories.models import Factory

SCHEME, MONTHS, SITES = "ghg_protocol", 13, 67
STAMP = Stamp("NOT VERIFIED", "https://carbontrack.example/reports/verify/?digest=" + 64 * "0")
YARDSTICK = """
    COPY (SELECT hour.* FROM emissions_emissionhour hour JOIN devices_assignment a ON a.id = hour.assignment_id
          JOIN factories_chimney c ON c.id = a.chimney_id WHERE c.factory_id = {0}) TO STDOUT;
    COPY (SELECT * FROM energy_energyentry WHERE factory_id = {0}) TO STDOUT;
    COPY (SELECT * FROM production_productionentry WHERE factory_id = {0}) TO STDOUT
"""


def seconds(name: str, work: Callable[[], object]) -> float:
    """Of this process's processor; prints them beside those of the clock."""
    used, begun = time.process_time(), time.perf_counter()
    work()
    used, took = time.process_time() - used, time.perf_counter() - begun
    print(f"{name:>42}: {used:6.2f} s of the processor, {took:6.2f} s in all")  # noqa: T201
    return used


def copied(factory: Factory) -> int:
    size = 0
    with connection.cursor() as cursor:
        for statement in YARDSTICK.format(factory.pk).split(";"):
            file = io.BytesIO()
            cursor.copy_expert(statement, file)
            size += len(file.getvalue())
    return size


def filled(factory: Factory) -> Content:
    """As a draft is made: inventory, scheme, verdict on the target, checks."""
    now = timezone.now()
    end_day = now.astimezone(factory.zone).date()
    report = ComplianceReport(
        organisation=factory.organisation,
        factory=factory,
        scheme=SCHEME,
        period_start=end_day - timedelta(days=395),
        period_end=end_day - timedelta(days=1),
        gwp_set=schemes()[SCHEME].gwp_set,
        language="en",
    )
    return made(report, now).content


def files(content: Content) -> list[bytes]:
    now = timezone.now()
    return [pdf.render(content, now, STAMP), xlsx.render(content, now, STAMP), canonical(content)]


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.django_db
def test_reports_of_a_year(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR, settings.DEMO_FLEET, settings.DEMO_HISTORY_MONTHS = tmp_path, 1, MONTHS
    world.seed(StringIO(), "open sesame please")
    history.prepare()
    history.fill(history.Share(), timezone.now())
    factory = Factory.objects.select_related("organisation").get(name=history.site_names()[0])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

    print(f"{copied(factory) / 1e6:.1f} MB of rows by COPY")  # noqa: T201
    seconds("yardstick: the rows by COPY", lambda: copied(factory))
    content = filled(factory)
    seconds("rows to content", lambda: filled(factory))
    for name, render in (("PDF", pdf.render), ("XLSX", xlsx.render)):
        seconds(f"content to {name}", lambda render=render: render(content, timezone.now(), STAMP))  # type: ignore[misc]
    one = seconds("a report in PDF, XLSX and JSON", lambda: files(filled(factory)))
    print(f"peak before 67: {peak_mb():.0f} MB")  # noqa: T201
    all_sites = seconds(
        "67 reports", lambda: [files(replace(filled(factory), place=str(n))) and None for n in range(SITES)]
    )
    print(f"peak after 67: {peak_mb():.0f} MB")  # noqa: T201

    assert one < 3
    assert all_sites < 90
