"""From an empty database to a measured kilogram of a new factory and a new mine, without a shell.

An operator founds the organisation on a page, its first manager comes by the link, sets both sites up, adds a device,
and reads its mass. Chromium, Mosquitto with its Dynamic Security plugin over TLS, ingest and roll-ups are real; the
device is `mosquitto_pub` with the login that the page shows once.
"""

from dataclasses import dataclass, replace

import pytest
from playwright.sync_api import Page, expect

from emissions import rollups
from emissions.models import Emission
from factories.models import Factory, Organisation
from tests import make
from tests.end_to_end.browser import chromium, web_server
from tests.end_to_end.ingest_process import CommitListener, IngestProcess
from tests.end_to_end.test_live_page import sign_in
from tests.end_to_end.test_reading_to_database import VECTOR_3, stored
from tests.mosquitto import Mosquitto, publish
from tests.mqtt_ingest.build import message, now_ms, reading

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("chromium", "mosquitto", "mosquitto_pub")]
ROOT, MANAGER = "root@test.example", "+919876543210"
READINGS, INTERVAL_S = 3, 4


@dataclass(frozen=True, slots=True)
class ShownLogin:
    """What the page of a new device shows once."""

    host: str
    port: int
    username: str
    password: str
    ca_file: str

    @property
    def topics(self) -> dict[str, str]:
        return {"readings": f"carbontrack/v1/{self.username}/readings"}


def found_organisation(page: Page, name: str, country: str) -> str:
    """By the operator; the link for the first manager."""
    page.locator("[name=name]").fill(name)
    page.locator("[name=country]").select_option(country)
    page.locator("[name=contact]").last.fill(MANAGER)
    page.get_by_role("button", name="Create", exact=True).click()
    return str(page.locator("input[value*='/join/'], textarea").first.input_value())


def set_up_factory(page: Page, url: str) -> None:
    page.goto(f"{url}/factories/new/")
    page.get_by_role("link", name="Tea factory").click()
    page.locator("[name=name]").fill("Walk Hill")
    page.locator("[name=altitude_m]").fill("2000")
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_role("link", name="Go on to the chimneys").click()
    page.get_by_role("link", name="Add a chimney").click()
    page.get_by_label("shape").select_option("circle")
    page.get_by_label("inner diameter (m)").fill("0.9")
    page.get_by_role("button", name="Save", exact=True).click()


def add_device(page: Page, url: str, site: Factory) -> ShownLogin:
    page.goto(f"{url}/add-device/?factory={site.pk}")
    page.locator("[name=chimney]").select_option(index=1)
    page.locator("[name=sensor]").fill("sprintir-20")
    page.locator("[name=range_ppm]").fill("200000")
    page.get_by_role("button", name="Register").click()
    host, port = str(page.locator("dd.code").nth(0).text_content()).rsplit(":", 1)
    username, password = (str(page.locator("dd.code").nth(place).text_content()) for place in (1, 2))
    page.goto(f"{url}/devices/{username}/")
    assert password not in page.content()
    return ShownLogin(host, int(port), username, password, "")


def set_up_mine(page: Page, url: str) -> None:
    page.goto(f"{url}/factories/new/")
    page.get_by_role("link", name="Coal mine").click()
    page.locator("[name=name]").fill("Deep Seam")
    page.locator("[name=altitude_m]").fill("220")
    page.locator("[name=mine_class]").select_option("opencast")
    page.get_by_role("button", name="Save and go on").click()


def test_a_new_organisation_measures_and_logs_without_a_shell(mosquitto: Mosquitto, commits: CommitListener) -> None:
    make.make_user(email=ROOT, is_superuser=True, is_staff=True)
    assert not Organisation.objects.exists()
    with web_server() as server, chromium() as browser:
        operator = browser.new_page()
        sign_in(operator, server.url, ROOT)
        operator.goto(f"{server.url}/organisations/")
        link = found_organisation(operator, "Coal and Tea", "IN")
        operator.close()

        page = browser.new_page(viewport={"width": 390, "height": 780})
        page.goto(link)
        page.locator("[name=first_name]").fill("Asha")
        page.locator("[name=password]").fill(make.PASSWORD)
        page.get_by_role("button", name="Join").click()
        page.wait_for_url(lambda place: "/join/" not in place)
        set_up_factory(page, server.url)
        site = Factory.objects.get(name="Walk Hill")
        shown = add_device(page, server.url, site)
        device = replace(shown, ca_file=str(mosquitto.certificates.ca_file))
        # From now on: a new device counts from its first reading after it was registered.
        begin_ms = now_ms()
        sent = [reading(n + 1, begin_ms + n * INTERVAL_S * 1000, **VECTOR_3) for n in range(READINGS)]
        with IngestProcess(mosquitto):
            assert publish(device, message(*sent, interval_s=INTERVAL_S)).returncode == 0  # type: ignore[arg-type]
            commits.wait_until(stored(READINGS))
        rollups.begin_assignments()
        rollups.touch_period(Emission.objects.values_list("device", flat=True)[0], site.created_at, None)
        rollups.roll_up_touched()
        page.goto(f"{server.url}/factories/{site.pk}/")
        # The vector's 0.218073 kg/s by one point on the axis (0.84) and dry gas of 13 % water, over 8 s: 1.275 kg.
        expect(page.locator("main")).to_contain_text("1.27 kg CO2", use_inner_text=True)

        set_up_mine(page, server.url)
        mine = Factory.objects.get(name="Deep Seam")
        page.goto(f"{server.url}/factories/{mine.pk}/log/")
        page.locator("[name=coal-amount]").fill("1000")
        page.locator("[name=diesel-amount]").fill("1000")
        page.locator("[name=electricity-amount]").fill("10000")
        page.get_by_role("button", name="Save").first.click()
        # Of 1,000 t opencast: methane 26,554.8 kg CO2e (docs/method.md 8), diesel of trucks 2,963.0, power 7,117.0.
        expect(page.locator("main")).to_contain_text("36.6 kg CO2e per t coal", use_inner_text=True)
    assert Organisation.objects.get().name == "Coal and Tea"
