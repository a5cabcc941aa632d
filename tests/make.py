"""Builders: each fills in all that a test does not name. No database fixtures, no factory library."""

import io
import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from PIL import Image

from accounts.grants import Grant
from accounts.invitations import invite
from accounts.models import AccessRequest, ApiToken, Membership, User
from accounts.roles import Role, Scope
from compliance.inventory.locks import lock_basis
from compliance.models import BasisLock, Target
from compliance.services import TargetInput, set_target
from devices.access import rotate_secret
from devices.choices import Co2Basis, PressureCompensation
from devices.models import Assignment, MCUDevice
from emissions.models import STREAM_OFFSET, Emission, SubstitutedHour
from emissions.partitions import ensure_partitions
from energy.models import EnergyEntry
from energy.services import EntryInput, energy_log
from factories.models import Chimney, Factory, Organisation
from factories.sectors import SECTORS
from factories.services import add_chimney, create_factory, create_organisation
from lib.files import ReceivedFile
from logbook import evidence
from logbook.models import EvidenceFile, SheetImport
from mqtt_ingest.models import RejectedGroup, RejectedMessage
from production.models import ProductionEntry
from production.services import ProductionInput, production_log

_numbers = itertools.count(1)
LONG_AGO = datetime(2025, 11, 1, tzinfo=UTC)
PASSWORD = "correct horse battery"


def make_user(**fields: Any) -> User:
    fields.setdefault("email", f"user{next(_numbers)}@test.example")
    fields = {"password": PASSWORD, "email_is_proven": True} | fields
    return User.objects.create_user(**fields)


def make_organisation(**fields: Any) -> Organisation:
    fields.setdefault("name", f"Organisation {next(_numbers)}")
    fields.setdefault("country", "KE")
    return create_organisation(None, **fields)


def make_factory(**fields: Any) -> Factory:
    organisation = fields.pop("organisation", None) or make_organisation()
    fields.setdefault("name", f"Factory {next(_numbers)}")
    fields.setdefault("altitude_m", 2000.0)
    fields.setdefault("county", "Kericho")
    fields.setdefault("sector", "tea")
    fields.setdefault("time_zone", "Africa/Nairobi")
    if SECTORS[fields["sector"]].has_methane and "mine_class" not in fields:
        mine = create_factory(organisation, mine_class="opencast", **fields)
        mine.emission_sources.filter(kind="mine_methane").delete()  # tests that need methane say its class
        return mine
    return create_factory(organisation, **fields)


def make_membership(*, user: User, role: Role, **scope: Any) -> Membership:
    if "organisation" not in scope:
        scope["organisation"] = scope["factory"].organisation
    return Membership.objects.create(user=user, role=role, **scope)


def make_invitation(by: User, factory: Factory, *, role: Role = Role.FACTORY_MANAGER, **contact: str) -> str:
    """An open invitation into a factory; returns what stands in its link."""
    grant = Grant(organisation_id=factory.organisation_id, role=role, factory_id=factory.pk)
    _invitation, token = invite(by, grant, **contact)
    return token


def make_access_request(organisation: Organisation | None, **fields: Any) -> AccessRequest:
    fields = {"phone": f"+2547{next(_numbers):08}", "first_name": "Asks", "place": "Litein"} | fields
    return AccessRequest.objects.create(organisation=organisation, **fields)


def make_chimney(**fields: Any) -> Chimney:
    factory = fields.pop("factory", None) or make_factory()
    if "width_m" not in fields:
        fields.setdefault("diameter_m", 0.9)
    fields.setdefault("velocity_profile_factor", 1.0)
    return add_chimney(factory, fields.pop("name", None), **fields)


def make_device(**fields: Any) -> MCUDevice:
    fields.setdefault("factory", None)
    fields["factory"] = fields["factory"] or make_factory()
    fields.setdefault("device_id", f"device-{next(_numbers)}")
    return MCUDevice.objects.create(**fields)


def make_rejected(device_id: str = "kiln-1", payload: bytes = b"{", **fields: Any) -> RejectedMessage:
    """A refused message that is kept, in its group."""
    fields = {
        "received_at": datetime.now(UTC),
        "topic": f"carbontrack/v1/{device_id}/readings",
        "reason": "not_json",
        "payload": payload,
        "payload_bytes": len(payload),
    } | fields
    group, is_new = RejectedGroup.objects.get_or_create(
        topic_device_id=device_id,
        reason=fields["reason"],
        shape="",
        defaults={"count": 1, "first_at": fields["received_at"], "last_at": fields["received_at"]},
    )
    if not is_new:
        group.count += 1
        group.last_at = max(group.last_at, fields["received_at"])
        group.save()
    return RejectedMessage.objects.create(group=group, topic_device_id=device_id, **fields)


def make_device_with_secret(**fields: Any) -> tuple[MCUDevice, str]:
    device = make_device(**fields)
    return device, rotate_secret(device)


def make_assignment(**fields: Any) -> Assignment:
    device = fields.pop("device", None)
    chimney = fields.pop("chimney", None) or make_chimney(**({"factory": device.factory} if device else {}))
    device = device or make_device(factory=chimney.factory)
    fields.setdefault("valid_from", LONG_AGO)
    fields.setdefault("co2_basis", Co2Basis.WET)
    fields.setdefault("pressure_compensation", PressureCompensation.NONE)
    return Assignment.objects.create(device=device, chimney=chimney, factory=device.factory, **fields)


def make_substitute(assignment: Assignment, start: datetime, record_ug: int, **fields: Any) -> SubstitutedHour:
    known = {"status": "substituted", "method": "fuel_based", "rule": "fuel", "record_ug": record_ug}
    errors = {"fuel_sigma_ug": 0, "bias_ug": 0, "variance_kg2": 0.0, "takes_from_stack": False, "method_version": "2"}
    return SubstitutedHour.objects.create(
        device_id=assignment.device_id, assignment=assignment, period_start=start, **(known | errors | fields)
    )


def make_energy_entry(factory: Factory | None = None, *, user: User | None = None, **fields: Any) -> EnergyEntry:
    """24 stere of firewood on 20 November 2026, recorded as the product does it; `client_id` goes with it."""
    client_id = fields.pop("client_id", None)
    fields = {
        "energy_type": "firewood",
        "amount": Decimal("24"),
        "unit": "stere",
        "timestamp": datetime(2026, 11, 20, 9, tzinfo=UTC),
    } | fields
    data = EntryInput(**fields)
    return energy_log.record(user, factory or make_factory(), data, client_id=client_id).entry


def _red_pixel() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (1, 1), (255, 0, 0)).save(made, "PNG")
    return made.getvalue()


PNG = _red_pixel()


def make_evidence(user: User, entry: EnergyEntry, content: bytes = PNG, name: str = "stack.png") -> EvidenceFile:
    return evidence.add(user, "energy_entry", entry.pk, ReceivedFile(name, content), note="the stack before the shift")


def make_bill(factory: Factory, kwh: int | str, start: datetime, end: datetime, **fields: Any) -> EnergyEntry:
    """Electricity over a period."""
    period = {"timestamp": None, "period_start": start, "period_end": end}
    return make_energy_entry(factory, energy_type="electricity", amount=Decimal(kwh), unit="kWh", **(period | fields))


def make_import(user: User, factory: Factory, app: str = "energy", **fields: Any) -> SheetImport:
    """An uploaded sheet of two hours, of electricity or made tea."""
    of_app = {
        "energy": {"energy_type": "electricity", "unit": "kWh"},
        "production": {"product": "made_tea", "unit": "kg"},
    }
    columns = {"time_column": "time", "value_column": "amount", "time_is": "end", **of_app[app]}
    return SheetImport.objects.create(
        **{"user": user, "factory": factory, "app": app, "arguments": columns, "is_dry_run": False, "language": "en"}
        | {"content": b"time,amount\n2025-11-20 01:00,5\n2025-11-20 02:00,6\n"}
        | fields
    )


def make_production(factory: Factory | None = None, *, user: User | None = None, **fields: Any) -> ProductionEntry:
    """11,500 kg of made tea on 20 November 2026, recorded as the product does it; `client_id` goes with it."""
    client_id = fields.pop("client_id", None)
    fields = {
        "product": "made_tea",
        "amount": Decimal("11500"),
        "timestamp": datetime(2026, 11, 20, 9, tzinfo=UTC),
    } | fields
    if fields.get("period_start"):
        fields["timestamp"] = None
    data = ProductionInput(**fields)
    return production_log.record(user, factory or make_factory(), data, client_id=client_id).entry


def make_target(factory: Factory | None = None, **fields: Any) -> Target:
    """An intensity of 0.14 kg CO2e per kg in 2024, to be 0.08 in 2030; of a factory, set as the product does it."""
    factory = factory or make_factory()
    fields = {
        "metric": "intensity",
        "base_year": 2024,
        "base_value": Decimal("0.14"),
        "target_year": 2030,
        "target_value": Decimal("0.08"),
    } | fields
    return set_target(None, factory.organisation, TargetInput(**fields), factory=factory)


def make_basis_lock(factory: Factory, user: User) -> BasisLock:
    """The CO2 of the boiler counts as calculated from November 2026 on."""
    boiler = factory.emission_sources.filter(kind="boiler").earliest("pk")
    return lock_basis(user, boiler, "calculated", date(2026, 11, 1), "The sensor is in repair.")[0]


def make_token(user: User, *scopes: Scope, **fields: Any) -> str:
    """The token's text, as a client sends it."""
    fields = {"session_hash": user.get_session_auth_hash(), "scopes": list(scopes) or [Scope.ALL]} | fields
    _record, token = ApiToken.objects.create(user=user, **fields)
    return token


def make_readings(
    device: MCUDevice, start: datetime, count: int, *, stream: int = 7, first_seq: int = 1, **fields: Any
) -> list[Emission]:
    """Stored readings `interval_s` apart from `start`, all alike; values that vary are given as functions of i."""
    fields = {"co2_ppm": 96_000.0, "temperature_c": 210.0, "velocity_ms": 4.1, "pressure_pa": 79_495.5} | fields
    interval_s = fields.setdefault("interval_s", 5.0)
    rows = []
    for i in range(count):
        t = start + timedelta(seconds=interval_s) * i
        values = {name: value(i) if callable(value) else value for name, value in fields.items()}
        values.setdefault("received_at", t + timedelta(seconds=1))
        rows.append(Emission(device=device, timestamp=t, stream=stream - STREAM_OFFSET, seq=first_seq + i, **values))
    if rows:
        ensure_partitions(rows[0].timestamp, rows[-1].timestamp)
    return Emission.objects.bulk_create(rows)
