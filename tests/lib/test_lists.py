"""Every list of the API also comes as a file: all of its rows, the same columns, no formulas."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import AccessRequest
from energy.models import EmissionFactor
from factories.models import Factory
from lib.exports import cell
from tests import make
from tests.carbontrack.api_world import World, kept_world, world
from tests.carbontrack.test_examples import operations, the_schema, url_of

__all__ = ["kept_world", "world"]  # fixtures
pytestmark = pytest.mark.django_db


def lists() -> list[str]:
    """Whatever answers `results`, by the schema: a list that is in no schema fails in test_openapi.py."""
    return [
        operation["operationId"]
        for method, _path, operation in operations()
        if method == "GET" and "results" in operation["responses"]["200"].get("schema", {}).get("properties", {})
    ]


def as_rows(response: Any) -> list[list[str]]:
    assert response["Content-Type"].startswith("text/csv"), response.content[:500]
    return list(csv.reader(io.StringIO(response.getvalue().decode())))


def all_pages(client: Client, url: str | None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    while url:
        body = client.get(url).json()
        rows, url = rows + body["results"], body["next"]
    return rows


def with_query(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}"


@pytest.mark.parametrize("name", lists())
@pytest.mark.parametrize("is_demo", [False, True])
def test_a_list_and_its_file_say_the_same(name: str, is_demo: bool, world: World, settings: Any) -> None:
    settings.DEMO = is_demo
    _method, path, operation = next(found for found in operations() if found[2]["operationId"] == name)
    url = url_of(world, path, the_schema()["paths"][path], operation)
    if name in world.before:
        world.before[name]()

    rows = all_pages(world.client, url)
    file = world.client.get(with_query(url, "as=csv"))

    found = as_rows(file)
    marks = ["exported_by", "exported_at", *["simulated"] * is_demo]
    assert rows, "an empty list shows nothing"
    assert found[0] == [*rows[0], *marks]
    assert unmarked(found[1:], len(marks)) == [[str(cell(row[column])) for column in rows[0]] for row in rows]
    assert {row[len(rows[0])] for row in found[1:]} == {str(world.hq)}
    assert {tuple(row[len(rows[0]) + 2 :]) for row in found[1:]} == {("True",) * is_demo}
    assert ("simulated-" in file["Content-Disposition"]) == is_demo


def unmarked(rows: list[list[str]], count: int = 2) -> list[list[str]]:
    """Without the last columns, which say who took the file and when."""
    return [row[:-count] for row in rows]


def test_a_file_says_who_took_it_and_when(world: World) -> None:
    before = datetime.now(UTC).replace(microsecond=0)

    file = world.client.get("/api/factories/?as=csv")

    header, row = as_rows(file)
    assert header[-2:] == ["exported_by", "exported_at"]
    assert row[-2] == str(world.hq) == "hq@demo.carbontrack.example"
    taken_at = datetime.fromisoformat(row[-1])
    assert before <= taken_at <= datetime.now(UTC)
    assert file["Content-Disposition"] == f'attachment; filename="factories-{taken_at:%Y%m%dT%H%MZ}.csv"'


@pytest.fixture
def many(world: World) -> dict[str, int]:
    """Addresses of lists that are longer than a page, and their rows."""
    organisation = world.hq.memberships.get().organisation
    AccessRequest.objects.bulk_create(
        AccessRequest(phone=f"+2548{n:08}", place="x", organisation=organisation) for n in range(1, 250)
    )
    for number in (2, 3):
        device = make.make_assignment(device=make.make_device(factory=Factory.objects.get(), device_id=f"d-{number}"))
        make.make_readings(device.device, datetime(2026, 11, 20, 6, tzinfo=UTC), 150, interval_s=number)
    return {
        "/api/registrations/": 250,
        "/api/emissions/": 303,
        "/api/emission-factors/": EmissionFactor.objects.count(),
    }


def test_a_file_holds_the_whole_list_in_its_order(world: World, many: dict[str, int]) -> None:
    for url, count in many.items():
        pages = all_pages(world.client, url)

        response: Any = world.client.get(f"{url}?as=csv")

        assert response.streaming
        rows = as_rows(response)
        assert len(rows) - 1 == len(pages) == count > 100
        assert unmarked(rows[1:]) == [[str(cell(row[column])) for column in rows[0][:-2]] for row in pages]


@pytest.mark.parametrize("part", ["page=2", "page_size=10"])
def test_a_page_is_no_file(world: World, part: str) -> None:
    problem = world.client.get(f"/api/factories/?as=csv&{part}").json()["fields"][part.partition("=")[0]][0]

    assert problem["code"] == "whole_list"


def test_a_file_that_is_cut_says_so(world: World, many: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.exports.LARGEST_FILE_ROWS", 120)

    for url in many:
        response = world.client.get(f"{url}?as=csv")

        rows = as_rows(response)
        assert (len(rows), response["X-Largest-File-Rows"]) == (1 + 120 + 1, "120")
        assert rows[-1] == ["CUT HERE: the list has more than 120 rows. Narrow it by its parameters."]


@pytest.mark.parametrize(("asked", "got"), [("1000", 1000), ("100000", 1000)])
def test_a_page_has_up_to_a_thousand_rows(world: World, asked: str, got: int) -> None:
    organisation = world.hq.memberships.get().organisation
    AccessRequest.objects.bulk_create(
        AccessRequest(phone=f"+2548{n:08}", place="x", organisation=organisation) for n in range(1001)
    )

    body = world.client.get(f"/api/registrations/?page_size={asked}").json()

    assert len(body["results"]) == got


def test_a_text_that_a_spreadsheet_would_run_is_made_text(world: World) -> None:
    organisation = world.hq.memberships.get().organisation
    hostile = '=HYPERLINK("http://evil.example";"open")'
    make.make_access_request(organisation, first_name=hostile, message="@SUM(A1)\n+1", last_name="-2+3")

    rows = as_rows(world.client.get("/api/registrations/?as=csv"))

    last = dict(zip(rows[0], rows[-1], strict=True))
    assert last["first_name"] == f"'{hostile}"
    assert last["last_name"] == "'-2+3"
    assert last["message"].startswith("'@SUM")


def test_the_accept_header_of_a_file_is_no_reason_to_refuse(world: World) -> None:
    response = world.client.get("/api/factories/?as=csv", headers={"Accept": "text/csv"})

    assert response.status_code == 200


def test_an_error_stays_an_error_when_a_file_was_asked_for(client: Client, world: World) -> None:
    response = client.get("/api/factories/?as=csv")

    assert (response.status_code, response["Content-Type"]) == (401, "application/json")
