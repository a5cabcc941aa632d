"""Registers devices: by hand, or by a claim code that was printed before anybody knew the site.

A code has 50 random bits, is shown once, works once, until it expires, for people who manage devices in its
organisation; who tries wrong ones has ten an hour.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import visible_to
from accounts.roles import Action
from devices.access import rotate_secret
from devices.models import DeviceClaim, MCUDevice
from devices.mounting import Mounting, mount
from devices.services import ProvisionedDevice, describe
from factories.corrections import lock_site
from factories.days import local_hour_start
from factories.models import Chimney, Factory, Organisation
from factories.queries import find_factory
from factories.services import add_chimney, require_in_use
from lib import limits

# Without 0 and O, 1 and I, which a person reads one for the other from a label.
ALPHABET, CODE_LENGTH = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ", 10
LASTS_DAYS, MOST_DAYS, MOST_CODES = 90, 365, 100
TRIES, TRIES_PERIOD_S = 10, 3600


@dataclass(frozen=True, slots=True)
class Geometry:
    """The chimney of a new device, as given to `provision_device`; None means not given, and nothing is assumed."""

    chimney_name: str | None = None
    width_m: float | None = None
    height_m: float | None = None
    diameter_m: float | None = None
    profile: float | None = None

    @property
    def says_dimensions(self) -> bool:
        return (self.width_m, self.height_m, self.diameter_m) != (None, None, None)


# --- Codes -------------------------------------------------------------------------------------
def as_printed(code: str) -> str:
    return f"{code[:5]}-{code[5:]}"


def _digest(code: str) -> str:
    """Keyed, because 50 bits alone could be guessed from a copy of the table."""
    plain = "".join(code.split()).replace("-", "").upper()
    return salted_hmac("devices.claim", plain, algorithm="sha256").hexdigest()


@transaction.atomic
def make_claims(
    organisation: Organisation,
    user: User,
    *,
    count: int = 1,
    serial_numbers: Sequence[str] = (),
    lasts_days: int = LASTS_DAYS,
    **told: Any,
) -> list[tuple[DeviceClaim, str]]:
    """New codes, one for each serial number, or `count` without any. `told`: fields of DeviceClaim, of all of them.

    Raises ValidationError by field.
    """
    serials = [serial.strip() for serial in serial_numbers if serial.strip()] or [""] * count
    if not 1 <= len(serials) <= MOST_CODES:
        words = _("%(count)d devices: make 1 to %(most)d at a time.") % {"count": len(serials), "most": MOST_CODES}
        raise ValidationError({"count": ValidationError(words, code="too_many")})
    if not 1 <= lasts_days <= MOST_DAYS:
        words = _("A code lasts from 1 to %(most)d days.") % {"most": MOST_DAYS}
        raise ValidationError({"lasts_days": ValidationError(words, code="out_of_range")})
    made = []
    for serial in serials:
        code = "".join(secrets.choice(ALPHABET) for _number in range(CODE_LENGTH))
        claim = DeviceClaim(
            organisation=organisation,
            code_digest=_digest(code),
            device_id=f"ct-{secrets.token_hex(4)}",
            serial_number=serial,
            made_by=user,
            expires_at=timezone.now() + timedelta(days=lasts_days),
            **told,
        )
        claim.full_clean()
        claim.save()
        made.append((claim, code))
    return made


def withdraw(claim: DeviceClaim) -> None:
    """Its code opens nothing any more. Raises ValidationError if it was used."""
    if not DeviceClaim.objects.filter(pk=claim.pk, claimed_at=None).update(withdrawn_at=timezone.now()):
        raise ValidationError(_("This code was used; its device is registered."), code="claim_used")
    claim.refresh_from_db()


def managed_organisations(user: Any) -> set[int]:
    """The organisations in which the user manages devices, anywhere."""
    sites = visible_to(user, Factory.objects.all(), factory_path="", action=Action.MANAGE_DEVICES)
    return set(sites.values_list("organisation_id", flat=True))


def find_claim(user: User, code: str, organisations: Collection[int]) -> DeviceClaim:
    """What a code stands for, in the organisations of this person. Every wrong try counts.

    Raises ValidationError on `claim_code`; limits.TooOftenError. Call it outside of a transaction that may be rolled
    back, since that would forget the try.
    """
    key = f"claim-code:{user.pk}"
    limits.take(key, TRIES, TRIES_PERIOD_S)
    claim = DeviceClaim.objects.filter(code_digest=_digest(code), organisation__in=organisations).first()
    if claim is None or claim.withdrawn_at is not None:
        raise _unknown_claim()
    limits.give_back(key)
    _require_open(claim)
    return claim


def _unknown_claim() -> ValidationError:
    words = _("This code is not known. Read it again from the label; after ten wrong ones wait for an hour.")
    return ValidationError({"claim_code": ValidationError(words, code="unknown_claim")})


def _require_open(claim: DeviceClaim) -> None:
    if claim.withdrawn_at is not None:  # since it was found
        raise _unknown_claim()
    if claim.claimed_at is not None:
        words = _("This code was used on %(day)s; the device is %(device)s.")
        params = {"day": f"{claim.claimed_at:%Y-%m-%d}", "device": claim.device_id}
        raise ValidationError({"claim_code": ValidationError(words, code="claim_used", params=params)})
    if claim.expires_at <= timezone.now():
        words = _("This code expired on %(day)s. Ask for a new one.")
        params = {"day": f"{claim.expires_at:%Y-%m-%d}"}
        raise ValidationError({"claim_code": ValidationError(words, code="claim_expired", params=params)})


# --- Devices -----------------------------------------------------------------------------------
def new_device_id(factory: Factory) -> str:
    """The next free id with the name of the site: litein-2 where there is a litein-1."""
    stem = slugify(factory.name.casefold().removesuffix(" tea factory"))[:50].strip("-") or "device"
    taken = set(MCUDevice.objects.filter(device_id__startswith=f"{stem}-").values_list("device_id", flat=True))
    return next(name for number in range(1, len(taken) + 2) if (name := f"{stem}-{number}") not in taken)


@transaction.atomic
def register_device(
    factory: Factory,
    user: User | None,
    *,
    device_id: str | None = None,
    claim: DeviceClaim | None = None,
    mounting: Mounting | None = None,
    **facts: Any,
) -> ProvisionedDevice:
    """A new device of a site with its password, which is shown this once; with `mounting` on its chimney.

    With a claim it has the id and the facts of that; stated `facts`, fields of the device, win. Of two who use one code
    at once, the second is told that it was used.

    Raises ValidationError by field; ApiError 409 for an archived site; BrokerUnreachableError.
    """
    lock_site(factory)  # two registrations at once draw two ids
    require_in_use(factory)
    if mounting is not None:
        _refuse_swap_in_past(factory, mounting)
    stated = {name: value for name, value in facts.items() if value}
    if claim is not None:
        claim = DeviceClaim.objects.select_for_update().get(pk=claim.pk)
        _require_open(claim)
        if claim.organisation_id != factory.organisation_id:
            words = _("This device belongs to another organisation than the site.")
            raise ValidationError({"claim_code": ValidationError(words, code="other_organisation")})
        stated = {name: getattr(claim, name) for name in ("serial_number", "model", "bought_on")} | stated
        device_id = claim.device_id
        claim.claimed_at, claim.claimed_by = timezone.now(), user
        claim.save(update_fields=["claimed_at", "claimed_by"])  # first: an open claim keeps its id from every device
    device = MCUDevice(factory=factory, device_id=new_device_id(factory) if device_id is None else device_id, **stated)
    device.full_clean()
    device.save()
    if mounting is not None:
        mount(device, _with_sensor_of(claim, mounting))
    return describe(device, rotate_secret(device))


def correct_facts(device: MCUDevice, facts: Mapping[str, Any]) -> None:
    """Raises ValidationError by field."""
    for name, value in facts.items():
        setattr(device, name, value)
    device.full_clean()
    device.save(update_fields=list(facts))  # the rest may have changed meanwhile: ingest, a revoked login


def _chimney_for(factory: Factory, geometry: Geometry) -> Chimney:
    """The chimney that was named, or a new one."""
    if geometry.chimney_name:
        existing = factory.chimneys.filter(name__iexact=geometry.chimney_name).first()
        if existing is not None:
            if geometry.says_dimensions or geometry.profile is not None:
                raise ValidationError(
                    _("chimney=%(name)r exists already: leave its dimensions out, or give another name."),
                    code="chimney_exists",
                    params={"name": existing.name},
                )
            return existing
    if geometry.profile is not None and not geometry.says_dimensions:
        raise ValidationError(
            _("profile=%(value)s needs the dimensions of the chimney beside it."),
            code="dimensions_missing",
            params={"value": geometry.profile},
        )
    return add_chimney(
        factory,
        geometry.chimney_name,
        diameter_m=geometry.diameter_m,
        width_m=geometry.width_m,
        height_m=geometry.height_m,
        velocity_profile_factor=geometry.profile,
    )


@transaction.atomic
def provision_device(
    *, factory_name: str, device_id: str, geometry: Geometry = Geometry(), since: datetime | None = None, **sensor: Any
) -> ProvisionedDevice:
    """Register a device as device of record of a chimney and draw its password. `sensor`: fields of `Mounting`.

    The device counts from `since`, a whole hour of the site; without it from its first reading after now. So it
    changes no figure of the past, unless `since` says so. A new chimney without dimensions opens a hold: its readings
    are stored, and have no mass until the geometry is stated. A basis that is not stated is that of the sensor.

    Raises ValidationError: unknown or ambiguous factory, known device id, bad id, dimension or choice, a sensor that
    does not fit the chimney.
    """
    factory = find_factory(factory_name)
    if MCUDevice.objects.filter(device_id=device_id).exists():
        words = _("device_id=%(id)r is known already; choose another id, or rotate its secret.")
        raise ValidationError(words, code="device_exists", params={"id": device_id})
    mounting = Mounting(chimney=_chimney_for(factory, geometry), since=since, **sensor)
    return register_device(factory, None, device_id=device_id, mounting=mounting)


def _refuse_swap_in_past(factory: Factory, mounting: Mounting) -> None:
    """It would take hours from the device that is there, and a registration does not show first which."""
    if mounting.replaces and mounting.since and mounting.since < local_hour_start(timezone.now(), factory.zone):
        words = _(
            "Register the device first, then swap it on its own page: there you see what a swap in the past changes."
        )
        raise ValidationError({"since": ValidationError(words, code="swap_in_past")})


def _with_sensor_of(claim: DeviceClaim | None, mounting: Mounting) -> Mounting:
    """The sensor that the label promised, where the installer stated none."""
    if claim is None or not claim.sensor:
        return mounting
    range_ppm = mounting.range_ppm if mounting.range_ppm is not None else claim.range_ppm
    return replace(mounting, sensor=mounting.sensor or claim.sensor, range_ppm=range_ppm)
