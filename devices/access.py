"""Acts on the login of a device: a new password, and the end of it. Registry first, then the broker (`broker.py`)."""

import logging
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from devices import broker
from devices.credentials import check_broker_login, mosquitto_hash, new_secret, offered_login
from devices.dynsec import BrokerUnreachableError
from devices.models import DeviceSecret, MCUDevice
from lib.sealing import seal

logger = logging.getLogger(__name__)


class DeviceRevokedError(RuntimeError):
    """A revoked device gets no password again; it is provisioned under a new id."""


def rotate_secret(device: MCUDevice) -> str:
    """A new password for the device; the previous one stops working, and the broker cuts who uses it.

    It is returned once and kept only as a hash. Refused with BrokerUnreachableError, before anything changes, while a
    broker that we administer is away: the password could be told to it only now. After the commit `broker_state` says
    whether it is in force there. Raises DeviceRevokedError.
    """
    broker.require_reachable()
    secret = new_secret()
    with transaction.atomic():
        _lock_in_use(device)
        _end_secrets(device)
        DeviceSecret.objects.create(device=device, pbkdf2_sha512=mosquitto_hash(secret))
        transaction.on_commit(lambda: broker.put_login(device.pk, secret))
    return secret


def _lock_in_use(device: MCUDevice) -> None:
    """Otherwise two rotations would both insert a password."""
    if MCUDevice.objects.select_for_update().get(pk=device.pk).revoked_at is not None:
        raise DeviceRevokedError(f"{device} is revoked")


# --- A new password by command, with both in use meanwhile ---------------------------------------
def offer_secret(device: MCUDevice) -> DeviceSecret:
    """Draw a password that the device shall be given by command; the one in force stays in force.

    One that is offered already stays: the device may have kept it. Raises DeviceRevokedError.
    """
    with transaction.atomic():
        _lock_in_use(device)
        offered = DeviceSecret.objects.filter(device=device, revoked_at=None, is_offered=True).first()
        if offered is None:
            secret = new_secret()
            offered = DeviceSecret.objects.create(
                device=device, pbkdf2_sha512=mosquitto_hash(secret), sealed=seal(secret), is_offered=True
            )
    return offered


def note_stored(offered: DeviceSecret, stored_at: datetime | None) -> None:
    """The device has kept it, from then on the broker may know it; None: the device went back to the old one."""
    DeviceSecret.objects.filter(pk=offered.pk, is_offered=True).update(stored_at=stored_at)


def confirm_offered(pk: int) -> None:
    """The device has come back with the offered password: the old one ends. Idempotent, safe twice at once."""
    with transaction.atomic():
        offered = DeviceSecret.objects.select_for_update().filter(pk=pk, is_offered=True, revoked_at=None).first()
        if offered is None:
            return
        old = DeviceSecret.objects.filter(device=offered.device_id, revoked_at=None, is_offered=False)
        now = timezone.now()
        old.update(revoked_at=now, broker_at=now)  # a broker knows one password a login, so it is gone there too
        offered.is_offered, offered.sealed = False, ""
        offered.save(update_fields=["is_offered", "sealed"])


def let_in(client_id: str, username: str, password: str) -> bool:
    """`check_broker_login` for a broker that asks us: it sees which password a device comes back with."""
    if not check_broker_login(client_id, username, password):
        return False
    if (offered := offered_login(username, password)) is not None:
        confirm_offered(offered)
    return True


def abandon_offered(offered: DeviceSecret) -> None:
    """The device does not have it: the old one stays."""
    DeviceSecret.objects.filter(pk=offered.pk, is_offered=True).update(revoked_at=timezone.now(), sealed="")


def revoke_device(device: MCUDevice) -> None:
    """Its login ends, for good: the broker cuts it, ingest refuses what still comes. Idempotent.

    A broker that is away is told by the worker when it is back (`jobs.py`); that needs no password.
    """
    with transaction.atomic():
        row = MCUDevice.objects.select_for_update().get(pk=device.pk)
        if row.revoked_at is None:
            row.revoked_at = timezone.now()
            row.save(update_fields=["revoked_at"])
            _end_secrets(device)
            transaction.on_commit(lambda: _remove(device.pk))
    device.refresh_from_db()


def _end_secrets(device: MCUDevice) -> None:
    DeviceSecret.objects.filter(device=device, revoked_at=None).update(
        revoked_at=timezone.now(), broker_at=None, sealed=""
    )


def _remove(device_pk: int) -> None:
    try:
        if broker.is_dynamic():
            broker.remove_login(device_pk)
    except BrokerUnreachableError as error:
        logger.warning("A revoked device is not cut yet, the worker tries again: %s", error)
