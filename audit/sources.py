"""The one table of what the audit log shows: each tracked model, and how a row leads to the people who may see it.

A change shows every column of the row that changed, except `HIDDEN`: these are technical, or say what the log says
anyway. Secrets are not in the history at all.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db.models import Model

from accounts.models import AccessRequest, ApiToken, Invitation, Membership, PasswordLink, SignOnProvider, User
from accounts.roles import Action
from alerts.models import AlertRule
from alerts.notice_models import Channel, Gateway, NoticeSettings, RosterPlace, RosterShift
from audit.models import Address, DataRead, SecondFactor
from compliance.models import (
    AuditFinding,
    BasisLock,
    ComplianceReport,
    Dispute,
    EnteredValue,
    ReportLink,
    ReportRecipient,
    Target,
    TypingNote,
    Verification,
    WoodOrigin,
)
from devices.models import (
    Assignment,
    AssignmentHold,
    Calibration,
    DeviceClaim,
    DeviceProfile,
    DeviceSecret,
    GoNoGoRun,
    InstallationCertificate,
    MCUDevice,
)
from energy.models import EmissionFactor, EnergyEntry, LocalUnit
from factories.models import Chimney, EmissionSource, Factory, Organisation, SiteEvent
from logbook.models import EvidenceFile
from mqtt_ingest.models import DeviceCommand, DeviceMeter, FirmwareImage, RollOut
from production.models import ProductionEntry

# Telemetry and counters of a device are in the row, but no event is written for them.
_TELEMETRY = {"firmware", "last_heartbeat", "reported_online", "last_will_at", "status"}
HIDDEN = _TELEMETRY | {
    "id",
    "created",
    "created_at",
    "changed_at",
    "changed_by",
    "recorded_by",
    "noted_by",
    "added_by",
    "set_by",
    "loaded_at",
    "client_id",
    "request_sha256",
    "last_act",
    "number_in_period",
    "warnings",
    "token_key",
}
# A number of these columns is in the unit that the column `unit` of its row names.
IN_ITS_UNIT = {"amount", "value", "base_value", "target_value"}


@dataclass(frozen=True, slots=True)
class Source:
    """`factory`, `organisation` and `person` lead from a row to its place or to the person it is about; empty: it has
    none. A row of a person is shown to the organisations in which they were members at that time."""

    model: type[Model]
    factory: str = ""
    organisation: str = ""
    person: str = ""
    identity: str = "pgh_obj_id"  # the same for all events of one row
    at: str = "pgh_created_at"
    key: str = "pgh_id"
    action: Action = Action.VIEW_AUDIT  # rows of a site are for those who may do this there, besides

    @property
    def code(self) -> str:
        return str(self.model._meta.model_name)

    @property
    def is_read(self) -> bool:
        return self.model is DataRead

    @property
    def rows(self) -> Any:
        return (DataRead if self.is_read else _events_of(self.model))._default_manager.all()


@cache
def _events_of(model: type[Model]) -> type[Model]:
    return next(found for found in apps.get_models() if getattr(found, "pgh_tracked_model", None) is model)


SOURCES = (
    Source(Organisation, organisation="id"),
    Source(Factory, factory="id", organisation="organisation"),  # also of a factory that is gone
    Source(Chimney, factory="factory"),
    Source(EmissionSource, factory="factory"),
    Source(SiteEvent, factory="factory"),
    Source(MCUDevice, factory="factory"),
    Source(DeviceClaim, organisation="organisation"),
    Source(DeviceProfile, organisation="organisation"),
    Source(DeviceSecret, factory="device__factory"),
    Source(Assignment, factory="factory"),
    Source(AssignmentHold, factory="assignment__factory"),
    Source(Calibration, factory="device__factory"),
    Source(GoNoGoRun, factory="device__factory"),
    Source(InstallationCertificate, factory="run__device__factory"),
    Source(DeviceCommand, factory="device__factory"),
    Source(DeviceMeter, factory="source__factory"),
    Source(FirmwareImage, organisation="organisation"),
    Source(RollOut, organisation="organisation"),
    Source(EnergyEntry, factory="factory"),
    Source(ProductionEntry, factory="factory"),
    Source(LocalUnit, factory="factory"),
    Source(EvidenceFile, factory="factory", organisation="organisation"),
    Source(EmissionFactor, organisation="organisation"),
    Source(Target, factory="factory", organisation="organisation"),
    Source(TypingNote, factory="factory", action=Action.SEE_TYPING_HINTS),
    Source(WoodOrigin, factory="entry__factory"),
    Source(ComplianceReport, factory="factory", organisation="organisation"),
    Source(EnteredValue, factory="report__factory", organisation="report__organisation"),
    Source(ReportRecipient, organisation="organisation"),
    Source(ReportLink, factory="report__factory", organisation="report__organisation"),
    Source(Verification, factory="report__factory", organisation="report__organisation"),
    Source(AuditFinding, factory="verification__report__factory", organisation="verification__report__organisation"),
    Source(Dispute, factory="factory"),
    Source(BasisLock, factory="factory"),
    Source(AlertRule, factory="factory", organisation="organisation"),
    Source(Gateway, organisation="organisation"),
    Source(RosterShift, factory="factory", organisation="organisation"),
    Source(RosterPlace, organisation="shift__organisation"),
    Source(Channel, person="user"),
    Source(NoticeSettings, person="user"),
    Source(SignOnProvider, organisation="organisation"),
    Source(Membership, factory="factory", organisation="organisation"),
    Source(Invitation, factory="factory", organisation="organisation"),
    Source(AccessRequest, organisation="organisation"),
    Source(User, person="id"),
    Source(Address, person="user"),
    Source(SecondFactor, person="user"),
    Source(PasswordLink, person="user"),
    Source(ApiToken, factory="factory", person="user", identity="token_key"),
    Source(DataRead, factory="factory", organisation="organisation", at="first_at", key="id"),
)
BY_CODE = {source.code: source for source in SOURCES}
