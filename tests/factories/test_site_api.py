"""Sites, chimneys, sources and events over HTTP: what changes the past is shown first, and nothing is deleted."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from factories.corrections import ConfirmationNeeded
from factories.days import running_day
from factories.models import Chimney, Factory, SiteEvent
from factories.services import add_source, archive, change_chimney, record_event
from leaderboard.places import leaderboard_for
from science.stack import traverse_profile_factor
from tests import make
from tests.cast import AsUser, Cast
from tests.compliance.build import DAY, START, day_of, days_of, make_hours, make_production

pytestmark = pytest.mark.django_db


def patch(client: Client, url: str, told: dict[str, Any]) -> Any:
    return client.patch(url, told, content_type="application/json")


def post(client: Client, url: str, told: dict[str, Any] | None = None) -> Any:
    return client.post(url, told or {}, content_type="application/json")


@pytest.fixture
def measured(cast: Cast) -> Chimney:
    """Two days of 450 kg an hour at Litein: 48 x 450 = 21,600 kg."""
    assignment = make.make_assignment(chimney=make.make_chimney(factory=cast.litein, diameter_m=1.0), valid_from=START)
    make_hours(assignment, START, 48, kg=450.0)
    return assignment.chimney


# --- What reaches into the past -------------------------------------------------------------------
def test_a_change_of_the_past_is_shown_and_stored_when_it_comes_again_with_its_confirmation(
    hq: Client, measured: Chimney
) -> None:
    url = f"/api/chimneys/{measured.pk}/"

    asked = patch(hq, url, {"diameter_m": 1.1})

    assert asked.status_code == 202
    body = asked.json()
    # 21,600 kg x (1.1 / 1.0)^2 = 26,136 kg
    figure = {"code": "measured_co2", "unit": "kg", "before": 21600.0, "since": START.date().isoformat(), "site": ""}
    found = body["figures"][0]
    assert found == figure | {"label": found["label"], "after": pytest.approx(26_136.0, abs=1e-6)}
    assert "21,600 kg since" in body["message"]
    measured.refresh_from_db()
    assert measured.diameter_m == 1.0

    stored = patch(hq, url, {"diameter_m": 1.1, "confirm": body["confirm"]})
    assert (stored.status_code, stored.json()["diameter_m"]) == (200, 1.1)


def test_a_confirmation_is_of_one_change_and_of_what_was_shown(hq: Client, measured: Chimney) -> None:
    url = f"/api/chimneys/{measured.pk}/"
    confirm = patch(hq, url, {"diameter_m": 1.1}).json()["confirm"]
    other = make.make_chimney(factory=measured.factory, diameter_m=1.0)

    assert patch(hq, url, {"diameter_m": 1.2, "confirm": confirm}).status_code == 202  # another change
    assert patch(hq, url, {"diameter_m": 1.1, "confirm": confirm[:-1] + "x"}).status_code == 202
    make_hours(measured.assignments.get(), START + timedelta(hours=48), 1, kg=450.0)
    assert patch(hq, url, {"diameter_m": 1.1, "confirm": confirm}).status_code == 202  # more is known meanwhile
    assert patch(hq, f"/api/chimneys/{other.pk}/", {"diameter_m": 1.1}).status_code == 200  # nothing was measured in it
    measured.refresh_from_db()
    assert measured.diameter_m == 1.0


def test_a_confirmation_is_of_one_person_and_one_hour(hq: Client, as_user: AsUser, measured: Chimney) -> None:
    url = f"/api/chimneys/{measured.pk}/"
    asked = patch(hq, url, {"diameter_m": 1.1}).json()
    told = {"diameter_m": 1.1, "confirm": asked["confirm"]}
    other = make.make_user()
    make.make_membership(user=other, role=Role.HQ_MANAGER, organisation=measured.factory.organisation)

    assert patch(as_user(other), url, told).status_code == 202
    assert datetime.fromisoformat(asked["confirm_until"]) - timezone.now() <= timedelta(hours=1)
    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False):
        assert patch(hq, url, told).status_code == 202
    measured.refresh_from_db()
    assert measured.diameter_m == 1.0
    assert patch(hq, url, told).status_code == 200


def test_a_program_cannot_confirm(measured: Chimney) -> None:
    with pytest.raises(ConfirmationNeeded) as asked:
        change_chimney(measured, {"diameter_m": 1.1})

    assert asked.value.effect.confirm == ""


def test_a_second_change_meanwhile_is_asked_about_again(hq: Client, measured: Chimney) -> None:
    url = f"/api/chimneys/{measured.pk}/"
    first = patch(hq, url, {"diameter_m": 1.1}).json()["confirm"]
    second = patch(hq, url, {"diameter_m": 1.2}).json()["confirm"]

    assert patch(hq, url, {"diameter_m": 1.2, "confirm": second}).status_code == 200
    asked = patch(hq, url, {"diameter_m": 1.1, "confirm": first})

    assert asked.status_code == 202
    # From 1.2 m now; the stored hours still hold what 1.0 m made of them, until the worker has been there.
    assert asked.json()["figures"][0]["after"] == pytest.approx(21_600 * (1.1 / 1.2) ** 2)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"altitude_m": 1200}, 202),
        ({"day_starts_at": 5}, 202),
        ({"time_zone": "Africa/Kampala"}, 200),  # the same clock
        ({"name": "Litein", "county": "Bomet", "electricity_capacity_kw": 800}, 200),
    ],
)
def test_only_what_decides_figures_is_asked_about(
    hq: Client, cast: Cast, measured: Chimney, told: dict[str, Any], status: int
) -> None:
    assert patch(hq, f"/api/factories/{cast.litein.pk}/", told).status_code == status


def test_a_source_of_the_past_is_asked_about_and_one_from_today_is_not(
    hq: Client, cast: Cast, measured: Chimney
) -> None:
    told = {"factory": cast.litein.pk, "name": "Boiler 2", "kind": "boiler", "fuels": "Firewood, firewood"}

    asked = post(hq, "/api/emission-sources/", told | {"first_day": DAY.isoformat()})
    made = post(hq, "/api/emission-sources/", told)

    assert asked.status_code == 202
    # Two boilers, and only one of them has a measured chimney: the two days are not measured any more.
    days = [f for f in asked.json()["figures"] if f["code"] == "measured_days"]
    assert [(figure["before"], figure["after"]) for figure in days] == [(2, 0)]
    assert "methane_unknown" not in {figure["code"] for figure in asked.json()["figures"]}  # of a tea factory
    assert made.status_code == 201, made.json()
    assert made.json()["fuels"] == "firewood"
    assert made.json()["first_day"] == running_day(cast.litein, timezone.now()).day.isoformat()


# --- Methane of a mine's own ----------------------------------------------------------------------
@pytest.fixture
def mine(cast: Cast) -> Factory:
    """An opencast mine that made 1,000 t of coal on 20 and 21 November."""
    mine = make.make_factory(organisation=cast.organisation, name="Gevra", sector="coal_mine")
    add_source(mine, name="Seams", kind="mine_methane", mine_class="opencast", first_day=DAY - timedelta(days=400))
    for n in range(2):
        make_production(mine, 1_000_000, START + timedelta(days=n), product="coal")
    return mine


def test_a_mines_own_factor_goes_before_that_of_its_class(hq: Client, mine: Factory) -> None:
    """Opencast: 1,000 t x (1.18 + 0.15) m3/t x 0.67 kg/m3 x 29.8 = 26,554.78 kg CO2e a day (AR6). At 2.5 m3/t:
    1,000 x 2.5 x 0.67 x 29.8 = 49,915 kg; at 2 kg/t: 1,000 x 2 x 29.8 = 59,600 kg."""
    assert day_of(mine).methane_co2e_kg == Decimal("26554.78")
    source = mine.emission_sources.get(name="Seams")
    url = f"/api/emission-sources/{source.pk}/"
    own = {"methane_per_t": "2.5", "methane_unit": "m3_per_t", "methane_reference": "CIMFR report 2025, page 12"}

    asked = patch(hq, url, own)
    assert asked.status_code == 202
    by_code = {figure["code"]: (figure["before"], figure["after"]) for figure in asked.json()["figures"]}
    assert by_code == {"scope_1": (53_109.56, 99_830.0)}
    assert patch(hq, url, own | {"confirm": asked.json()["confirm"]}).status_code == 200
    assert day_of(mine).methane_co2e_kg == Decimal("49915")

    later = own | {"factory": mine.pk, "name": "Seams", "kind": "mine_methane", "replaces": source.pk}
    later |= {"methane_per_t": "2", "methane_unit": "kg_per_t", "first_day": "2026-11-21"}
    asked = post(hq, "/api/emission-sources/", later)
    made = post(hq, "/api/emission-sources/", later | {"confirm": asked.json()["confirm"]})

    assert made.status_code == 201, made.json()
    assert [day.methane_co2e_kg for day in days_of(mine)] == [Decimal("49915"), Decimal("59600")]
    source.refresh_from_db()
    assert source.last_day == DAY


def test_of_two_who_replace_a_source_at_once_the_second_is_told_that_it_has_ended(mine: Factory) -> None:
    """Both had read it while it was in use."""
    one, other = (mine.emission_sources.get(name="Seams") for _ in range(2))
    told = {"kind": "mine_methane", "mine_class": "opencast"}
    add_source(mine, name="Seams of today", replaces=one, **told)

    with pytest.raises(ValidationError, match="in use"):
        add_source(mine, name="Seams of tomorrow", replaces=other, **told)


M3_OF_A_REPORT = {"methane_unit": "m3_per_t", "methane_reference": "a report"}


# --- What cannot be -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("told", "field", "says"),
    [
        ({"kind": "grid", "fuels": "coal"}, "fuels", "coal"),
        ({"kind": "explosives", "fuels": "diesel"}, "fuels", "explosive_anfo"),
        ({"dryer_type": "fluid_bed"}, "dryer_type", "Only a dryer"),
        ({"capacity_kw": 0}, "capacity_kw", "1"),
        ({"kind": "mine_methane", "methane_per_t": "500"} | M3_OF_A_REPORT, "methane_per_t", "200"),
        ({"kind": "mine_methane", "methane_per_t": "2.5"}, "methane_reference", "its source"),
        ({"methane_per_t": "2.5"}, "methane_per_t", "Only a source of mine methane"),
        (
            {"first_day": "2026-11-20", "last_day": "2026-11-19"},
            "last_day",
            "2026-11-19 is before the first day, 2026-11-20",
        ),
        ({"name": "Boiler"}, "name", "another name"),
    ],
)
def test_a_source_that_cannot_be_is_refused_by_field(
    hq: Client, cast: Cast, told: dict[str, Any], field: str, says: str
) -> None:
    answer = post(hq, "/api/emission-sources/", {"factory": cast.litein.pk, "name": "New", "kind": "boiler"} | told)

    assert answer.status_code == 400, answer.json()
    assert says in answer.json()["fields"][field][0]["message"]
    assert "non_field_errors" not in answer.json()["fields"]


def test_other_sites_chimneys_and_sources_are_not_taken(hq: Client, cast: Cast) -> None:
    elsewhere = make.make_factory()
    theirs = make.make_chimney(factory=elsewhere)
    told = {"factory": cast.litein.pk, "name": "New", "kind": "boiler"}

    assert post(hq, "/api/emission-sources/", told | {"factory": elsewhere.pk}).status_code == 404
    assert post(hq, "/api/emission-sources/", told | {"chimney": theirs.pk}).status_code == 400
    for site, status in ((elsewhere, 404), (cast.momul, 400)):
        replaces = {"replaces": site.emission_sources.get(kind="grid").pk}
        assert post(hq, "/api/emission-sources/", told | replaces).status_code == status
    assert patch(hq, f"/api/chimneys/{theirs.pk}/", {"name": "Mine"}).status_code == 404


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"shape": "circle", "diameter_m": 5.1}, {"diameter_m": "5.1 m is outside 0.01 to 5 m; check the number."}),
        ({"shape": "circle", "diameter_m": 0}, {"diameter_m": "0 m is outside 0.01 to 5 m"}),
        ({"shape": "circle", "diameter_m": 1, "width_m": 1}, {"width_m": "leave it empty"}),
        (
            {"shape": "rectangle", "width_m": 1},
            {"height_m": "State it", "velocity_profile_factor": "only one point on the axis of a round duct"},
        ),
        ({"shape": "rectangle", "width_m": 0.8, "height_m": 1.2}, {"velocity_profile_factor": "State"}),
        (
            {"shape": "circle", "diameter_m": 1, "traverse_ms": [3, 3, 3], "traverse_probe_ms": 3},
            {"traverse_ms": "at least 4 points, and 3 are given"},
        ),
        ({"shape": "circle", "diameter_m": 1, "traverse_ms": [3, 3, 3, 3]}, {"traverse_probe_ms": "State"}),
        (  # 1 / 4 = 0.25
            {"shape": "circle", "diameter_m": 1, "traverse_ms": [1, 1, 1, 1], "traverse_probe_ms": 4},
            {"velocity_profile_factor": "0.25 is outside 0.5 to 1.2"},
        ),
        (
            {"shape": "circle", "diameter_m": 6, "velocity_profile_factor": 1.3, "moisture_fraction": 0.6},
            {
                "diameter_m": "6 m is outside 0.01 to 5 m",
                "velocity_profile_factor": "1.3 is outside 0.5 to 1.2",
                "moisture_fraction": "0.6 is outside 0 to 0.5",
            },
        ),
    ],
)
def test_a_chimney_that_cannot_be_is_refused_beside_each_field(
    hq: Client, cast: Cast, told: dict[str, Any], says: dict[str, str]
) -> None:
    answer = post(hq, "/api/chimneys/", {"factory": cast.litein.pk} | told)

    assert answer.status_code == 400
    found = {field: errors[0]["message"] for field, errors in answer.json()["fields"].items()}
    assert found.keys() == says.keys()
    assert all(words in found[field] for field, words in says.items()), found
    assert not cast.litein.chimneys.exists()


# --- Chimneys ---------------------------------------------------------------------------------------
def test_the_profile_factor_follows_from_the_traverse(hq: Client, cast: Cast) -> None:
    """(2.0 + 3.0 + 4.0 + 3.4) / 4 = 3.1 m/s in the mean, 4.0 m/s at the probe: 3.1 / 4.0 = 0.775."""
    points = [2.0, 3.0, 4.0, 3.4]
    assert traverse_profile_factor(points, probe_ms=4.0) == pytest.approx(0.775)
    told = {"shape": "rectangle", "width_m": 0.8, "height_m": 1.2, "traverse_ms": points, "traverse_probe_ms": 4}

    made = post(hq, "/api/chimneys/", {"factory": cast.litein.pk, "probe_position": "other"} | told)

    assert made.status_code == 201, made.json()
    assert made.json()["velocity_profile_factor"] == pytest.approx(0.775)
    rebuilt = {"shape": "circle", "diameter_m": 0.9, "probe_position": "axis"}
    moved = patch(hq, f"/api/chimneys/{made.json()['id']}/", rebuilt)
    # That traverse was of the old duct: the default of one point on the axis of a round duct holds again.
    found = {name: moved.json()[name] for name in ("velocity_profile_factor", "traverse_ms", "width_m")}
    assert found == {"velocity_profile_factor": 0.84, "traverse_ms": None, "width_m": None}


def test_an_installer_edits_the_geometry_of_the_factories_given(as_user: AsUser, cast: Cast) -> None:
    installer = as_user(cast.installer)
    theirs = make.make_chimney(factory=cast.litein)
    not_theirs = make.make_chimney(factory=cast.momul)

    assert patch(installer, f"/api/chimneys/{theirs.pk}/", {"diameter_m": 0.8}).status_code == 200
    assert patch(installer, f"/api/chimneys/{not_theirs.pk}/", {"diameter_m": 0.8}).status_code == 404
    assert patch(installer, f"/api/factories/{cast.litein.pk}/", {"altitude_m": 1000}).status_code == 403


def test_a_chimney_is_archived_once_no_sensor_is_in_it_and_comes_back(hq: Client, measured: Chimney) -> None:
    url = f"/api/chimneys/{measured.pk}/"

    assert hq.delete(url).json()["code"] == "chimney_in_use"
    measured.assignments.update(valid_to=timezone.now())
    assert hq.delete(url).status_code == 204

    assert hq.get("/api/chimneys/").json()["count"] == 0
    assert hq.get("/api/chimneys/?archived=true").json()["count"] == 1
    assert hq.get(f"/api/factories/{measured.factory_id}/").json()["chimney_dimensions"] == []
    assert post(hq, f"{url}restore/").json()["archived_at"] is None


# --- Archived sites ---------------------------------------------------------------------------------
def test_an_archived_site_leaves_lists_rankings_and_the_log_and_keeps_its_history(
    hq: Client, as_user: AsUser, cast: Cast
) -> None:
    make.make_energy_entry(cast.litein)
    url = f"/api/factories/{cast.litein.pk}/"
    entry = {"factory": cast.litein.pk, "energy_type": "firewood", "amount": 1, "unit": "stere"}
    entry |= {"timestamp": "2026-11-20T09:00:00Z"}

    assert post(hq, f"{url}archive/").status_code == 200

    names = [row["name"] for row in hq.get("/api/factories/").json()["results"]]
    assert cast.litein.name not in names
    assert [row["name"] for row in hq.get("/api/factories/?archived=true").json()["results"]] == [cast.litein.name]
    assert hq.get("/api/factories/?archived=maybe").status_code == 400
    assert hq.get(url).status_code == 200
    assert hq.get(f"/api/energy-entries/?factory={cast.litein.pk}").json()["count"] == 1
    assert post(hq, "/api/energy-entries/", entry).json()["code"] == "factory_archived"
    for page in ("/factories/", "/morning/", "/leaderboard/", "/members/invite/", "/add-device/"):
        assert cast.litein.name not in hq.get(page).content.decode(), page
    assert hq.get(f"/factories/{cast.litein.pk}/").status_code == 200
    manager = as_user(cast.litein_manager)
    assert manager.get("/", follow=True).status_code == 200
    board = leaderboard_for(cast.hq, {}, timezone.now())
    assert board.factory_count == 1

    assert post(hq, f"{url}restore/").status_code == 200
    assert post(hq, "/api/energy-entries/", entry).status_code == 201


def test_nothing_new_is_written_about_an_archived_site(hq: Client, cast: Cast) -> None:
    chimney = make.make_chimney(factory=cast.litein, diameter_m=0.9)
    archive(cast.litein)
    to_site = {"factory": cast.litein.pk}
    event = {"happened_at": "2026-11-20T09:00:00+03:00", "text": "New fan blades"}

    for url, told in (
        ("/api/chimneys/", {}),
        ("/api/emission-sources/", {"name": "Boiler 2", "kind": "boiler"}),
        ("/api/site-events/", event),
        ("/api/mcu-devices/", {"device_id": "ct-1"}),
    ):
        assert post(hq, url, to_site | told).json()["code"] == "factory_archived", url
    corrected = patch(hq, f"/api/chimneys/{chimney.pk}/", {"diameter_m": 0.8})
    assert corrected.status_code == 200


# --- Events and ends --------------------------------------------------------------------------------
def test_a_manager_writes_and_withdraws_events_of_the_own_factory(as_user: AsUser, cast: Cast) -> None:
    manager = as_user(cast.litein_manager)
    told = {"factory": cast.litein.pk, "happened_at": "2026-11-20T09:00:00+03:00", "text": "New fan blades"}

    made = post(manager, "/api/site-events/", told)
    url = f"/api/site-events/{made.json()['id']}/"

    assert (made.status_code, made.json()["recorded_by"]) == (201, cast.litein_manager.pk)
    assert post(manager, "/api/site-events/", told | {"factory": cast.momul.pk}).status_code == 404
    assert patch(manager, url, {"text": "New fan"}).json()["text"] == "New fan"
    future = patch(manager, url, {"happened_at": "2099-01-01T00:00:00Z"})
    assert list(future.json()["fields"]) == ["happened_at"]
    assert manager.delete(url).status_code == 204
    assert manager.get("/api/site-events/").json()["count"] == 0
    assert SiteEvent.objects.get().text == "New fan"
    assert post(manager, f"{url}restore/").json()["archived_at"] is None


def test_a_source_ends_with_the_running_day_and_its_name_is_free_again(hq: Client, cast: Cast) -> None:
    source = cast.litein.emission_sources.get(name="Generator")

    assert hq.delete(f"/api/emission-sources/{source.pk}/").status_code == 204

    source.refresh_from_db()
    assert source.last_day == running_day(cast.litein, timezone.now()).day
    add_source(cast.litein, name="Generator", kind="genset", fuels="diesel")


def test_an_indian_mine_is_set_up_and_changed_over_the_api(as_user: AsUser) -> None:
    coal = make.make_organisation(country="IN")
    manager = make.make_user()
    make.make_membership(user=manager, role=Role.HQ_MANAGER, organisation=coal)
    client = as_user(manager)
    told = {"name": "Gevra", "sector": "coal_mine", "mine_class": "opencast", "altitude_m": 300}

    mine = post(client, "/api/factories/", told).json()
    changed = patch(client, f"/api/factories/{mine['id']}/", {"county": "Korba", "time_zone": "Asia/Kolkata"})
    refused = patch(client, f"/api/factories/{mine['id']}/", {"time_zone": "Asia/Delhi"})

    assert (changed.status_code, changed.json()["county"]) == (200, "Korba")
    assert "Africa/Nairobi" in refused.json()["fields"]["time_zone"][0]["message"]


def test_what_is_archived_stays_in_the_database(cast: Cast) -> None:
    event = record_event(cast.hq, cast.litein, happened_at=timezone.now(), text="Boiler cleaned")

    archive(event)
    archive(event)

    assert not SiteEvent.objects.in_use().exists()
    assert SiteEvent.objects.count() == 1
