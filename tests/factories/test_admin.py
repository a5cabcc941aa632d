"""Places in the admin site: numbers are read as on every other form."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from factories.choices import MineClass
from factories.days import running_day
from factories.models import Chimney, EmissionSource, Factory
from tests import make
from tests.compliance.build import DAY, LENGTH, START, make_hours

pytestmark = pytest.mark.django_db


def operator(email: str) -> Client:
    client = Client()
    client.force_login(make.make_user(email=email, is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def browser() -> Client:
    return operator("operator@test.example")


def confirmation(response: Any) -> dict[str, str]:
    """What the tick of the box sends."""
    return {"confirm": response.context["adminform"].form.effect.confirm}


def shown(response: Any) -> dict[str, Any]:
    """What the browser would send back if nobody changed a thing."""
    adminform = response.context["adminform"]
    found = {field.html_name: field.value() for field in adminform.form}
    for formset in response.context["inline_admin_formsets"]:
        for form in [formset.formset.management_form, *formset.formset.forms]:
            found |= {field.html_name: field.value() for field in form}
    return {name: value for name, value in found.items() if value is not None and value is not False}


def test_an_altitude_with_a_separator_is_thousands_of_metres(browser: Client) -> None:
    factory = make.make_factory(altitude_m=1800.0)
    url = f"/admin/factories/factory/{factory.pk}/change/"

    browser.post(url, shown(browser.get(url)) | {"altitude_m": "1,960"})

    factory.refresh_from_db()
    assert factory.altitude_m == 1960.0


def test_a_page_that_is_saved_unchanged_changes_no_number(browser: Client) -> None:
    chimney = make.make_chimney(diameter_m=1.2345)
    Factory.objects.update(altitude_m=1960.5)
    url = f"/admin/factories/factory/{chimney.factory_id}/change/"

    browser.post(url, shown(browser.get(url)) | {"location": "Kapkatet"})

    stored = Factory.objects.get()
    assert (stored.location, stored.altitude_m, Chimney.objects.get().diameter_m) == ("Kapkatet", 1960.5, 1.2345)


def test_an_inner_diameter_is_read_to_the_millimetre(browser: Client) -> None:
    chimney = make.make_chimney(diameter_m=1.0)
    url = f"/admin/factories/chimney/{chimney.pk}/change/"

    browser.post(url, shown(browser.get(url)) | {"diameter_m": "1,250"})

    chimney.refresh_from_db()
    assert chimney.diameter_m == 1.25


def test_a_mine_gets_its_sources_and_is_asked_for_its_class(browser: Client) -> None:
    url = "/admin/factories/factory/add/"
    organisation = make.make_organisation(country="IN")
    told = shown(browser.get(url)) | {
        "organisation": organisation.pk,
        "name": "Gevra",
        "country": "IN",
        "sector": "coal_mine",
        "altitude_m": "300",
        "time_zone": "Asia/Kolkata",
    }

    asked = browser.post(url, told)
    assert "Choose the class of the mine" in asked.content.decode()
    answer = browser.post(url, told | {"mine_class": MineClass.UNDERGROUND_DEGREE_II})
    assert answer.status_code == 302, answer.context["errors"]

    mine = Factory.objects.get()
    assert mine.emission_sources.get(kind="mine_methane").mine_class == MineClass.UNDERGROUND_DEGREE_II
    assert mine.emission_sources.count() == 4


def test_a_source_that_is_added_counts_from_today_and_stays_at_its_site(browser: Client) -> None:
    factory = make.make_factory()
    told = {"factory": factory.pk, "name": "Boiler 2", "kind": "boiler", "fuels": "", "chimney": "", "mine_class": ""}

    browser.post("/admin/factories/emissionsource/add/", told)

    source = factory.emission_sources.get(name="Boiler 2")
    assert source.first_day == running_day(factory, timezone.now()).day
    url = f"/admin/factories/emissionsource/{source.pk}/change/"
    browser.post(url, shown(browser.get(url)) | {"factory": make.make_factory().pk})
    source.refresh_from_db()
    assert source.factory == factory
    assert browser.post(f"/admin/factories/emissionsource/{source.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_chimney_that_is_added_belongs_to_the_only_boiler(browser: Client) -> None:
    factory = make.make_factory()
    page = browser.get("/admin/factories/chimney/add/")

    browser.post(page.wsgi_request.path, shown(page) | {"factory": factory.pk, "name": "East", "shape": ""})

    assert factory.emission_sources.get(kind="boiler").chimney == Chimney.objects.get(name="East")


# --- What corrects the past is asked about ------------------------------------------------------
@pytest.fixture
def measured() -> Chimney:
    """Two days of 450 kg an hour: 48 x 450 = 21,600 kg."""
    assignment = make.make_assignment(chimney=make.make_chimney(diameter_m=1.0), valid_from=START)
    make_hours(assignment, START, 48, kg=450.0)
    return assignment.chimney


def test_a_corrected_geometry_shows_its_effect_before_it_is_stored(browser: Client, measured: Chimney) -> None:
    url = f"/admin/factories/chimney/{measured.pk}/change/"
    changed = shown(browser.get(url)) | {"diameter_m": "1.100"}

    asked = browser.post(url, changed)
    measured.refresh_from_db()
    assert measured.diameter_m == 1.0
    # 21,600 kg x (1.1 / 1.0)^2 = 26,136 kg
    words = f"CO2 measured in the chimneys: 21,600 kg since {START:%Y-%m-%d} become 26,136 kg."
    assert words in asked.content.decode()

    assert browser.post(url, changed | {"confirm": "on"}).status_code == 200  # no confirmation of what was shown
    assert operator("second@test.example").post(url, changed | confirmation(asked)).status_code == 200
    assert browser.post(url, changed | confirmation(asked)).status_code == 302
    measured.refresh_from_db()
    assert measured.diameter_m == 1.1


@pytest.mark.parametrize(
    ("changed", "basis", "is_asked"),
    [
        ({"name": "East"}, "dry", False),
        ({"moisture_fraction": "0.2"}, "dry", True),
        ({"moisture_fraction": "0.2"}, "wet", False),  # what is measured wet is not turned into wet
    ],
)
def test_only_what_decides_masses_is_asked_about(
    browser: Client, measured: Chimney, changed: dict[str, str], basis: str, is_asked: bool
) -> None:
    measured.assignments.update(co2_basis=basis)
    url = f"/admin/factories/chimney/{measured.pk}/change/"

    answer = browser.post(url, shown(browser.get(url)) | changed)

    assert (answer.status_code == 200) == is_asked


def test_a_site_and_its_chimneys_stay_where_they_are(browser: Client, measured: Chimney) -> None:
    """The GWP set of another organisation would change its figures without a question."""
    site, other = measured.factory, make.make_factory(organisation=make.make_organisation(gwp_set="AR5"))
    moves = {
        "factory": (site.pk, {"organisation": other.organisation_id}),
        "chimney": (measured.pk, {"factory": other.pk}),
    }

    for model, (pk, to) in moves.items():
        url = f"/admin/factories/{model}/{pk}/change/"
        browser.post(url, shown(browser.get(url)) | to)

    measured.refresh_from_db()
    assert (measured.factory, measured.factory.organisation) == (site, site.organisation)


def test_a_corrected_altitude_is_asked_about(browser: Client, measured: Chimney) -> None:
    url = f"/admin/factories/factory/{measured.factory_id}/change/"

    asked = browser.post(url, shown(browser.get(url)) | {"altitude_m": "1200"})

    # Without a barometer the mass is proportional to the pressure: (1 - 0.0065 x 1200 / 288.15)^5.25588 x 101,325
    # = 87,716 Pa for 79,495 Pa of 2,000 m: 21,600 kg x 1.10341 = 23,834 kg
    assert f"21,600 kg since {START:%Y-%m-%d} become 23,834 kg" in asked.content.decode()
    assert Factory.objects.get().altitude_m == 2000.0


@pytest.mark.parametrize(
    ("changed", "is_asked"),
    [
        ({"first_day": DAY.isoformat()}, True),
        ({"first_day": (DAY + 9 * LENGTH).isoformat()}, False),  # after all that was measured
        ({}, False),  # it counts from today
    ],
)
def test_a_source_in_the_past_is_asked_about(
    browser: Client, measured: Chimney, changed: dict[str, str], is_asked: bool
) -> None:
    told = {"factory": measured.factory_id, "name": "Boiler 2", "kind": "boiler", "fuels": "", "chimney": ""}

    browser.post("/admin/factories/emissionsource/add/", told | {"mine_class": ""} | changed)

    assert EmissionSource.objects.filter(name="Boiler 2").exists() != is_asked
