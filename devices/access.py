"""Acts on the login of a device: a new password, and the end of it. Registry first, then the broker (`broker.py`)."""

import logging

from django.db import transaction
from django.utils import timezone

from devices import broker
from devices.credentials import mosquitto_hash, new_secret
from devices.dynsec import BrokerUnreachableError
from devices.models import DeviceSecret, MCUDevice

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
        row = MCUDevice.objects.select_for_update().get(pk=device.pk)  # otherwise two rotations would both insert one
        if row.revoked_at is not None:
            raise DeviceRevokedError(f"{device} is revoked")
        _end_secrets(device)
        DeviceSecret.objects.create(device=device, pbkdf2_sha512=mosquitto_hash(secret))
        transaction.on_commit(lambda: broker.put_login(device.pk, secret))
    return secret


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
    DeviceSecret.objects.filter(device=device, revoked_at=None).update(revoked_at=timezone.now(), broker_at=None)


def _remove(device_pk: int) -> None:
    try:
        if broker.is_dynamic():
            broker.remove_login(device_pk)
    except BrokerUnreachableError as error:
        logger.warning("A revoked device is not cut yet, the worker tries again: %s", error)
