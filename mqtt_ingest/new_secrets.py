"""A new password by the command `set_secret`, while the old one works until the device has come back with the new one.

1. The password is drawn and sealed; the command waits for the device. 2. The device keeps it beside the old one, and
acknowledges. 3. A broker that knows one password a login is told the new one, and cuts the connection. 4. The device
tries both passwords in turn, so it comes back; then the old one ends.

Between 2 and 3 the broker knows the old one alone. A device that connects again in that time is refused, goes back to
the old one and forgets the new one. So the broker is told only after an acknowledgement that is fresh, from a
connection that has held since the command was given; otherwise the same password is given again by a new command.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from devices import access, broker
from devices.models import DeviceSecret, MCUDevice
from lib.errors import ApiError
from lib.sealing import unseal
from mqtt_ingest.choices import CommandCause, CommandKind, CommandState
from mqtt_ingest.commands import KEPT_FOR, Sender, give_command, waiting
from mqtt_ingest.liveness import settled_at
from mqtt_ingest.models import WAITING_STATES, DeviceCommand

logger = logging.getLogger(__name__)

FRESH_FOR = timedelta(minutes=1)  # the job looks every 3 s; a broker that was away longer has lost the connections
RETURNS_WITHIN = timedelta(days=1)


def ask_new_secret(device: MCUDevice, sender: Sender) -> DeviceCommand:
    """Raises ApiError 409: `device_revoked`, `secret_on_its_way`, `broker_by_hand`."""
    if settings.MQTT_ACCESS == "EXTERNAL":
        words = _(
            "Logins are entered at this broker by hand (MQTT_ACCESS=EXTERNAL): make a new password and enter it there "
            "and in the device."
        )
        raise ApiError(409, "broker_by_hand", words)
    try:
        offered = access.offer_secret(device)
    except access.DeviceRevokedError as error:
        words = _("%(device)s is revoked: it takes no commands any more.") % {"device": device}
        raise ApiError(409, "device_revoked", words, params={"device": device.device_id}) from error
    # Given twice on one connection, the device would keep the new one as its old one too.
    was_sent = waiting().filter(device=device, kind=CommandKind.SET_SECRET, sent_count__gt=0).exists()
    if was_sent or offered.stored_at is not None:
        raise ApiError(409, "secret_on_its_way", _("A new password is on its way to this device: wait for its end."))
    (command,) = give_command([device], CommandKind.SET_SECRET, {}, sender)
    return command


def settle_secrets() -> int:
    """Take each offered password a step further; how many there are."""
    offered = list(DeviceSecret.objects.filter(is_offered=True, revoked_at=None).select_related("device"))
    for secret in offered:
        commands = secret.device.commands.filter(kind=CommandKind.SET_SECRET, created_at__gte=secret.created_at)
        _settle(secret, commands.first(), timezone.now())
    return len(offered)


def _settle(secret: DeviceSecret, command: DeviceCommand | None, now: datetime) -> None:
    holds = command is not None and _is_unbroken(secret.device, command)
    is_fresh = command is not None and now - (command.ended_at or now) < FRESH_FOR
    if secret.stored_at is None:
        if command is None or command.state != CommandState.ACKNOWLEDGED:
            if command is None or command.state not in WAITING_STATES:
                access.abandon_offered(secret)
            return
        if not (holds and is_fresh):
            _give_again(secret, now)
            return
        access.note_stored(secret, command.ended_at)
    elif _has_come_back(secret):
        access.confirm_offered(secret.pk)
        return
    elif _is_overdue(secret.stored_at, now) and not broker.is_dynamic():
        # The old one can be in force again without a visit. A plugin takes no stored hash: there it waits on.
        access.abandon_offered(secret)
        logger.warning("%s has not come back with its new password: the old one stays", secret.device)
        return
    elif secret.broker_at is not None or settings.MQTT_ACCESS == "DATABASE":
        return
    elif not holds or (broker.is_dynamic() and not is_fresh):
        access.note_stored(secret, None)
        _give_again(secret, now)
        return
    # With files `sync_broker` tells the broker, and the demo's broker asks us.
    if broker.is_dynamic():
        broker.put_login(secret.device_id, unseal(secret.sealed))


def _is_overdue(stored_at: datetime, now: datetime) -> bool:
    """While we were away it may have come back unseen."""
    settled = settled_at()
    return settled is not None and now - max(settled, stored_at) > RETURNS_WITHIN


def _is_unbroken(device: MCUDevice, command: DeviceCommand) -> bool:
    """Whether the connection that acknowledged it has held, and is that to which it was given."""
    is_same_boot = device.status.get("stream") == command.answered_stream
    return is_same_boot and (device.last_will_at is None or device.last_will_at < command.created_at)


def _give_again(secret: DeviceSecret, now: datetime) -> None:
    if now - secret.created_at > KEPT_FOR[CommandKind.SET_SECRET]:
        access.abandon_offered(secret)
        return
    give_command([secret.device], CommandKind.SET_SECRET, {}, Sender(cause=CommandCause.RESTART))


def _has_come_back(secret: DeviceSecret) -> bool:
    """On a connection made after the broker knew the new password alone. The demo's broker sees it by itself."""
    device = secret.device
    if secret.broker_at is None or secret.stored_at is None or not device.reported_online:
        return False
    # The plugin cuts the connection just before it is noted; files are read after they were written.
    since = secret.stored_at if broker.is_dynamic() else secret.broker_at
    return device.last_will_at is not None and device.last_will_at > since
