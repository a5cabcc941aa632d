"""A site is set up and changed on pages, without a script: from its kind to what waits."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from energy.models import LocalUnit
from factories.models import Chimney, Factory
from portal.setup import views
from portal.setup.picture import picture
from tests import make
from tests.cast import AsUser, Cast
from tests.compliance.build import START, make_hours

pytestmark = pytest.mark.django_db

PLACE = {
    "name": "Walk Hill",
    "county": "Kericho",
    "country": "KE",
    "altitude_m": "1,960",
    "time_zone": "Africa/Nairobi",
    "day_starts_at": "6",
}
ROUND = {
    "name": "Chimney 1",
    "shape": "circle",
    "diameter_m": "0.9",
    "probe_position": "axis",
    "moisture_method": "fixed",
    "moisture_fraction": "0.13",
}


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_a_tea_factory_is_set_up_step_by_step(hq: Client, cast: Cast) -> None:
    assert "Tea factory" in text_of(hq.get("/factories/new/"))

    added = hq.post("/factories/new/tea/", PLACE)
    site = Factory.objects.get(name="Walk Hill")
    assert added["Location"] == f"/factories/{site.pk}/setup/sources/"
    assert (site.altitude_m, site.altitude_is_estimated, site.organisation) == (1960.0, False, cast.organisation)

    base = f"/factories/{site.pk}/setup"
    dryer = {"name": "Dryer 1", "fuels": ["firewood"], "dryer_type": "fluid_bed", "capacity_kw": "2,500"}
    assert hq.post(f"{base}/sources/new/direct_fired_dryer/", dryer).status_code == 302
    assert hq.post(f"{base}/chimneys/new/", ROUND).status_code == 302
    lorry = {"energy_type": "firewood", "name": "lorry", "amount": "12", "unit": "stere"}
    assert hq.post(f"{base}/units/", lorry).status_code == 302
    assert hq.post(f"{base}/limits/", {"product_capacity_kg_per_day": "25,000"}).status_code == 302

    source = site.emission_sources.get(name="Dryer 1")
    assert (source.fuels, source.dryer_type, source.capacity_kw) == ("firewood", "fluid_bed", 2500.0)
    assert site.chimneys.get().velocity_profile_factor == 0.84
    assert str(LocalUnit.objects.get().amount.normalize()) == "12"
    words = text_of(hq.get(f"{base}/"))
    assert "1,960 m" in words
    assert "Profile factor 0.840: the usual one of a point on the axis, not measured here." in words
    assert "Dryer 1" in words
    assert "Nobody keeps its log yet: invite its manager." in words


def test_a_mine_of_an_indian_organisation_is_asked_for_its_class_and_nothing_of_kenya(as_user: AsUser) -> None:
    coal = make.make_organisation(country="IN")
    manager = make.make_user()
    make.make_membership(user=manager, role=Role.HQ_MANAGER, organisation=coal)
    client = as_user(manager)
    shown = client.get("/factories/new/coal_mine/").context["form"]
    assert (shown["country"].value(), shown["time_zone"].value()) == ("IN", "Asia/Kolkata")
    told = PLACE | {"name": "Gevra", "country": "IN", "time_zone": "Asia/Kolkata", "altitude_m": "300"}

    assert "mine_class" in client.post("/factories/new/coal_mine/", told).context["form"].errors
    assert client.post("/factories/new/coal_mine/", told | {"mine_class": "opencast"}).status_code == 302

    mine = Factory.objects.get(name="Gevra")
    page = f"/factories/{mine.pk}/setup/sources/{mine.emission_sources.get(kind='explosives').pk}/"
    assert "Explosive emulsion" in text_of(client.get(page))
    both = {"name": "Explosives", "fuels": ["explosive_anfo", "explosive_emulsion"]}
    assert client.post(page, both).status_code == 302
    assert mine.emission_sources.get(kind="explosives").fuels == "explosive_anfo, explosive_emulsion"
    methane = mine.emission_sources.get(kind="mine_methane")
    own = {"name": "Seams", "mine_class": "opencast", "methane_per_t": "2.5", "methane_unit": "m3_per_t"}
    url = f"/factories/{mine.pk}/setup/sources/{methane.pk}/"
    assert "its source" in text_of(client.post(url, own))
    assert client.post(url, own | {"methane_reference": "Ventilation survey, May 2026"}).status_code == 302


def test_a_closed_browser_loses_nothing_that_was_sent(hq: Client) -> None:
    hq.post("/factories/new/tea/", PLACE | {"altitude_m": "1.96", "location": "Kapkatet"})

    assert "Go on with the site that you began." in text_of(hq.get("/factories/new/"))
    form = hq.get("/factories/new/tea/").context["form"]
    assert (form["location"].value(), form["altitude_m"].value()) == ("Kapkatet", "1.96")


def test_a_known_place_fills_in_its_altitude_as_an_estimate(hq: Client) -> None:
    looked = hq.post("/factories/new/tea/", PLACE | {"altitude_m": "", "location": "Kericho", "look": ""})
    number = next(n for n, place in enumerate(looked.context["found"]) if place.name == "Kericho")

    chosen = hq.post("/factories/new/tea/", PLACE | {"altitude_m": "", "location": "Kericho", "look": str(number)})

    form = chosen.context["form"]
    assert 1_500 < float(form["altitude_m"].value()) < 2_500
    assert form["altitude_is_estimated"].value()
    assert not Factory.objects.filter(name="Walk Hill").exists()


@pytest.mark.parametrize(
    ("place", "words"), [("Boito", "altitude not known"), ("Nowhere", "The table has no such place.")]
)
def test_a_place_without_an_altitude_says_so(hq: Client, place: str, words: str) -> None:
    looked = hq.post("/factories/new/tea/", PLACE | {"altitude_m": "", "location": place, "look": ""})

    assert words in text_of(looked)


# --- Chimneys ---------------------------------------------------------------------------------------
def test_a_cross_section_is_drawn_to_scale() -> None:
    """0.8 m by 1.6 m: the long side takes all 200, the other half of it; the area is 1.28 m2."""
    drawn = picture(Chimney(shape="rectangle", width_m=0.8, height_m=1.6, probe_position="axis"))

    assert drawn is not None
    assert (drawn.width, drawn.height, drawn.x, drawn.y) == (100.0, 200.0, 90.0, 40.0)
    assert (drawn.across, drawn.down, drawn.probe_x) == ("0.8 m", "1.6 m", 140.0)
    assert "1.280 m2" in drawn.title
    assert picture(Chimney()) is None
    assert picture(Chimney(shape="circle", diameter_m=6.0)) is None  # refused below its field


def test_what_is_typed_is_drawn_and_not_stored(hq: Client, cast: Cast) -> None:
    url = f"/factories/{cast.litein.pk}/setup/chimneys/new/"

    drawn = hq.post(url, ROUND | {"draw": "1"})

    assert "Round, 0.9 m inside: 0.636 m2." in drawn.content.decode()  # 0.9^2 x pi / 4
    assert not cast.litein.chimneys.exists()


def test_a_traverse_is_typed_as_it_was_read(hq: Client, cast: Cast) -> None:
    url = f"/factories/{cast.litein.pk}/setup/chimneys/new/"
    told = ROUND | {"traverse_ms": "2.0 3,0\n4.0  3.4", "traverse_probe_ms": "4"}

    assert hq.post(url, told).status_code == 302

    chimney = cast.litein.chimneys.get()
    assert chimney.traverse_ms == [2.0, 3.0, 4.0, 3.4]
    assert chimney.velocity_profile_factor == pytest.approx(0.775)
    again = hq.get(f"/factories/{cast.litein.pk}/setup/chimneys/{chimney.pk}/").context["form"]
    assert again["traverse_ms"].value() == "2 3 4 3.4"


def test_a_change_of_the_past_is_shown_on_the_page_and_stored_once_it_is_ticked(
    hq: Client, as_user: AsUser, cast: Cast
) -> None:
    chimney = make.make_chimney(factory=cast.litein, diameter_m=1.0, velocity_profile_factor=0.84)
    make_hours(make.make_assignment(chimney=chimney, valid_from=START), START, 48, kg=450.0)
    url = f"/factories/{cast.litein.pk}/setup/chimneys/{chimney.pk}/"
    told = ROUND | {"diameter_m": "1.1", "velocity_profile_factor": "0.84"}

    asked = hq.post(url, told)

    # 48 h x 450 kg = 21,600 kg; x 1.1^2 = 26,136 kg. Each figure stands on a line of its own.
    line = f"CO2 measured in the chimneys: 21,600 kg since {START:%Y-%m-%d} become 26,136 kg."
    assert f"<p>{line}</p>" in asked.content.decode()
    chimney.refresh_from_db()
    assert chimney.diameter_m == 1.0
    confirm = re.search(r'name="confirm"[^>]*value="([^"]+)"', asked.content.decode())
    assert confirm is not None
    assert (
        as_user(cast.installer).post(url, told | {"confirm": confirm[1]}).status_code == 200
    )  # it is of another person
    assert hq.post(url, told | {"confirm": confirm[1]}).status_code == 302
    chimney.refresh_from_db()
    assert chimney.diameter_m == 1.1


def test_the_effect_that_a_drawing_shows_is_confirmed_by_its_box(hq: Client, cast: Cast) -> None:
    chimney = make.make_chimney(factory=cast.litein, diameter_m=1.0, velocity_profile_factor=0.84)
    make_hours(make.make_assignment(chimney=chimney, valid_from=START), START, 48, kg=450.0)
    url = f"/factories/{cast.litein.pk}/setup/chimneys/{chimney.pk}/"
    told = ROUND | {"diameter_m": "1.1", "velocity_profile_factor": "0.84"}

    drawn = hq.post(url, told | {"draw": "1"})
    confirm = re.search(r'name="confirm"[^>]*value="([^"]+)"', drawn.content.decode())

    assert confirm is not None
    assert hq.post(url, told | {"confirm": confirm[1]}).status_code == 302


@pytest.mark.parametrize(
    "told",
    [
        {"velocity_profile_factor": 1.0},
        {"velocity_profile_factor": 0.84, "width_m": 0.8, "height_m": 1.2},
        {"velocity_profile_factor": 0.84, "probe_position": "other"},
    ],
)
def test_a_factor_that_was_stated_is_not_called_the_usual_one(hq: Client, cast: Cast, told: dict[str, Any]) -> None:
    make.make_chimney(factory=cast.litein, **told)

    words = text_of(hq.get(f"/factories/{cast.litein.pk}/setup/"))

    factor = told["velocity_profile_factor"]
    assert f"Profile factor {factor:.3f}, stated without a reason." in words


def test_of_two_who_add_one_name_at_once_the_second_is_told(
    hq: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = views.PlaceForm.is_valid

    def meanwhile(form: Any) -> bool:
        found = checks(form)
        make.make_factory(organisation=cast.organisation, name=PLACE["name"])
        return found

    monkeypatch.setattr(views.PlaceForm, "is_valid", meanwhile)

    answer = hq.post("/factories/new/tea/", PLACE)

    assert answer.status_code == 200
    assert "A factory Walk Hill exists already" in text_of(answer)


def test_another_shape_empties_the_dimensions_of_the_old_one(hq: Client, cast: Cast) -> None:
    chimney = make.make_chimney(factory=cast.litein, diameter_m=1.0)
    url = f"/factories/{cast.litein.pk}/setup/chimneys/{chimney.pk}/"
    told = ROUND | {"shape": "rectangle", "diameter_m": "1", "width_m": "0.8", "height_m": "1.2"}

    assert "State the velocity profile factor" in text_of(hq.post(url, told))
    told |= {"velocity_profile_factor": "0.9", "profile_factor_reason": "test report of 3 May 2026"}
    assert hq.post(url, told).status_code == 302

    chimney.refresh_from_db()
    assert (chimney.diameter_m, chimney.width_m, chimney.height_m) == (None, 0.8, 1.2)
    assert "stated: test report of 3 May 2026" in text_of(hq.get(f"/factories/{cast.litein.pk}/setup/"))


@pytest.mark.parametrize("typed", ["50 50 50 50", "0 3 3 3", "-3 3 3 3"])
def test_a_velocity_that_cannot_be_is_refused_beside_its_field(hq: Client, cast: Cast, typed: str) -> None:
    url = f"/factories/{cast.litein.pk}/setup/chimneys/new/"

    answer = hq.post(url, ROUND | {"traverse_ms": typed, "traverse_probe_ms": "4"})

    assert list(answer.context["form"].errors) == ["traverse_ms"]


def test_what_cannot_be_read_is_not_said_to_be_missing(hq: Client, cast: Cast) -> None:
    url = f"/factories/{cast.litein.pk}/setup/chimneys/new/"

    errors = hq.post(url, ROUND | {"diameter_m": "wide", "moisture_fraction": "0.6"}).context["form"].errors

    assert {name: len(rows) for name, rows in errors.items()} == {"diameter_m": 1, "moisture_fraction": 1}
    assert "0.6 is outside 0 to 0.5" in errors["moisture_fraction"][0]


def test_an_edit_does_not_bring_back_what_was_archived_meanwhile(
    hq: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    chimney = make.make_chimney(factory=cast.litein, diameter_m=1.0)

    def waits_for_the_other(_site: Factory) -> None:
        Chimney.objects.filter(pk=chimney.pk).update(archived_at=timezone.now())

    monkeypatch.setattr(views, "lock_site", waits_for_the_other)
    answer = hq.post(f"/factories/{cast.litein.pk}/setup/chimneys/{chimney.pk}/", ROUND)

    chimney.refresh_from_db()
    assert (answer.status_code, chimney.diameter_m, chimney.archived_at is None) == (302, 0.9, False)


# --- Who, and what belongs to whom ------------------------------------------------------------------
def test_rows_of_other_sites_are_not_there(hq: Client, cast: Cast) -> None:
    of_momul = make.make_chimney(factory=cast.momul)
    base = f"/factories/{cast.litein.pk}/setup"

    assert hq.get(f"{base}/chimneys/{of_momul.pk}/").status_code == 404
    assert hq.post(f"{base}/chimneys/{of_momul.pk}/archive/").status_code == 404
    assert hq.get(f"{base}/sources/{cast.momul.emission_sources.get(kind='grid').pk}/").status_code == 404
    told = {"name": "Boiler 2", "fuels": ["firewood"], "chimney": of_momul.pk}
    assert "chimney" in hq.post(f"{base}/sources/new/boiler/", told).context["form"].errors
    assert hq.get(f"{base}/sources/new/reactor/").status_code == 404


def test_an_installer_sees_the_chimneys_and_no_other_step(as_user: AsUser, cast: Cast) -> None:
    installer = as_user(cast.installer)

    assert "Set-up" in text_of(installer.get(f"/factories/{cast.litein.pk}/"))
    page = installer.get(f"/factories/{cast.litein.pk}/setup/chimneys/")
    assert page.status_code == 200
    assert page.context["steps"] == []
    assert installer.get(f"/factories/{cast.litein.pk}/setup/").status_code == 403


def test_a_manager_notes_events_and_nobody_writes_the_future(as_user: AsUser, cast: Cast) -> None:
    manager = as_user(cast.litein_manager)
    url = f"/factories/{cast.litein.pk}/events/"

    manager.post(url, {"happened_at": "2026-11-20T09:30", "text": "New fan blades"})
    event = cast.litein.site_events.get()
    assert event.happened_at.astimezone(cast.litein.zone).hour == 9
    tomorrow = timezone.now() + timedelta(days=1)
    refused = manager.post(url, {"happened_at": f"{tomorrow:%Y-%m-%dT%H:%M}", "text": "x"})
    assert "is in the future" in text_of(refused)
    manager.post(f"{url}{event.pk}/archive/")
    event.refresh_from_db()
    assert event.archived_at is not None
    assert "archived" in text_of(as_user(cast.auditor).get(url))


def test_a_site_is_archived_and_restored_by_the_same_button(hq: Client, cast: Cast) -> None:
    url = f"/factories/{cast.litein.pk}/setup/"

    shown = hq.post(f"{url}archive/", follow=True)
    assert "Restore the site" in text_of(shown)
    assert cast.litein.name not in text_of(hq.get("/factories/"))
    assert "Archived on" in text_of(hq.get(f"/factories/{cast.litein.pk}/"))
    assert "Restore it to write anything new" in text_of(hq.post(f"{url}chimneys/new/", ROUND))
    event = {"happened_at": "2026-11-20T09:30", "text": "New fan blades"}
    assert "Restore it to write anything new" in text_of(hq.post(f"/factories/{cast.litein.pk}/events/", event))
    hq.post(f"{url}archive/")
    assert cast.litein.name in text_of(hq.get("/factories/"))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("altitude_m", "1.96", "1.96 m has decimals; write a whole number, like 1960."),
        ("altitude_m", "5900", "5900 m is outside -430 to 3500 m"),
        ("latitude", "91", "91 ° is outside -90 to 90 °"),
        ("altitude_m", "1e3", "1e3 is not a plain number"),
    ],
)
def test_a_wrong_number_is_named_with_its_limits(hq: Client, field: str, value: str, words: str) -> None:
    answer = hq.post("/factories/new/tea/", PLACE | {field: value})

    assert words in " ".join(answer.context["form"].errors[field])
    assert not Factory.objects.filter(name="Walk Hill").exists()


@pytest.mark.parametrize("typed", ["1960", "1,960", "1.960", "1 960", " 1,960.0 "])
def test_an_altitude_is_read_in_whole_metres(hq: Client, typed: str) -> None:
    hq.post("/factories/new/tea/", PLACE | {"altitude_m": typed, "latitude": "-0,367", "longitude": "35.283"})

    site = Factory.objects.get(name="Walk Hill")
    assert (site.altitude_m, site.latitude, site.longitude) == (1960.0, -0.367, 35.283)


def test_a_name_that_is_there_is_refused_on_the_page(hq: Client, cast: Cast) -> None:
    make.make_chimney(factory=cast.litein, name="Chimney 1")
    base = f"/factories/{cast.litein.pk}/setup"

    chimneys = hq.post(f"{base}/chimneys/new/", ROUND).context["form"].errors
    assert dict(chimneys) == {"name": ["A chimney Chimney 1 exists already; choose another name."]}
    told = {"name": "Boiler", "fuels": ["firewood"]}
    sources = hq.post(f"{base}/sources/new/boiler/", told).context["form"].errors
    assert dict(sources) == {"name": ["A source of this name is in use; choose another name."]}
