"""Logins at the broker: what the registry wants, told to Mosquitto by its plugin or by files.

MQTT_ACCESS says which: `DYNSEC` (at once, over `$CONTROL`), `FILES` (when `sync_broker` runs), `EXTERNAL` (somebody
enters them at EMQX, HiveMQ, ...), `DATABASE` (the demo broker asks our database). `DeviceSecret.broker_at` is null
while the broker has not confirmed that login's present state, so nothing is half done in silence.
"""

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from devices import dynsec
from devices.choices import BrokerState
from devices.credentials import INGEST_USER, TOPIC_ROOT, mosquitto_hash, verify
from devices.dynsec import ADMIN_USER, DynamicSecurity
from devices.foreign_topics import filters_in_use, topics_of
from devices.models import DeviceSecret, MCUDevice
from lib.broker_address import BrokerAddress
from lib.private_files import write_privately

logger = logging.getLogger(__name__)

GROUP = INGEST_USER  # of ingest workers that share the load
OFFLINE = b'{"v":1,"online":false}'  # the last will of a device; the plugin's cut sends none
_LOCK = 0x44594E53  # advisory lock class: one act at the broker at a time for each device
_DEVICE_ROLE = "device-"


def is_dynamic() -> bool:
    return bool(settings.MQTT_ACCESS == "DYNSEC")


def _password_of(url: str, user: str, setting: str) -> str:
    parts = urlsplit(url)
    if unquote(parts.username or "") != user or not parts.password:
        # With an empty password anyone who knows the name could read and write everything.
        raise ImproperlyConfigured(
            f"{setting} must name the user {user} and a password: mqtts://{user}:<password>@host:8883"
        )
    return unquote(parts.password)


def _ingest_password() -> str:
    return _password_of(settings.MQTT_BROKER_URL, INGEST_USER, "MQTT_BROKER_URL")


def _ingest_users() -> list[str]:
    """The lone worker and those with names, which sign in with the same password."""
    return [INGEST_USER, *(f"{INGEST_USER}-{name}" for name in settings.INGEST_WORKERS)]


def _in_force() -> Any:
    """One a device: a broker knows one password of a login. That is the offered one once the device has kept it."""
    known = Q(is_offered=False) | Q(stored_at__isnull=False)
    secrets = DeviceSecret.objects.filter(known, revoked_at=None, device__revoked_at=None)
    one_each = secrets.order_by("device__device_id", "-is_offered").distinct("device__device_id")
    return one_each.select_related("device__profile")


def _role_of(device: MCUDevice) -> dict[str, Any]:
    return dynsec.role_of_device(device.device_id, topics_of(device))


def _role_of_ingest() -> dict[str, Any]:
    return dynsec.role_of_ingest(GROUP, filters_in_use())


# --- At once, by the plugin -------------------------------------------------------------------------
def administrator() -> DynamicSecurity:
    return DynamicSecurity(BrokerAddress.from_url(settings.MQTT_ADMIN_URL, settings.MQTT_CA_FILE))


def require_reachable() -> None:
    """Before a password is drawn: it is known only now, so a broker that is away would leave the device without one.

    Raises BrokerUnreachableError.
    """
    if is_dynamic():
        with administrator():
            pass


def put_login(device_pk: int, password: str) -> bool:
    """Tell the broker the new password; clients that signed in with the old one are cut. False: it waits.

    Call it after the commit. A rotation that another one has overtaken tells nothing. Whatever fails is logged and
    stays visible as `BrokerState.UNCONFIRMED`: the password is not stored, so rotating again is the way out.
    """
    if not is_dynamic():
        return False
    try:
        with transaction.atomic():
            secret = _lock_newest(device_pk)
            is_ended = secret is None or secret.revoked_at is not None or secret.device.revoked_at is not None
            if secret is None or is_ended or not verify(password, secret.pbkdf2_sha512):
                return False
            _put(secret.device, password, is_new=secret.device.secrets.count() == 1)
            _mark(secret)
    except dynsec.BrokerUnreachableError as error:
        logger.error("The password of %s is not in force at the broker; rotate it again: %s", secret, error)
        return False
    return True


def _put(device: MCUDevice, password: str, *, is_new: bool) -> None:
    role = _role_of(device)
    login = dynsec.login(device.device_id, role["rolename"])
    commands = [{"command": "createRole", **role}, {"command": "createClient", "password": password, **login}]
    # Its rights too: a login of this name that somebody made before may have had others.
    commands.append({"command": "modifyClient", "password": password, **login})
    with administrator() as admin:
        admin.send(commands)
        if not is_new:
            _publish_offline(admin, device)
    if not is_new:
        _note_offline(device)


def put_rights(devices: Iterable[MCUDevice]) -> None:
    """Tell the broker the topics of these devices and of ingest, after the commit. Raises BrokerUnreachableError;
    `compare` then does it later. By files and by hand it waits for `sync_broker`."""
    if not is_dynamic():
        return
    with_login = [device for device in devices if device.secrets.filter(revoked_at=None).exists()]
    roles = [_role_of_ingest(), *map(_role_of, with_login)]
    with administrator() as admin:
        # The plugin cuts whoever has a role that is written, also unchanged: ingest must not go with each device.
        present = admin.roles()
        roles = [role for role in roles if not dynsec.are_same_rules(present.get(role["rolename"], []), role["acls"])]
        admin.send([{"command": "modifyRole", **role} for role in roles])


def remove_login(device_pk: int) -> None:
    """Take the login of a revoked device from the broker; its client is cut. Raises BrokerUnreachableError."""
    with transaction.atomic():
        secret = _lock_newest(device_pk)
        if secret is None or secret.device.revoked_at is None:
            return
        with administrator() as admin:
            admin.send(_removal(secret.device.device_id))
            _publish_offline(admin, secret.device)
        _note_offline(secret.device)
        _mark(secret)


def _removal(device_id: str) -> list[dynsec.Command]:
    role = dynsec.role_of_device(device_id)["rolename"]
    return [{"command": "deleteClient", "username": device_id}, {"command": "deleteRole", "rolename": role}]


def _publish_offline(admin: DynamicSecurity, device: MCUDevice) -> None:
    admin.publish(f"{TOPIC_ROOT}/{device.device_id}/status", OFFLINE)


def _note_offline(device: MCUDevice) -> None:
    """Only when the broker has answered: ingest waits for the row until the commit."""
    MCUDevice.objects.filter(pk=device.pk).update(reported_online=False, last_will_at=timezone.now())


def _lock_newest(device_pk: int) -> DeviceSecret | None:
    """The newest secret of the device, while nobody else acts for it. Not a row lock: ingest needs the row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, device_pk])
    return DeviceSecret.objects.filter(device=device_pk).select_related("device").order_by("-pk").first()


def _mark(secret: DeviceSecret) -> None:
    """Confirmed, unless it was rotated or revoked while the broker was told; then the next act confirms."""
    unchanged = Q(pk=secret.pk, revoked_at=secret.revoked_at)
    older = Q(device=secret.device_id, pk__lt=secret.pk)
    DeviceSecret.objects.filter(unchanged | older).update(broker_at=timezone.now())


def settle_revocations() -> int:
    """Remove the logins of revoked devices that the broker has not confirmed yet; returns how many were waiting."""
    if not is_dynamic():
        return 0
    waiting = DeviceSecret.objects.filter(broker_at=None, device__revoked_at__isnull=False)
    devices = set(waiting.values_list("device_id", flat=True))
    for device_pk in devices:
        remove_login(device_pk)
    return len(devices)


# --- What is true -----------------------------------------------------------------------------------
def broker_state(device: MCUDevice) -> BrokerState:
    """What the broker is known to do about this device. Uses prefetched `secrets`."""
    secrets = device.secrets.all()
    newest = max((one for one in secrets if not one.is_offered), key=lambda secret: secret.pk, default=None)
    is_revoked = device.revoked_at is not None
    if newest is None:
        return BrokerState.NONE
    if settings.MQTT_ACCESS == "EXTERNAL":
        return BrokerState.BY_HAND
    if not is_revoked and any(one.is_offered and one.revoked_at is None for one in secrets):
        return BrokerState.ROTATING
    if settings.MQTT_ACCESS == "DATABASE" or newest.broker_at is not None:
        return BrokerState.REMOVED if is_revoked else BrokerState.IN_FORCE
    if not is_dynamic():
        return BrokerState.WAITS
    return BrokerState.REMOVING if is_revoked else BrokerState.UNCONFIRMED


@dataclass(frozen=True, slots=True)
class Difference:
    """Between registry and broker; `is_mended` tells whether it was put right."""

    username: str
    what: str
    is_mended: bool


def compare(*, repair: bool = True) -> list[Difference]:
    """Registry against broker, login by login. Passwords cannot be read back; `broker_at` tells of those.

    Mended: logins of devices that the registry does not let in, other roles, rights or client ids than ours, logins of
    ingest. A login that is missing is named and its device shown as unconfirmed: only a new password or `--rebuild`
    brings it back. Logins that are not ours are left alone. Raises BrokerUnreachableError.
    """
    began = timezone.now()
    found: list[Difference] = []
    commands: list[dynsec.Command] = []
    with administrator() as admin:
        # The broker is read first: a device is in the registry before its login is there. One that was registered
        # since we began may be on its way.
        there, rights = {client["username"]: client for client in admin.clients()}, admin.roles()
        known = {secret.device.device_id: secret for secret in _in_force()}
        ours = {name: secret for name, secret in known.items() if name in there or secret.created_at < began}
        if admin.defaults() != dynsec.DENIED:
            found.append(Difference("every login", "allowed what no role of it allows", is_mended=repair))
            commands.append(dynsec.deny_by_default())
        for username in sorted(there.keys() | ours.keys() | set(_ingest_users())):
            what, mending = _difference(username, there.get(username), ours.get(username), rights)
            if what:
                found.append(Difference(username, what, is_mended=bool(mending) and repair))
                commands += mending
        if repair:
            admin.send(commands)
    missing = [ours[name].pk for name in ours.keys() - there.keys()]
    DeviceSecret.objects.filter(pk__in=missing, broker_at__lt=began).update(broker_at=None)
    return found


def _difference(
    username: str, client: dict[str, Any] | None, secret: DeviceSecret | None, rights: dict[str, list[dict[str, Any]]]
) -> tuple[str, list[dynsec.Command]]:
    """What is wrong with one login, and the commands that mend it; empty where all is well or it is not ours."""
    if username in _ingest_users():
        role = _role_of_ingest()
    elif secret is not None:
        role = _role_of(secret.device)
    else:
        names = [held["rolename"] for held in client["roles"]] if client else []
        is_ours = any(name.startswith(_DEVICE_ROLE) or name == "ingest" for name in names)
        return ("not in the registry, or revoked", _removal(username)) if is_ours else ("", [])
    wanted = dynsec.login(username, role["rolename"])
    make_role = [{"command": "createRole", **role}, {"command": "modifyRole", **role}]
    if client is None:
        if secret is not None:
            return "missing at the broker: rotate its password, or rebuild", []
        return "missing at the broker", [
            *make_role,
            {"command": "createClient", "password": _ingest_password(), **wanted},
        ]
    if client.get("disabled"):
        return "disabled at the broker", [{"command": "enableClient", "username": username}]
    held = [{"rolename": each["rolename"]} for each in client["roles"]]
    if held != wanted["roles"] or client.get("clientid") != wanted["clientid"]:
        return "with other roles or another client id", [*make_role, {"command": "modifyClient", **wanted}]
    if not dynsec.are_same_rules(rights[role["rolename"]], role["acls"]):
        return "with other rights than ours", [{"command": "modifyRole", **role}]
    return "", []


# --- By files -----------------------------------------------------------------------------------------
@contextmanager
def _written() -> Iterator[list[DeviceSecret]]:
    """The secrets in force, for a file. What it holds is in force once the broker reads it; what it leaves out is gone.

    Not what was rotated or revoked while it was written.
    """
    ended = Q(revoked_at__isnull=False) | Q(device__revoked_at__isnull=False)
    waiting = DeviceSecret.objects.filter(broker_at=None)
    ended_before = list(waiting.filter(ended).values_list("pk", flat=True))
    secrets = list(_in_force())
    yield secrets
    held = Q(pk__in=[secret.pk for secret in secrets], revoked_at=None, device__revoked_at=None)
    waiting.filter(held | Q(pk__in=ended_before)).update(broker_at=timezone.now())


def write_mosquitto_files(password_file: Path, acl_file: Path) -> int:
    """Write both files; returns how many devices may sign in. Mosquitto reads them again on SIGHUP."""
    ingest_password = _ingest_password()
    foreign = [f"topic read {each}" for each in filters_in_use()]
    ingest = [f"topic readwrite {TOPIC_ROOT}/#", *foreign, ""]
    acl = [line for user in _ingest_users() for line in (f"user {user}", *ingest)]
    with _written() as secrets:
        lines = [f"{user}:{mosquitto_hash(ingest_password)}" for user in _ingest_users()]
        lines += [f"{secret.device.device_id}:{secret.pbkdf2_sha512}" for secret in secrets]
        # One pattern serves all devices of our contract: each may use only topics with its own id.
        for secret in secrets:
            if topics := topics_of(secret.device):
                name = secret.device.device_id
                acl += [f"user {name}", f"topic deny {TOPIC_ROOT}/{name}/#", *(f"topic write {t}" for t in topics), ""]
        write_privately(password_file, "\n".join(lines) + "\n")
        write_privately(acl_file, "\n".join([*acl, f"pattern readwrite {TOPIC_ROOT}/%u/#"]) + "\n")
    return len(secrets)


def write_dynsec_file(path: Path) -> int:
    """The plugin's whole file from stored hashes: the first one, and after a loss. Returns the count of devices.

    Mosquitto must not run: it reads the file at its start only, and would write its own over it.
    """
    admin_password = _password_of(settings.MQTT_ADMIN_URL, ADMIN_USER, "MQTT_ADMIN_URL")
    hashes = {ADMIN_USER: mosquitto_hash(admin_password)}
    hashes |= {user: mosquitto_hash(_ingest_password()) for user in _ingest_users()}
    roles = {ADMIN_USER: dynsec.role_of_admin()} | dict.fromkeys(_ingest_users(), _role_of_ingest())
    with _written() as secrets:
        hashes |= {secret.device.device_id: secret.pbkdf2_sha512 for secret in secrets}
        roles |= {secret.device.device_id: _role_of(secret.device) for secret in secrets}
        content = {
            "defaultACLAccess": dynsec.DENIED,
            "clients": [
                dynsec.login(name, roles[name]["rolename"]) | dynsec.stored_hash(each) for name, each in hashes.items()
            ],
            "groups": [],
            "roles": list({role["rolename"]: role for role in roles.values()}.values()),
        }
        write_privately(path, json.dumps(content))
    return len(secrets)
