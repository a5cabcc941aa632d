"""A Tasmota electricity meter end to end: mosquitto_pub, a real Mosquitto, ingest in a process of its own, and the job
that makes an entry with its kg CO2e of the register."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from devices.registration import Geometry, provision_device
from emissions.models import ChannelMinute, SensorChannel
from energy.models import EnergyEntry
from factories.choices import SourceKind
from factories.days import running_day
from factories.models import EmissionSource
from logbook.choices import Origin
from mqtt_ingest.device_meters import enter_counts
from tests import make
from tests.end_to_end.ingest_process import IngestProcess
from tests.mosquitto import Mosquitto, publish
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("mosquitto", "mosquitto_pub")]

MAPPINGS = [{"path": "ENERGY.Total", "field": "channel:meter", "unit": "kWh"}]


def energy(at: datetime, total_kwh: float) -> bytes:
    """As Tasmota sends it, with its clock in UTC."""
    told = {"Total": total_kwh, "Yesterday": 11.2, "Today": 3.4, "Power": 1180, "Voltage": 231, "Current": 5.2}
    return json.dumps({"Time": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}", "ENERGY": told}).encode()


def test_from_a_register_to_kilograms(mosquitto: Mosquitto) -> None:
    factory = make.make_factory(name="Litein Tea Factory")
    grid, _made = EmissionSource.objects.get_or_create(factory=factory, kind=SourceKind.GRID, defaults={"name": "Grid"})
    hq = make.make_user()
    make.make_membership(user=hq, role=Role.HQ_MANAGER, organisation=factory.organisation)
    client = Client(headers={"Authorization": f"Token {make.make_token(hq)}"})
    login = provision_device(
        factory_name=factory.name, device_id="meter-1", geometry=Geometry(diameter_m=0.9, profile=1.0)
    )

    def post(path: str, body: dict[str, Any]) -> Any:
        response = client.post(f"/api/{path}/", body, content_type="application/json")
        assert response.status_code < 300, response.content
        return response.json()

    told = {"name": "Tasmota meter", "topic": "tele/{device}/SENSOR", "time_path": "Time", "time_format": "iso_utc"}
    profile = post("device-profiles", told | {"mappings": MAPPINGS})["id"]
    post(f"device-profiles/{profile}/assign", {"device": "meter-1"})
    start = running_day(factory, timezone.now()).starts_at - timedelta(days=2)
    sent = [(start - timedelta(minutes=4), 48_000.0), (start, 48_210.0)]
    # 4 minutes before and 1 after the start of the next day: 48,210 + 812 = 49,022 lies on the line between.
    sent += [(start + timedelta(days=1, minutes=-4), 49_021.6), (start + timedelta(days=1, minutes=1), 49_022.1)]

    with IngestProcess(mosquitto):
        for at, total_kwh in sent:
            _until_stored(lambda at=at, kwh=total_kwh: publish(login, energy(at, kwh), topic="tele/meter-1/SENSOR"), at)

    channel = SensorChannel.objects.get()
    meter = {"energy_type": "electricity", "source": grid.pk, "counts_from": start.isoformat()}
    post(f"sensor-channels/{channel.pk}/meter", meter)
    enter_counts()

    entry = EnergyEntry.objects.get(origin=Origin.METER)
    assert (entry.period_start, entry.period_end) == (start, start + timedelta(days=1))
    # By Kenya's grid of the newest year, 95.4 g a kWh: 812 x 0.0954 = 77.4648 kg CO2e.
    assert float(entry.amount) == pytest.approx(812.0)
    assert entry.factor is not None
    assert float(entry.co2e_kg or 0) == pytest.approx(812.0 * float(entry.factor.value))
    assert float(entry.co2e_kg or 0) == pytest.approx(77.4648)


def _until_stored(send: Any, at: datetime) -> None:
    """Ingest reads profiles every 5 s, so what is sent before is sent again."""
    stored = ChannelMinute.objects.filter(measured_at=at.replace(microsecond=0))
    wait_until(stored.exists, meanwhile=send, every_s=0.3)
