"""The list of a device's commands in words."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import dateformat
from django.utils.translation import gettext as _

from devices.models import MCUDevice
from mqtt_ingest.choices import CommandCause, CommandKind, CommandState
from mqtt_ingest.models import WAITING_STATES, DeviceCommand

SHOWN = 50
_BADGES = {CommandState.ACKNOWLEDGED: "fine", CommandState.FAILED: "look", CommandState.EXPIRED: "look"}
# Certificates, addresses and checksums are long, and nobody reads them.
_UNREAD = (CommandKind.SET_CA, CommandKind.UPDATE_FIRMWARE)


@dataclass(frozen=True, slots=True)
class CommandRow:
    command_id: str
    kind: str
    arguments: str
    given: str  # when, by whom
    why: str
    state: str
    badge: str  # fine, look or none
    note: str  # how far it came, or the device's words
    can_withdraw: bool


def command_rows(device: MCUDevice) -> list[CommandRow]:
    return [_row(one, device) for one in device.commands.select_related("given_by")[:SHOWN]]


def _row(command: DeviceCommand, device: MCUDevice) -> CommandRow:
    def local(moment: datetime | None) -> str:
        return dateformat.format(moment.astimezone(device.factory.zone), "j M Y H:i") if moment else ""

    shown = {} if command.kind in _UNREAD else command.arguments
    notes = {
        CommandState.QUEUED: _("goes out when the device is on line, until %(when)s")
        % {"when": local(command.expires_at)},
        CommandState.SENT: _("sent %(count)d times, last at %(when)s; again each minute until %(until)s")
        % {"count": command.sent_count, "when": local(command.last_sent_at), "until": local(command.expires_at)},
        CommandState.FAILED: _("The device says: %(words)s") % {"words": command.error or "…"},
    }
    state = CommandState(command.state)
    cause = "" if command.cause == CommandCause.PERSON else command.get_cause_display()
    by = {"who": command.given_by or _("the server"), "when": local(command.created_at)}
    return CommandRow(
        command_id=command.command_id,
        kind=command.get_kind_display(),
        arguments=", ".join(f"{name} {_shown(value)}" for name, value in shown.items()),
        given=_("%(who)s, %(when)s") % by,
        why=": ".join(filter(None, (cause, command.reason))),
        state=command.get_state_display(),
        badge=_BADGES.get(state, ""),
        note=notes.get(state) or local(command.ended_at),
        can_withdraw=state in WAITING_STATES,
    )


def _shown(value: object) -> str:
    return _("none") if value is None else f"{value:,g}" if isinstance(value, float) else str(value)
