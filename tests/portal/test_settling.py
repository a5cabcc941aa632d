"""Where a total of the chimneys stands, the page says until when it may still change, and the API says the same."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from devices.models import MCUDevice
from emissions.models import EmissionHour, TouchedMinute
from tests import make
from tests.cast import AsUser, Cast
from tests.portal.logged_site import NOW, LoggedSite, kept_litein, logged_litein

__all__ = ["kept_litein", "logged_litein"]  # fixtures
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
STILL_COUNTING = "The period is not over. This total is final from 23 Nov 06:02."
BEING_ADDED = "New readings are being added. This total is final in a few minutes."
OUTSTANDING = "This total may change until %s: a chimney sensor is silent or late and may still send stored readings."


@pytest.fixture
def cast(logged_litein: LoggedSite) -> Cast:
    assert logged_litein.cast is not None
    return logged_litein.cast


@pytest.fixture
def device(logged_litein: LoggedSite) -> MCUDevice:
    assert logged_litein.assignment is not None
    return logged_litein.assignment.device


def text_of(browser: Client, address: str) -> str:
    response = browser.get(address)
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", "", response.content.decode()).split())


def silence(device: MCUDevice, ago: timedelta) -> None:
    MCUDevice.objects.filter(pk=device.pk).update(last_heartbeat=NOW - ago)


def test_the_total_of_a_day_is_final_when_it_is_over(cast: Cast, as_user: AsUser, device: MCUDevice) -> None:
    assert STILL_COUNTING in text_of(as_user(cast.hq), f"/factories/{cast.litein.pk}/")
    assert STILL_COUNTING in text_of(as_user(cast.hq), "/factories/")


def test_the_whole_hours_of_today_and_the_weeks_of_the_morning_are_settled(
    cast: Cast, as_user: AsUser, device: MCUDevice
) -> None:
    for address in (f"/factories/{cast.litein.pk}/today/", "/morning/"):
        page = text_of(as_user(cast.hq), address)
        assert "This total may change" not in page
        assert "The period is not over" not in page


def test_while_readings_wait_today_says_so(cast: Cast, as_user: AsUser, device: MCUDevice) -> None:
    TouchedMinute.objects.create(device=device, period_start=NOW - timedelta(hours=3), created_at=NOW)

    assert BEING_ADDED in text_of(as_user(cast.hq), f"/factories/{cast.litein.pk}/today/")


def test_a_sensor_silent_since_yesterday_unsettles_every_total_that_it_is_part_of(
    cast: Cast, as_user: AsUser, device: MCUDevice
) -> None:
    silence(device, timedelta(hours=20))
    until = {"day": OUTSTANDING % "23 Nov 2027", "weeks": OUTSTANDING % "23 Nov 2027"}

    browser = as_user(cast.hq)

    assert until["day"] in text_of(browser, f"/factories/{cast.litein.pk}/")
    assert until["day"] in text_of(browser, f"/factories/{cast.litein.pk}/today/")
    assert until["day"] in text_of(browser, "/factories/")
    assert until["weeks"] in text_of(browser, "/morning/")


def test_the_api_of_intensity_says_of_each_day_what_the_pages_say(
    cast: Cast, as_user: AsUser, device: MCUDevice
) -> None:
    silence(device, timedelta(hours=20))  # 18:20 at the site, on the factory day that began on the 21st

    rows = as_user(cast.hq).get(f"/api/factories/{cast.litein.pk}/intensity/?from=2026-11-19").json()["results"]

    found = {row["period_start"]: (row["settling_until"], row["settling_because"]) for row in rows}
    assert found["2026-11-20"] == (None, None)
    assert found["2026-11-21"] == ("2027-11-23T03:00:00Z", "outstanding")
    assert found["2026-11-22"][1] == "outstanding"


def test_without_a_whole_hour_the_page_says_that_the_first_figures_come_in(
    cast: Cast, as_user: AsUser, device: MCUDevice
) -> None:
    EmissionHour.objects.exclude(period_start=NOW - timedelta(minutes=20, hours=1)).delete()
    EmissionHour.objects.update(status="missing", record_ug=None, covered_ms=60_000)
    make.make_readings(device, NOW, 1)

    page = text_of(as_user(cast.hq), f"/factories/{cast.litein.pk}/")

    assert "The first figures are coming in." in page
    assert STILL_COUNTING not in page
