"""The pages: HQ's list, a factory's chimneys, the first sign-in of a superuser. Where roles land: test_landing.py."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership
from accounts.roles import Role
from devices.models import Assignment, AssignmentHold
from emissions import rollups
from factories.models import Factory, Organisation
from portal.sites.network import SORTS
from tests import make
from tests.cast import AsUser, Cast
from tests.measuring import queries_of

pytestmark = pytest.mark.django_db
FACTORY_FIELDS = {
    "name": "Litein",
    "location": "Litein town",
    "county": "Kericho",
    "country": "KE",
    "sector": "tea",
    "altitude_m": "2000",
    "altitude_is_estimated": "on",
    "latitude": "",
    "longitude": "",
    "time_zone": "Africa/Nairobi",
    "day_starts_at": "6",
}


def alive(factory: Factory, minutes_ago: float = 0, **fields: Any) -> Assignment:
    """A chimney with a device that was heard of, and its readings of the last two hours in totals."""
    now = timezone.now()
    device = make.make_device(factory=factory, last_heartbeat=now - timedelta(minutes=minutes_ago), **fields)
    assignment = make.make_assignment(device=device)
    make.make_readings(device, now - timedelta(hours=2), 120, interval_s=60.0)
    rollups.touch_period(device.pk, now - timedelta(hours=3), None)
    rollups.roll_up_touched()
    return assignment


# --- The first sign-in -------------------------------------------------------------------------
def test_a_superuser_makes_an_organisation_and_a_factory(client: Client) -> None:
    make.make_user(email="root@test.example", is_superuser=True, is_staff=True)

    entered = client.post("/accounts/login/", {"login": "root@test.example", "password": make.PASSWORD}, follow=True)
    made = client.post("/organisations/", {"name": "Tea Group", "country": "KE", "manages_it": "on"}, follow=True)
    added = client.post("/factories/new/tea/", FACTORY_FIELDS, follow=True)

    assert entered.redirect_chain[-1][0] == "/organisations/"
    assert "Create an organisation" in entered.content.decode()
    assert made.redirect_chain[-1][0] == "/factories/"
    assert "/factories/new/" in made.content.decode()
    factory = Factory.objects.get()
    assert added.redirect_chain[-1][0] == f"/factories/{factory.pk}/setup/sources/"
    assert "Litein" in added.content.decode()
    assert Membership.objects.get().role == Role.HQ_MANAGER
    assert sorted(factory.emission_sources.values_list("kind", flat=True)) == ["boiler", "genset", "grid"]
    assert client.get("/")["Location"] == "/morning/"


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "a\x00b", "Taken"])
def test_a_name_that_cannot_be_stays_on_the_page(as_user: AsUser, name: str) -> None:
    make.make_organisation(name="Taken")
    root = as_user(make.make_user(is_superuser=True))

    response = root.post("/organisations/", {"name": name})

    assert response.status_code == 200
    assert response.context["form"].errors["name"]
    assert Organisation.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "Momul Tea Factory"),
        ("altitude_m", ""),
        ("altitude_m", "high"),
        ("altitude_m", "9000"),
        ("altitude_m", "nan"),
        ("latitude", "91"),
        ("longitude", "200"),
        ("time_zone", "Nairobi"),
        ("time_zone", "localtime"),
        ("day_starts_at", "24"),
        ("day_starts_at", "-1"),
    ],
)
def test_a_wrong_field_of_a_factory_is_named_beside_it(cast: Cast, as_user: AsUser, field: str, value: str) -> None:
    response = as_user(cast.hq).post("/factories/new/tea/", FACTORY_FIELDS | {field: value})

    assert response.status_code == 200
    errors = response.context["form"].errors
    assert set(errors) <= {field, "__all__"}
    assert errors
    assert "Litein town" in response.content.decode()  # what was typed is kept
    assert not Factory.objects.filter(location="Litein town").exists()


def test_a_factory_goes_to_ones_own_organisation(cast: Cast, as_user: AsUser) -> None:
    as_user(cast.outsider).post("/factories/new/tea/", FACTORY_FIELDS | {"organisation": cast.organisation.pk})

    assert Factory.objects.get(name="Litein").organisation == cast.elsewhere.organisation


# --- HQ's list ---------------------------------------------------------------------------------
def test_hq_sees_its_factories_and_nobody_elses(cast: Cast, as_user: AsUser) -> None:
    page = as_user(cast.hq).get("/factories/").content.decode()

    assert "Litein" in page
    assert "Momul" in page
    assert "Elsewhere" not in page


def test_an_empty_organisation_offers_to_add_a_factory(as_user: AsUser) -> None:
    user = make.make_user()
    make.make_membership(user=user, role=Role.HQ_MANAGER, organisation=make.make_organisation())

    response = as_user(user).get("/factories/")

    assert response.status_code == 200
    assert "/factories/new/" in response.content.decode()


def test_an_auditor_is_not_offered_what_he_may_not_do(cast: Cast, as_user: AsUser) -> None:
    assert "/factories/new/" not in as_user(cast.auditor).get("/factories/").content.decode()


def test_states_and_figures_of_the_list(cast: Cast, as_user: AsUser) -> None:
    alive(cast.litein)
    alive(cast.momul, minutes_ago=10)

    shown = as_user(cast.hq).get("/factories/").context["page"]

    rows = {row.name: row for row in shown.rows}
    assert rows["Litein Tea Factory"].state == "online"
    assert rows["Momul Tea Factory"].state == "silent"
    assert [row.name for row in shown.rows] == ["Momul Tea Factory", "Litein Tea Factory"]  # exceptions first
    assert (shown.online_count, shown.total_count) == (1, 2)
    assert rows["Litein Tea Factory"].fire_log is not None


def test_a_room_sensor_in_a_chimney_is_said_to_be_too_small(cast: Cast, as_user: AsUser) -> None:
    now = timezone.now()
    device = make.make_device(factory=cast.litein, last_heartbeat=now)
    make.make_assignment(device=device, range_ppm=5_000.0)
    make.make_readings(device, now - timedelta(minutes=90), 80, interval_s=60.0, co2_ppm=5_000.0)
    rollups.touch_period(device.pk, now - timedelta(hours=3), None)
    rollups.roll_up_touched()

    shown = as_user(cast.hq).get("/factories/?q=litein")
    own = as_user(cast.hq).get(f"/factories/{cast.litein.pk}/")

    (row,) = shown.context["page"].rows
    assert "at least: sensor range too small" in row.fire_log.summary
    assert "at least: sensor range too small" in own.context["page"].chimneys[0].fire_log.summary
    if now.astimezone(cast.litein.zone).hour not in (6, 7):  # the readings may lie in yesterday's factory day
        assert row.co2_today_kg > 0
        assert "&lt;sub&gt;" not in shown.content.decode()
        assert (row.is_lower_bound, row.why_unusable) == (True, "")
        for page in (shown, own):
            assert '<span class="quantity__bound">at least</span> <span class="quantity">' in page.content.decode()


def test_the_order_by_exception_says_that_it_is_the_order(cast: Cast, as_user: AsUser) -> None:
    page = as_user(cast.hq).get("/factories/").content.decode()

    assert page.count("aria-sort") == 1
    assert re.search(r'aria-sort="other">\s*<a href="\?sort=exception">', page)


@pytest.mark.parametrize("sort", [*SORTS, "", "nonsense", "__class__"])
@pytest.mark.parametrize("state", ["", "online", "nonsense"])
def test_every_order_and_filter_answers(cast: Cast, as_user: AsUser, sort: str, state: str) -> None:
    alive(cast.litein)
    make.make_factory(organisation=cast.organisation, name="<script>alert(1)</script>")

    response = as_user(cast.hq).get("/factories/", {"sort": sort, "state": state, "q": "", "page": "x"})

    assert response.status_code == 200
    assert "<script>alert(1)" not in response.content.decode()


def test_a_search_finds_by_name_and_county_in_any_case(cast: Cast, as_user: AsUser) -> None:
    found = as_user(cast.hq).get("/factories/?q=mOMul").context["page"].rows
    by_county = as_user(cast.hq).get("/factories/?q=KERICHO").context["page"].rows

    assert [row.name for row in found] == ["Momul Tea Factory"]
    assert len(by_county) == 2


@pytest.mark.parametrize("q", ["\x00", "%", "'; DROP TABLE", "\u202e", "x" * 500])
def test_a_search_for_anything_is_harmless(cast: Cast, as_user: AsUser, q: str) -> None:
    assert as_user(cast.hq).get("/factories/", {"q": q}).status_code == 200


def test_the_list_as_csv(cast: Cast, as_user: AsUser) -> None:
    alive(cast.litein)

    response = as_user(cast.hq).get("/factories/?as=csv")

    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(response.content.decode()))}
    assert set(rows) == {"Litein Tea Factory", "Momul Tea Factory"}
    assert rows["Litein Tea Factory"]["state"] == "online"
    assert rows["Momul Tea Factory"]["co2_today_kg"] == ""  # missing, not zero
    assert len(rows["Litein Tea Factory"]["coverage_pct"].partition(".")[2]) <= 4


def test_queries_do_not_grow_with_factories(cast: Cast, as_user: AsUser) -> None:
    browser = as_user(cast.hq)

    alive(cast.litein)
    few = queries_of(browser, "/factories/")
    for _ in range(4):
        alive(make.make_factory(organisation=cast.organisation))

    assert queries_of(browser, "/factories/") == few


# --- A factory ---------------------------------------------------------------------------------
def test_a_chimney_shows_what_it_measures_now(cast: Cast, as_user: AsUser) -> None:
    alive(cast.litein)

    response = as_user(cast.litein_manager).get(f"/factories/{cast.litein.pk}/")

    (chimney,) = response.context["page"].chimneys
    assert (chimney.state, chimney.name) == ("online", "Chimney 1")
    assert chimney.live.co2_kg_per_h == pytest.approx(785.064, rel=2e-6)  # vector 3, printed to 6 digits
    assert chimney.stream_url.startswith(f"/api/emissions/stream/?factory={cast.litein.pk}&fields=")
    assert chimney.poll_url == f"/api/emissions/latest/?factory={cast.litein.pk}"
    assert response.context["page"].so_far_today_kg is not None or timezone.now().hour in (3, 4)


def test_a_chimney_without_a_device_and_one_never_heard_of_say_so(cast: Cast, as_user: AsUser) -> None:
    make.make_chimney(factory=cast.litein)
    make.make_assignment(device=make.make_device(factory=cast.litein))

    response = as_user(cast.hq).get(f"/factories/{cast.litein.pk}/")

    assert [c.state for c in response.context["page"].chimneys] == ["no_device", "never"]
    assert response.context["page"].so_far_today_kg is None


def test_a_hold_is_said_in_a_sentence(cast: Cast, as_user: AsUser) -> None:
    assignment = alive(cast.litein)
    AssignmentHold.objects.create(
        assignment=assignment,
        stream=7,
        field="sensor",
        registered="<b>a</b>",
        reported="<img src=x>",
        starts_at=timezone.now(),
    )

    page = as_user(cast.hq).get(f"/factories/{cast.litein.pk}/").content.decode()

    assert "Its readings stay out of the totals" in page
    assert "<img src=x>" not in page


def test_queries_do_not_grow_with_chimneys(cast: Cast, as_user: AsUser) -> None:
    browser = as_user(cast.hq)
    alive(cast.litein)
    browser.get(f"/factories/{cast.litein.pk}/")  # the first visit writes until when the site's hours are recorded

    alive(cast.litein)
    few = queries_of(browser, f"/factories/{cast.litein.pk}/")
    for _ in range(3):
        alive(cast.litein)

    assert queries_of(browser, f"/factories/{cast.litein.pk}/") == few


@pytest.mark.parametrize("pk", ["0", "99999999999999999999999", "999999"])
def test_a_factory_that_is_not_there(cast: Cast, as_user: AsUser, pk: str) -> None:
    assert as_user(cast.hq).get(f"/factories/{pk}/").status_code == 404


def test_the_demo_says_so_on_every_page(cast: Cast, as_user: AsUser, settings: Any) -> None:
    settings.DEMO = True
    browser = as_user(cast.hq)

    for path in ("/factories/", f"/factories/{cast.litein.pk}/", "/styleguide/", "/accounts/password/change/", "/no"):
        assert "SIMULATED DATA" in browser.get(path).content.decode(), path
