"""The list of a device's commands in words."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import dateformat
from django.utils.translation import gettext as _

from devices.models import MCUDevice
from mqtt_ingest.choices import CommandCause, CommandKind, CommandState
from mqtt_ingest.models import WAITING_STATES, DeviceCommand
from portal.commands.forms import EXPLAINED

SHOWN = 50
_BADGES = {CommandState.ACKNOWLEDGED: "fine", CommandState.FAILED: "look", CommandState.EXPIRED: "look"}


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


@dataclass(frozen=True, slots=True)
class KindChoice:
    value: str
    label: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class CommandsPage:
    device: MCUDevice
    rows: list[CommandRow]
    choices: list[KindChoice]
    explained: str
    is_revoked: bool


def commands_page(device: MCUDevice, kind: CommandKind) -> CommandsPage:
    found = DeviceCommand.objects.filter(device=device).select_related("given_by", "device__factory")
    return CommandsPage(
        device=device,
        rows=[_row(one) for one in found[:SHOWN]],
        choices=[KindChoice(one.value, str(one.label), one == kind) for one in EXPLAINED],
        explained=str(EXPLAINED[kind]),
        is_revoked=device.revoked_at is not None,
    )


def _row(command: DeviceCommand) -> CommandRow:
    def local(moment: datetime | None) -> str:
        return dateformat.format(moment.astimezone(command.device.factory.zone), "j M Y H:i") if moment else ""

    state = CommandState(command.state)
    by = command.given_by or _("the server")
    # Certificates and addresses with a token are long, and nobody reads them.
    is_shown = command.kind not in (CommandKind.SET_CA, CommandKind.UPDATE_FIRMWARE)
    notes = {
        CommandState.QUEUED: _("goes out when the device is on line, until %(when)s")
        % {"when": local(command.expires_at)},
        CommandState.SENT: _("sent %(count)d times, last at %(when)s; again each minute until %(until)s")
        % {"count": command.sent_count, "when": local(command.last_sent_at), "until": local(command.expires_at)},
        CommandState.FAILED: _("The device says: %(words)s") % {"words": command.error or "…"},
    }
    cause = "" if command.cause == CommandCause.PERSON else str(CommandCause(command.cause).label)
    return CommandRow(
        command_id=command.command_id,
        kind=str(CommandKind(command.kind).label),
        arguments=", ".join(f"{name} {_shown(value)}" for name, value in command.arguments.items()) if is_shown else "",
        given=_("%(who)s, %(when)s") % {"who": by, "when": local(command.created_at)},
        why=": ".join(filter(None, (cause, command.reason))),
        state=str(state.label),
        badge=_BADGES.get(state, ""),
        note=notes.get(state) or local(command.ended_at),
        can_withdraw=state in WAITING_STATES,
    )


def _shown(value: object) -> str:
    return _("none") if value is None else f"{value:,g}" if isinstance(value, float) else str(value)
