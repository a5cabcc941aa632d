"""The API of targets and of intensity: who sees what, every figure recomputed from the inputs beside it."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role, Scope
from compliance.models import Target
from factories.choices import Product, SourceKind
from factories.models import EmissionSource
from tests import make
from tests.cast import AsUser, Cast
from tests.compliance.build import LENGTH, START, make_hours, make_production

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

NEW = {"metric": "intensity", "base_year": 2025, "base_value": "0.12", "target_year": 2030, "target_value": "0.09"}


def post(client: Client, body: dict[str, Any]) -> Any:
    return client.post("/api/targets/", body, content_type="application/json")


def patch(client: Client, pk: int, body: dict[str, Any]) -> Any:
    return client.patch(f"/api/targets/{pk}/", body, content_type="application/json")


# --- Targets -----------------------------------------------------------------------------------
def test_hq_sets_corrects_and_ends_a_target(cast: Cast, hq: Client) -> None:
    created = post(hq, NEW | {"factory": cast.litein.pk})
    body = created.json()
    assert created.status_code == 201
    assert (body["unit"], body["gwp_set"], body["base_value"], body["factory"]) == (
        "kg CO2e/kg",
        "AR6",
        "0.120000",
        cast.litein.pk,
    )
    assert (body["verdict"]["met"], body["verdict"]["reason"]) == (None, "nothing_logged")

    assert patch(hq, body["id"], {"target_value": "0.1"}).status_code == 400  # no reason
    changed = patch(hq, body["id"], {"target_value": "0.1", "reason": "board"}).json()
    assert (changed["target_value"], changed["change_reason"]) == ("0.100000", "board")

    ended = patch(hq, body["id"], {"status": "ended", "reason": "sold"}).json()
    assert (ended["status"], ended["verdict"]) == ("ended", None)
    assert patch(hq, body["id"], {"name": "x", "reason": "y"}).json()["code"] == "target_ended"
    assert hq.delete(f"/api/targets/{body['id']}/").status_code == 405
    assert Target.objects.count() == 1


def test_only_those_who_see_the_whole_organisation_see_its_target(cast: Cast, hq: Client, as_user: AsUser) -> None:
    whole = post(hq, NEW | {"metric": "absolute_t", "base_value": "100", "target_value": "50"}).json()
    own = make.make_target(cast.litein)
    make.make_target(cast.momul)

    def seen(user: Any) -> set[int]:
        return {row["id"] for row in as_user(user).get("/api/targets/").json()["results"]}

    assert (whole["organisation"], whole["factory"]) == (cast.organisation.pk, None)
    assert seen(cast.litein_manager) == {own.pk}
    assert seen(cast.auditor) == set(Target.objects.values_list("pk", flat=True))
    assert seen(cast.outsider) == set()
    assert as_user(cast.litein_manager).get(f"/api/targets/{whole['id']}/").status_code == 404
    assert patch(as_user(cast.auditor), whole["id"], {"reason": "x"}).status_code == 403


def test_a_token_for_one_factory_sees_its_targets_only(cast: Cast, hq: Client) -> None:
    post(hq, NEW | {"metric": "absolute_t", "base_value": "100", "target_value": "50"})
    own = make.make_target(cast.litein)
    make.make_target(cast.momul)
    token = make.make_token(cast.integrator, Scope.READ, factory=cast.litein)

    rows = Client(headers={"Authorization": f"Token {token}"}).get("/api/targets/").json()["results"]

    assert [row["id"] for row in rows] == [own.pk]


def test_a_manager_of_some_factories_sets_no_target_for_the_organisation(cast: Cast, as_user: AsUser) -> None:
    local = make.make_user()
    make.make_membership(user=local, role=Role.HQ_MANAGER, factory=cast.litein)

    assert post(as_user(local), NEW).status_code == 404
    assert post(as_user(local), NEW | {"organisation": cast.organisation.pk}).status_code == 404
    assert post(as_user(local), NEW | {"factory": cast.momul.pk}).status_code == 404
    assert post(as_user(local), NEW | {"factory": cast.litein.pk}).status_code == 201


@pytest.mark.parametrize(
    ("change", "field"),
    [({"target_year": 2020}, "target_year"), ({"metric": "vibes"}, "metric"), ({"base_value": "0"}, "base_value")],
)
def test_a_wrong_field_is_named(hq: Client, cast: Cast, change: dict[str, Any], field: str) -> None:
    response = post(hq, NEW | {"factory": cast.litein.pk} | change)

    assert (response.status_code, set(response.json()["fields"])) == (400, {field})


def test_a_list_of_targets_asks_no_more_for_many(cast: Cast, hq: Client) -> None:
    counts = []
    for _n in range(2):
        for _m in range(3):
            make.make_target(make.make_factory(organisation=cast.organisation))
        with CaptureQueriesContext(connection) as asked:
            rows = hq.get("/api/targets/").json()["results"]
        counts.append((len(rows), len(asked)))

    assert [rows for rows, _queries in counts] == [3, 6]
    assert counts[0][1] == counts[1][1]
    csv = hq.get("/api/targets/?as=csv").getvalue().decode()
    assert csv.splitlines()[0].startswith("id,organisation,factory")


# --- Intensity ---------------------------------------------------------------------------------
def q6(value: Decimal) -> str:
    return str(value.quantize(Decimal("0.000001"), rounding=ROUND_HALF_EVEN))


def log_two_days(cast: Cast) -> None:
    for n, made_kg in ((0, 1000), (1, 1700)):
        start = START - n * LENGTH
        make.make_energy_entry(cast.litein, amount=Decimal(2100 + n), unit="kg", timestamp=start)
        make.make_energy_entry(cast.litein, energy_type="electricity", amount=Decimal(500), unit="kWh", timestamp=start)
        make_production(cast.litein, made_kg, start)
    assignment = make.make_assignment(device=make.make_device(factory=cast.litein))
    make_hours(assignment, START - LENGTH, 48, kg=110.0)


@pytest.mark.parametrize("resolution", ["day", "month"])
def test_every_ratio_is_recomputed_from_the_inputs_beside_it(cast: Cast, hq: Client, resolution: str) -> None:
    log_two_days(cast)

    rows = hq.get(f"/api/factories/{cast.litein.pk}/intensity/?resolution={resolution}").json()["results"]

    assert len(rows) == (2 if resolution == "day" else 1)
    for row in rows:
        for ratio, amount, made, by in (
            ("co2e_kg_per_kg", "co2e_pair_kg", "co2e_made_kg", 1),
            ("energy_mj_per_kg", "energy_pair_gj", "energy_made_kg", 1000),
            ("stack_co2_kg_per_kg", "stack_pair_kg", "stack_made_kg", 1),
            ("firewood_kg_per_kg", "wood_pair_kg", "wood_made_kg", 1),
            ("electricity_kwh_per_kg", "power_pair_kwh", "power_made_kg", 1),
        ):
            assert row[ratio] == q6(Decimal(row[amount]) / Decimal(row[made]) * by), ratio
        assert row["co2e_kg"] == q6(Decimal(row["scope1_co2e_kg"]) + Decimal(row["scope2_co2e_kg"]))
        assert (row["basis"], row["measured_share"], row["methane_co2e_kg"]) == ("measured", "1.000000", None)


def test_days_come_from_the_entries_that_the_api_shows(cast: Cast, hq: Client) -> None:
    log_two_days(cast)

    (row,) = hq.get(f"/api/factories/{cast.litein.pk}/intensity/?from=2026-11-20&to=2026-11-21").json()["results"]
    entries = hq.get("/api/energy-entries/?from=2026-11-20T03:00:00Z").json()["results"]

    assert (row["period_start"], row["period_end"]) == ("2026-11-20", "2026-11-21")
    assert Decimal(row["co2e_kg"]) == sum(Decimal(entry["co2e_kg"]) for entry in entries)
    assert row["stack_co2_kg"] == "2640.000000"


def test_a_mine_has_its_figure_per_tonne(cast: Cast, as_user: AsUser) -> None:
    mine = make.make_factory(organisation=cast.organisation, sector="coal_mine", country="IN")
    EmissionSource.objects.create(factory=mine, name="Pit", kind=SourceKind.MINE_METHANE, mine_class="opencast")
    make_production(mine, 100_000, product=Product.COAL)
    make.make_energy_entry(mine, energy_type="electricity", amount=Decimal(10), unit="kWh")

    (row,) = as_user(cast.hq).get(f"/api/factories/{mine.pk}/intensity/").json()["results"]

    assert row["co2e_kg_per_t"] == q6(Decimal(row["co2e_pair_kg"]) / 100)


def test_what_was_just_logged_is_in_the_answer_and_in_the_file(cast: Cast, hq: Client) -> None:
    make_production(cast.litein, 123)

    csv = hq.get(f"/api/factories/{cast.litein.pk}/intensity/?as=csv").content.decode().splitlines()

    assert csv[0].startswith("factory,period_start,period_end")
    assert "123.000000" in csv[1]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("resolution=hour", "resolution"),
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("from=2026-11-20&to=2026-11-20", "to"),
        ("from=2020-01-01&to=2026-01-01", "from"),
        ("from=0001-01-01", "from"),
        ("to=1990-01-01", "to"),
    ],
)
def test_a_period_that_cannot_be_is_named(cast: Cast, hq: Client, query: str, field: str) -> None:
    response = hq.get(f"/api/factories/{cast.litein.pk}/intensity/?{query}")

    assert (response.status_code, set(response.json()["fields"])) == (400, {field})
