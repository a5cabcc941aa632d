"""Channels in the API and on their page: newest values, and which counter is a meter."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from devices.models import MCUDevice
from emissions.channels import ChannelValue, store_channels
from emissions.models import MeasuredAs, SensorChannel
from energy.models import EnergyEntry
from factories.choices import SourceKind
from factories.models import EmissionSource
from logbook.choices import Origin
from mqtt_ingest.device_meters import enter_counts
from mqtt_ingest.models import DeviceMeter
from tests import make
from tests.cast import AsUser, Cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

START = datetime(2026, 11, 20, 3, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def meter(cast: Cast) -> MCUDevice:
    device = make.make_device(factory=cast.litein, device_id="meter-1")
    rows = [(START, 1000.0), (START + DAY, 1812.0), (START + 2 * DAY, 2600.0)]
    values = [ChannelValue(device.pk, "meter", "kWh", MeasuredAs.COUNTER, at, kwh) for at, kwh in rows]
    values.append(ChannelValue(device.pk, "steam", "kg/h", MeasuredAs.RATE, START, 2000.0))
    with connection.cursor() as cursor:
        store_channels(cursor, values)
    return device


@pytest.fixture
def grid(cast: Cast) -> EmissionSource:
    sources = EmissionSource.objects.filter(factory=cast.litein, kind=SourceKind.GRID)
    return sources.first() or EmissionSource.objects.create(factory=cast.litein, kind=SourceKind.GRID, name="Grid")


def test_a_manager_makes_a_counter_a_meter_and_ends_it(
    cast: Cast, as_user: AsUser, meter: MCUDevice, grid: EmissionSource
) -> None:
    browser = as_user(cast.litein_manager)
    counter, steam = browser.get("/api/sensor-channels/?device=meter-1").json()["results"]
    assert (counter["code"], counter["unit"], counter["last_amount"], counter["meters"]) == ("meter", "kWh", 2600, [])
    path = f"/api/sensor-channels/{counter['id']}/meter/"
    body = {"energy_type": "electricity", "source": grid.pk, "counts_from": START.isoformat()}

    told = browser.post(path, body, content_type="application/json").json()
    (begun,) = told["meters"]
    assert (begun["energy_type"], begun["source"], begun["waits"]) == ("electricity", grid.pk, True)
    again = browser.post(path, body, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "meter_exists")
    no_counter = browser.post(
        f"/api/sensor-channels/{steam['id']}/meter/", body, content_type="application/json"
    ).json()
    assert no_counter["fields"]["energy_type"][0]["code"] == "no_counter"

    enter_counts()
    entry = EnergyEntry.objects.filter(origin=Origin.METER).earliest("period_start")
    assert (entry.amount, entry.source, entry.recorded_by) == (812, grid, None)
    assert browser.delete(path).json()["meters"] == []
    assert DeviceMeter.objects.get().counts_until is not None


def test_who_may_not_see_the_energy_log_sees_no_amounts_of_it(
    cast: Cast, as_user: AsUser, meter: MCUDevice, grid: EmissionSource
) -> None:
    make.make_bill(cast.litein, 800, START, START + DAY)
    channel = SensorChannel.objects.get(code="meter")
    body = {"energy_type": "electricity", "source": grid.pk, "counts_from": START.isoformat()}
    manager = as_user(cast.litein_manager)
    manager.post(f"/api/sensor-channels/{channel.pk}/meter/", body, content_type="application/json")
    enter_counts()

    def set_aside(user: Any) -> Any:
        return as_user(user).get(f"/api/sensor-channels/{channel.pk}/").json()["meters"][0]["set_aside"]

    (row,) = set_aside(cast.litein_manager)
    assert (row["entry_amount"], row["entry_unit"], row["period_end"]) == ("800", "kWh", "2026-11-21T03:00:00Z")
    assert set_aside(cast.installer) == []
    page = manager.get("/devices/meter-1/channels/").content.decode()
    assert "20 Nov 06:00 to 21 Nov 06:00: 800 kWh are logged already." in page


def test_the_page_makes_a_meter_says_errors_beside_the_field_and_ends_it(
    cast: Cast, as_user: AsUser, meter: MCUDevice, grid: EmissionSource
) -> None:
    browser = as_user(cast.litein_manager)
    path, channel = "/devices/meter-1/channels/", SensorChannel.objects.get(code="meter")
    boiler = EmissionSource.objects.filter(factory=cast.litein, kind=SourceKind.BOILER).first()
    assert boiler is not None
    form = {"channel": channel.pk, "energy_type": "electricity", "counts_from": "2026-11-20T06:00"}

    wrong = browser.post(path, form | {"source": boiler.pk}).content.decode()
    assert f"{boiler.name} does not use electricity." in wrong
    assert browser.post(path, form | {"source": grid.pk}).status_code == 302
    assert DeviceMeter.objects.get().counts_from == START
    enter_counts()
    page = browser.get(path).content.decode()
    assert "It has written the energy log since 20 Nov 2026 06:00." in page
    assert browser.post(path, {"channel": channel.pk, "act": "end"}).status_code == 302
    assert Decimal(812) in EnergyEntry.objects.filter(origin=Origin.METER).values_list("amount", flat=True)
    assert "Let it write the energy log" in browser.get(path).content.decode()
    assert "Let it write the energy log" not in as_user(cast.installer).get(path).content.decode()
