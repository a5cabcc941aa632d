"""A Tasmota-like sensor end to end: mosquitto_pub, a real Mosquitto with the plugin, ingest in a process of its own.

Refused first, then mapped, previewed and replayed, then live: to a stored reading and its kilograms.
"""

import json
import math
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from devices.models import MCUDevice
from devices.registration import Geometry, provision_device
from emissions import rollups
from emissions.derive import moment
from emissions.models import Emission, EmissionMinute
from mqtt_ingest.models import RejectedGroup
from mqtt_ingest.queries import counters
from tests import make
from tests.end_to_end.ingest_process import IngestProcess
from tests.mosquitto import Mosquitto, publish
from tests.mqtt_ingest.foreign_build import MAPPINGS, payload
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("mosquitto", "mosquitto_pub")]


def test_from_a_refused_message_to_kilograms(mosquitto: Mosquitto) -> None:
    factory = make.make_factory(name="Litein Tea Factory", altitude_m=2000.0)
    hq = make.make_user()
    make.make_membership(user=hq, role=Role.HQ_MANAGER, organisation=factory.organisation)
    client = Client(headers={"Authorization": f"Token {make.make_token(hq)}"})
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    login = provision_device(
        factory_name=factory.name,
        device_id="kiln-1",
        geometry=Geometry(diameter_m=0.9, profile=1.0),
        since=hour - timedelta(hours=2),
    )
    device = MCUDevice.objects.get(device_id="kiln-1")

    def post(path: str, body: dict[str, Any]) -> Any:
        response = client.post(f"/api/{path}/", body, content_type="application/json")
        assert response.status_code < 300, response.content
        return response.json()

    began_ms = round((timezone.now() - timedelta(minutes=10)).timestamp()) * 1000
    topic = "tele/kiln-1/SENSOR"
    told = {"topic": "tele/{device}/SENSOR", "status_topic": "tele/{device}/LWT"}
    profile = post("device-profiles", {"name": "Tasmota", "time_path": "Time", "mappings": [], **told})["id"]
    post(f"device-profiles/{profile}/assign", {"device": "kiln-1"})

    with IngestProcess(mosquitto):
        wait_until(
            lambda: RejectedGroup.objects.filter(reason="no_profile").exists(),
            meanwhile=lambda: publish(login, payload(began_ms), topic=topic),
            every_s=0.3,
        )
        mapped = {"mappings": MAPPINGS, "time_format": "iso_utc"}
        changed = client.patch(f"/api/device-profiles/{profile}/", mapped, content_type="application/json")
        assert changed.json()["version"] == 2
        seen = post(f"device-profiles/{profile}/preview", {"device": "kiln-1"})["results"]
        assert (seen[0]["problem"], seen[0]["values"]["co2_ppm"]) == ("", 93_250)
        replayed = post("rejected-messages/replay", {"device": "kiln-1"})
        assert (replayed["stored"], replayed["rejected"]) == (1, {})
        assert post("rejected-messages/replay", {"device": "kiln-1"})["messages"] == 0

        # Live, and our own topics stay closed to it.
        native = {"seq": 1, "t": began_ms, "co2_ppm": 1.0, "temperature_c": 1.0, "velocity_ms": 1.0}
        publish(login, json.dumps({"v": 1, "stream": 7, "interval_s": 5, "readings": [native]}).encode())
        for at_ms in (began_ms + 300_000, began_ms + 600_000):
            # Ingest reads profiles every 5 s, so what is sent before is sent again.
            wait_until(
                Emission.objects.filter(timestamp=moment(at_ms)).exists,
                meanwhile=partial(publish, login, payload(at_ms), topic=topic),
                every_s=0.3,
            )
        publish(login, b"Offline", topic="tele/kiln-1/LWT")
        wait_until(lambda: MCUDevice.objects.filter(pk=device.pk, reported_online=False).exists())

    assert Emission.objects.count() == 3
    assert set(Emission.objects.values_list("stream", "seq")) == {(-(2**31), 0)}
    found = counters()
    assert found.received == found.stored + found.duplicate + sum(found.rejected.values())
    assert_kilograms()


def assert_kilograms() -> None:
    rollups.roll_up_touched()
    kg = sum(EmissionMinute.objects.values_list("measured_ug", flat=True)) / 1e9
    # 93,250 ppm at the pressure of 2000 m (79,495 Pa) and 181.5 °C: 0.09325 * 79495 * 0.0440095 / (8.314463 * 454.65)
    # = 0.08630 kg/m3, times 3.21 m/s (11.556 km/h) and pi / 4 * 0.81 m2 = 0.17624 kg/s. Two segments of 300 s; the last
    # reading stands for as long as it is believed.
    kg_per_s = 0.09325 * 79_495 * 0.0440095 / (8.314463 * 454.65) * 3.21 * math.pi / 4 * 0.81
    assert kg == pytest.approx(kg_per_s * 600, rel=0.002)
