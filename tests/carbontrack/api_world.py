"""Rows that the examples of the schema speak of: a factory 1, its device litein-1, one of everything else.

A new operation with a path parameter needs a row here, and its value in `World.path_values`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.links import link_digest
from accounts.models import Invitation, Membership, User
from accounts.people_serializers import AcceptSerializer
from accounts.roles import Role
from alerts.delivery import code_digest
from alerts.notice_models import Channel, Delivery
from alerts.notice_serializers import CodeSerializer, NewChannelSerializer, NewGatewaySerializer, ShiftSerializer
from alerts.rules import ensure_usual_rules
from alerts.serializers import NewRuleSerializer
from compliance.inventory.api import NewBasisLockSerializer
from compliance.models import ReportBatch, ReportRecipient, SiteSheet
from compliance.reports import life
from compliance.serializers import NewTargetSerializer
from compliance.typing_api import PutAsideSerializer
from compliance.typing_patterns import CLOSED_AFTER
from compliance.wood_lot_api import OriginSerializer
from devices.calibrations import record_calibration
from devices.models import AssignmentHold, Calibration, MCUDevice
from devices.registration import make_claims
from devices.serializers import CalibrationInputSerializer
from emissions import rollups
from emissions.models import MeasuredAs, SensorChannel
from emissions.set_aside_api import SetAsideInputSerializer
from energy.local_unit_api import NewLocalUnitSerializer
from energy.models import EmissionFactor, EnergyEntry
from factories.choices import SourceKind
from factories.days import running_day
from factories.models import EmissionSource, Factory, Organisation
from factories.services import record_event
from lib.background import TaskState
from lib.files import ReceivedFile
from mqtt_ingest.channel_api import MeterInputSerializer
from mqtt_ingest.command_api import CommandInputSerializer
from mqtt_ingest.models import FirmwareImage
from mqtt_ingest.profile_api import NewProfileSerializer
from mqtt_ingest.roll_out import RollOutPlan, start_roll_out
from tests import make
from tests.alerts.test_models import make_alert
from tests.carbontrack.verification_world import add_verification
from tests.cast import with_token
from tests.compliance.report_world import log_october
from tests.compliance.typed_log import write_typed_log
from tests.leaderboard.build_days import make_network
from tests.mqtt_ingest.firmware import make_minutes, signed, use_key
from tests.shared import shared

_numbers = itertools.count(1)
PASSWORD = "carbontrack-demo"  # of the example of /api/login/


@dataclass(slots=True)
class World:
    """The rows, and who asks: an HQ manager with a token of their sign-in."""

    hq: User
    client: Client
    # how a path begins -> parameter -> value; of two that fit the longer wins
    path_values: dict[str, dict[str, Any]]
    # operation -> what has to happen before its example can succeed
    before: dict[str, Callable[[], object]] = field(default_factory=dict)
    # operation -> who asks instead: the operator of the server
    clients: dict[str, Client] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)


def make_world() -> World:
    _start_above_the_example_ids()
    organisation = make.make_organisation(name="KTDA")
    factory = make.make_factory(id=1, organisation=organisation, name="Litein Tea Factory", county="Kericho")
    device = make.make_device(factory=factory, device_id="litein-1")
    make.make_assignment(device=device, chimney=make.make_chimney(factory=factory, id=1))
    measured_at = datetime(2026, 11, 20, 6, tzinfo=UTC)
    make.make_readings(device, measured_at, 3)
    rollups.touch_period(device.pk, measured_at, None)
    rollups.roll_up_touched()
    hq = make.make_user(email="hq@demo.carbontrack.example", password=PASSWORD)
    make.make_membership(user=hq, role=Role.HQ_MANAGER, organisation=organisation)
    manager = make.make_user(id=1, email="manager@test.example", first_name="Kiprono")
    membership = make.make_membership(user=manager, role=Role.FACTORY_MANAGER, factory=factory)
    token = make.make_token(hq)
    client = Client(headers={"Authorization": f"Token {token}"})
    invited = make.make_invitation(hq, factory)
    example: Any = AcceptSerializer.Meta.swagger_schema_fields["example"]
    Invitation.objects.filter(token_sha256=link_digest(invited)).update(token_sha256=link_digest(example["token"]))
    make.make_invitation(hq, factory)
    request = make.make_access_request(organisation)
    entry = make.make_energy_entry(factory, user=hq)
    production = make.make_production(factory, user=hq)
    ensure_usual_rules()
    make_alert(factory, kind="sensor_silent", params={"device": "litein-1"})
    path_values: dict[str, dict[str, Any]] = {
        "factories": {"id": 1},
        "mcu-devices": _device_values(client),
        "chimneys": {"id": make.make_chimney(factory=factory).pk},  # no sensor is in it
        "emission-sources": {"id": factory.emission_sources.get(kind="genset").pk},
        "site-events": {"id": record_event(hq, factory, happened_at=measured_at, text="Boiler cleaned").pk},
        "energy-types": {"code": "firewood"},
        "emission-factors": {"id": EmissionFactor.objects.order_by("pk")[0].pk},
        "energy-entries": {"id": entry.pk, "import_id": make.make_import(manager, factory).pk},
        "production": {"id": production.pk, "import_id": make.make_import(make.make_user(), factory, "production").pk},
        "registrations": {"id": request.pk},
        "invitations": {"id": Invitation.objects.latest("pk").pk},
        "members": {"id": membership.pk},
        "tokens": {"token_key": token[:15]},
        # Made when a path asks for them, so that the example that makes one finds none there.
        "alerts": {"id": lambda: make_alert(factory, detail=str(next(_numbers))).pk},
        "alert-rules": {"id": lambda: _made(client, "alert-rules", NewRuleSerializer)},
        **{path: {"id": partial(_made, client, path, serializer)} for path, serializer in _MADE_BY_POST.items()},
        "sensor-channels": {"id": _channel(device)},
        "basis-locks": {"id": _basis_lock(device, hq)},
        "rejected-messages": {"id": make.make_rejected("litein-1", topic="tele/litein-1/SENSOR").group_id},
        "notices": {"id": lambda: _notice(client)},
    }
    world = World(hq, client, path_values)
    for path, serializer in _MADE_BY_POST.items():
        world.before[f"{path}_list"] = partial(_made, client, path, serializer)
    world.before |= {"notices_list": partial(_notice, client), "notice-channels_prove": _know_the_code}
    _with_operator(world, organisation)
    world.before["mcu-devices_set-aside_list"] = partial(_set_aside, client)
    world.before["mcu-devices_commands_list"] = partial(_command, client)
    _add_devices(world, device)
    world.before["factories_leaderboard"] = partial(make_network, organisation)
    world.before["members_undo"] = lambda: _ok(world.client.delete(f"/api/members/{membership.pk}/"))
    cache.clear()
    return world


def _add_typed_log(world: World, factory: Factory) -> None:
    last_closed = running_day(factory, timezone.now() - CLOSED_AFTER).day.replace(day=1) - timedelta(days=1)
    world.before["factories_typing_hints"] = partial(write_typed_log, factory, last_closed.replace(day=1))
    example: Any = PutAsideSerializer.Meta.swagger_schema_fields["example"]
    of_example = date.fromisoformat(example["month"])
    world.before["factories_typing_hints_put_aside"] = partial(write_typed_log, factory, of_example)


_MADE_BY_POST: dict[str, Any] = {
    "device-profiles": NewProfileSerializer,
    "targets": NewTargetSerializer,
    "local-units": NewLocalUnitSerializer,
    "notice-channels": NewChannelSerializer,
    "notice-gateways": NewGatewaySerializer,
    "roster-shifts": ShiftSerializer,
}


def _add_reports(world: World, factory: Factory) -> None:
    """Reports of 2025 in each state that an act needs; and the site is old enough to owe one."""
    organisation, year = factory.organisation, (date(2025, 1, 1), date(2025, 12, 31))

    def report(*, is_signed: bool = False, is_published: bool = False) -> int:
        site = make.make_factory(organisation=organisation)
        log_october(site, *(datetime(at, 1, 1, tzinfo=site.zone) for at in (2025, 2026)))
        made = life.draft(world.hq, "ghg_protocol", organisation, site, year, language="en")
        if is_signed or is_published:
            life.sign(world.hq, made.pk, name="Ann", role="Manager")
        if is_published:
            life.publish(world.hq, made.pk)
        return made.pk

    def batch() -> int:
        given = {"scheme": "ghg_protocol", "act": "draft", "language": "en", "state": TaskState.DONE}
        given |= {"period_start": year[0], "period_end": year[1], "finished_at": timezone.now()}
        return ReportBatch.objects.create(user=world.hq, organisation=organisation, **given).pk

    def recipient() -> int:
        return ReportRecipient.objects.create(organisation=organisation, email=f"r{next(_numbers)}@test.example").pk

    world.path_values |= {
        "compliance": {"id": report},
        "compliance/{id}/publish": {"id": partial(report, is_signed=True)},
        "compliance/{id}/supersede": {"id": partial(report, is_published=True)},
        "compliance/batches": {"id": batch},
        "compliance/recipients": {"id": recipient},
    }
    world.before |= {
        "compliance_list": report,
        "compliance_batches_list": batch,
        "compliance_recipients_list": recipient,
        "compliance_due": partial(
            Factory.objects.filter(pk=factory.pk).update, created_at=datetime.fromtimestamp(0, UTC)
        ),
    }
    add_verification(world, factory, partial(report, is_published=True))


def _channel(device: MCUDevice) -> int:
    """A counter of a site with the source that the example of a meter names."""
    example: Any = MeterInputSerializer.Meta.swagger_schema_fields["example"]
    fields = {"factory": device.factory, "kind": SourceKind.GRID, "name": "Second grid"}
    EmissionSource.objects.create(id=example["source"], **fields)
    return SensorChannel.objects.create(device=device, code="meter", unit="kWh", kind=MeasuredAs.COUNTER).pk


def _basis_lock(device: MCUDevice, hq: Any) -> int:
    """Of the boiler that the example names."""
    example: Any = NewBasisLockSerializer.Meta.swagger_schema_fields["example"]
    boiler = {"factory": device.factory, "kind": SourceKind.BOILER, "name": "Third boiler"}
    EmissionSource.objects.create(id=example["source"], **boiler)
    return make.make_basis_lock(device.factory, hq).pk


def _notice(client: Client) -> int:
    """The one with the code of a new channel."""
    return Delivery.objects.get(channel=_made(client, "notice-channels", NewChannelSerializer)).pk


def _know_the_code() -> None:
    channel, example = Channel.objects.get(), CodeSerializer.Meta.swagger_schema_fields["example"]
    channel.code_sha256, channel.code_sent_at = code_digest(channel, example["code"]), timezone.now()
    channel.save()


def _add_devices(world: World, device: MCUDevice) -> None:
    """Calibrations, holds and claim codes."""

    def claim() -> int:
        return make_claims(device.factory.organisation, world.hq)[0][0].pk

    _add_firmware(world, device.factory.organisation)
    _add_typed_log(world, device.factory)
    _add_evidence(world, device.factory.energy_entries.get())
    example: Any = OriginSerializer.Meta.swagger_schema_fields["example"]
    delivery = make.make_energy_entry(device.factory, kind="received")
    EnergyEntry.objects.filter(pk=delivery.pk).update(id=example["entry"])
    _add_reports(world, device.factory)
    world.path_values |= {
        "mcu-devices/{device_id}/calibrations": {"id": lambda: _calibration(device)},
        "mcu-devices/{device_id}/holds": {"id": lambda: _hold(device)},
        "device-claims": {"id": claim},
    }
    world.before |= {
        "mcu-devices_calibrations_list": partial(_calibration, device),
        "mcu-devices_calibrations_certificate_create": partial(Calibration.objects.update, certificate_sha256=""),
        "mcu-devices_holds_list": partial(_hold, device),
        "device-claims_list": claim,
    }


def _add_evidence(world: World, entry: EnergyEntry) -> None:
    world.path_values["evidence"] = {"id": lambda: make.make_evidence(world.hq, entry).pk}
    world.before["evidence_list"] = partial(make.make_evidence, world.hq, entry)
    world.before["evidence_create"] = partial(EnergyEntry.objects.filter(pk=entry.pk).update, id=1)


def _with_operator(world: World, organisation: Organisation) -> None:
    """The operator of the server, and an organisation without a manager where one is invited."""
    operator = make.make_user(is_superuser=True)
    world.people |= dict.fromkeys(("organisations_create", "organisations_invite"), operator)
    world.clients |= dict.fromkeys(
        ("organisations_create", "organisations_invite"), with_token(make.make_token(operator))
    )
    world.before["organisations_invite"] = Membership.objects.filter(role=Role.HQ_MANAGER).delete
    world.path_values["organisations"] = {"id": organisation.pk}
    world.path_values["site-sheets"] = {"id": SiteSheet.objects.create(**_a_preview(world.hq, organisation)).pk}


def _a_preview(hq: User, organisation: Organisation) -> dict[str, Any]:
    invited = Invitation.objects.filter(organisation=organisation).values_list("pk", flat=True)
    answer = {"rows": [], "invitation_ids": list(invited)}
    over = {"state": TaskState.DONE, "finished_at": timezone.now(), "status_code": 200, "answer": answer}
    return {"user": hq, "organisation": organisation, "is_dry_run": True, "language": "en", **over} | {
        "content": b"site,sector,altitude_m\nNew One,tea,1900\n"
    }


def _set_aside(client: Client) -> int:
    example: Any = SetAsideInputSerializer.Meta.swagger_schema_fields["example"]
    path = "/api/mcu-devices/litein-1/set-aside/"
    response = _ok(client.post(path, example | {"confirm": True}, content_type="application/json"))
    return int(response.json()["results"][0]["id"])


def _add_firmware(world: World, organisation: Organisation) -> None:
    def image() -> FirmwareImage:
        return FirmwareImage.objects.first() or _image(world.hq, organisation)

    world.path_values["firmware-images"] = {"id": lambda: image().pk}
    world.before["firmware-images_list"] = image
    world.before["firmware-images_roll-out_create"] = _measuring
    for name in ("list", "halt"):
        world.before[f"firmware-images_roll-out_{name}"] = lambda: start_roll_out(
            image(), RollOutPlan([_measuring()], []), world.hq
        )


def _image(hq: User, organisation: Organisation) -> FirmwareImage:
    fields = {"version": "9.9.0", "sha256": "0" * 64, "size_bytes": 6, "content": b"binary", "added_by": hq}
    fields["signature"] = signed(b"binary")
    return FirmwareImage.objects.create(organisation=organisation, **fields)


def _measuring() -> MCUDevice:
    """The device that gets an image first has readings of the last hour."""
    device = MCUDevice.objects.get(device_id="litein-1")
    make_minutes(device, timezone.now() - timedelta(minutes=30), timezone.now())
    return device


def _command(client: Client) -> str:
    path = "/api/mcu-devices/litein-1/commands/"
    response = client.post(path, CommandInputSerializer.Meta.swagger_schema_fields["example"], "application/json")
    return str(_ok(response).json()["id"])


def _device_values(client: Client) -> dict[str, Any]:
    return {
        "device_id": "litein-1",
        "id": lambda: _set_aside(client),
        "command_id": lambda: _command(client),
        "run_id": lambda: _run(client),
    }


def _run(client: Client) -> int:
    """An ended run of go / no-go."""
    path = "/api/mcu-devices/litein-1/go-no-go/"
    for act in ("start", "finish"):
        response = _ok(client.post(path, {"act": act}, content_type="application/json"))
    return int(response.json()["runs"][0]["id"])


def _calibration(device: MCUDevice) -> int:
    example: Any = dict(CalibrationInputSerializer.Meta.swagger_schema_fields["example"])
    moments = {name: datetime.fromisoformat(example.pop(name)) for name in ("calibrated_at", "valid_until")}
    file = ReceivedFile("c.pdf", b"%PDF-1.7\n%%EOF\n")
    return record_calibration(device, None, certificate=file, **example, **moments).pk


def _hold(device: MCUDevice) -> int:
    """Long before any reading: closing it changes no figure."""
    fields = {"registered": "200000", "reported": "600000", "starts_at": make.LONG_AGO, "stream": 99}
    return AssignmentHold.objects.create(assignment=device.assignments.get(), field="range_ppm", **fields).pk


def _ok(response: Any) -> Any:
    assert response.status_code < 300, response.content
    return response


def _made(client: Client, path: str, serializer: Any) -> int:
    """A row made by the example of its own POST."""
    example = serializer.Meta.swagger_schema_fields["example"]
    response = _ok(client.post(f"/api/{path}/", example, content_type="application/json"))
    return int(response.json()["id"])


def _start_above_the_example_ids() -> None:
    """Ids 1 to 999 are for rows that an example names."""
    with connection.cursor() as cursor:
        factories = ("factory", "organisation", "chimney", "emissionsource")
        for table in ("accounts_user", *(f"factories_{name}" for name in factories)):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "
                f"greatest(1000, (SELECT coalesce(max(id), 0) FROM {table})))"
            )


kept_world = shared("kept_world", make_world)


@pytest.fixture
def world(kept_world: World, settings: Any) -> World:
    use_key(settings)
    kept_world.hq.refresh_from_db()
    kept_world.client.cookies.clear()
    return kept_world
