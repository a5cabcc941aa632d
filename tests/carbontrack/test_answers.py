"""Every answer fits the schema, also of rows that lack everything that they may lack."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AccessRequest
from devices.models import MCUDevice
from emissions import rollups
from energy.choices import EntryKind
from factories.models import Chimney, Factory
from tests import make
from tests.carbontrack.api_world import World, make_world
from tests.carbontrack.test_examples import operations, refuse_unless_it_fits, the_schema, url_of
from tests.mqtt_ingest.firmware import use_key
from tests.shared import shared

pytestmark = pytest.mark.django_db
READS = {
    operation["operationId"]: (path, operation)
    for method, path, operation in operations()
    if method == "GET" and operation["responses"]["200"].get("schema", {}).get("type") != "file"
}


def make_world_with_bare_rows() -> World:
    """Beside one whole row of everything, one that has as little as it may."""
    world = make_world()
    litein = Factory.objects.get(pk=1)
    for kind in EntryKind:
        if kind in (EntryKind.RECEIVED, EntryKind.STOCK_COUNT):
            make.make_energy_entry(litein, kind=kind, energy_type="diesel", unit="L")
    deleted = make.make_energy_entry(litein, timestamp=datetime(2026, 11, 18, 9, tzinfo=UTC))
    world.client.delete(
        f"/api/energy-entries/{deleted.pk}/", {"reason": "logged twice"}, content_type="application/json"
    )
    make.make_production(litein, amount=Decimal(0), timestamp=datetime(2026, 11, 18, 9, tzinfo=UTC))
    bare = make.make_factory(organisation=litein.organisation, name="Bare")
    Chimney.objects.create(factory=bare, name="Of an unknown shape", velocity_profile_factor=None)
    make.make_device(factory=bare)
    make.make_device(factory=litein, revoked_at=timezone.now())
    AccessRequest.objects.create(phone="+254700000001", place="x", organisation=litein.organisation)
    start = datetime(2026, 11, 20, 7, tzinfo=UTC)
    blind = make.make_device(factory=bare)
    make.make_assignment(device=blind)
    make.make_readings(blind, start, 3, co2_ppm=None, temperature_c=None, velocity_ms=None, pressure_pa=None, flags=7)
    without_place = make.make_device(factory=bare)
    make.make_readings(without_place, start + timedelta(hours=1), 1)
    for device in MCUDevice.objects.all():
        rollups.touch_period(device.pk, start, None)
    rollups.roll_up_touched()
    return world


bare_world = shared("bare_world", make_world_with_bare_rows)


@pytest.fixture
def world(bare_world: World, settings: Any) -> World:
    use_key(settings)
    return bare_world


@pytest.mark.parametrize("name", READS)
def test_every_answer_fits_the_schema(name: str, world: World) -> None:
    path, operation = READS[name]
    if name in world.before:
        world.before[name]()
    url: Any = url_of(world, path, the_schema()["paths"][path], operation)

    while url:
        response = world.client.get(url)
        assert response.status_code == 200, response.content[:500]
        body = response.json()
        refuse_unless_it_fits(body, operation["responses"]["200"]["schema"])
        url = body.get("next")
