"""The simulated world in the database: organisations, factories, people, and the devices of the cast.

`seed` runs at each start of the demo. It adds what is missing and leaves what it finds as it is, except the
passwords of the demo accounts and of devices whose password got lost. Who plays what is in `cast.py`; nothing
is published here (`simulate` does that).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TextIO

from django.conf import settings
from django.contrib.auth.hashers import identify_hasher, make_password
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.models import Membership, User
from accounts.roles import Role
from demo import cast, fleet_files
from demo.cast import Part, PlannedDevice
from devices.credentials import rotate_secret, verify
from devices.models import DeviceSecret, MCUDevice
from devices.services import Geometry, provision_device
from factories.choices import Sector, SourceKind
from factories.models import EmissionSource, Factory, Organisation
from factories.queries import local_day_start
from factories.services import create_factory
from mqtt_ingest.spare_device import spare_device

ORGANISATION_NAME = "KTDA (simulated)"
# Apart from the 67, so that what somebody tries out never counts in their totals and rankings.
SANDBOX_NAME = "Sandbox (simulated)"
TWIN_NAME = "Litein Twin (sandbox)"
MAIL_DOMAIN = "demo.carbontrack.example"
PROBE_ON_AXIS_FACTOR = 0.84  # `domain.md` 1.5
SILENT_SINCE = timedelta(hours=3, minutes=10)  # after local midnight


@dataclass(frozen=True, slots=True)
class _Person:
    """A demo account. `factories`: names; none means the whole organisation."""

    login: str
    first_name: str
    last_name: str
    role: Role
    factories: tuple[str, ...] = ()
    sees_sandbox: bool = False

    @property
    def email(self) -> str:
        return f"{self.login}@{MAIL_DOMAIN}"

    @property
    def description(self) -> str:
        places = _("the whole organisation")
        if len(self.factories) == 1:
            places = self.factories[0]
        elif self.factories:
            places = _("%(count)d factories") % {"count": len(self.factories)}
        if self.sees_sandbox:
            places = _("%(places)s and the sandbox") % {"places": places}
        return f"{self.role.label}, {places}"


PEOPLE = (
    _Person("hq", "Wanjiku", "Kamau", Role.HQ_MANAGER, sees_sandbox=True),
    _Person("manager", "Kiprono", "Langat", Role.FACTORY_MANAGER, (cast.MANAGED_FACTORY,)),
    _Person("auditor", "Akinyi", "Odhiambo", Role.AUDITOR),
    _Person(
        "installer",
        "Chebet",
        "Rotich",
        Role.INSTALLER,
        (cast.MANAGED_FACTORY, cast.WITHOUT_DEVICE, "Kapkatet Tea Factory", "Momul Tea Factory"),
        sees_sandbox=True,
    ),
    _Person("integrator", "Mutiso", "Nzioka", Role.INTEGRATOR, sees_sandbox=True),
)


def seed(stdout: TextIO, demo_password: str) -> list[tuple[str, str]]:
    """Make the world, or what is missing of it; returns (who, login) of each demo account.

    Safe to repeat: a second run changes nothing, hashes no password and asks some ten queries.

    Raises ImproperlyConfigured when the database is not this machine's own.
    """
    if not settings.IS_LOCAL:
        raise ImproperlyConfigured(
            "DATABASE_URL is set: the simulated world only goes into the demo's own database. Unset it."
        )
    with transaction.atomic():
        organisation = Organisation.objects.get_or_create(name=ORGANISATION_NAME)[0]
        sandbox = Organisation.objects.get_or_create(name=SANDBOX_NAME)[0]
        factories, new_count = _seed_factories(organisation)
        _seed_twin(sandbox, factories)
        _seed_people(organisation, sandbox, factories, demo_password)
    if new_count:
        stdout.write(f"Added {new_count} factories.\n")
    planned = cast.fleet(settings.DEMO_FLEET)
    drawn_count = _seed_devices(planned, factories)
    if drawn_count:
        stdout.write(f"Drew passwords for {drawn_count} devices.\n")
    spare_device(TWIN_NAME)
    return [(person.description, person.email) for person in PEOPLE]


# --- Places -----------------------------------------------------------------------------------
def _seed_factories(organisation: Organisation) -> tuple[dict[str, Factory], int]:
    found = {factory.name: factory for factory in organisation.factories.all()}
    missing = [planned for planned in cast.factories() if planned.name not in found]
    for planned in missing:
        found[planned.name] = create_factory(
            organisation,
            name=planned.name,
            location=planned.place,
            county=planned.county,
            sector=Sector.TEA,
            altitude_m=planned.altitude_m,
            altitude_is_estimated=planned.altitude_is_estimated,
            latitude=planned.latitude,
            longitude=planned.longitude,
        )
    return found, len(missing)


def _seed_twin(sandbox: Organisation, factories: Mapping[str, Factory]) -> None:
    """A factory that stands where Litein stands, to try things on; the spare device sits there."""
    if sandbox.factories.filter(name=TWIN_NAME).exists():
        return
    model = factories[cast.MANAGED_FACTORY]
    create_factory(
        sandbox,
        name=TWIN_NAME,
        location=model.location,
        county=model.county,
        sector=model.sector,
        altitude_m=model.altitude_m,
        altitude_is_estimated=model.altitude_is_estimated,
    )


# --- People -----------------------------------------------------------------------------------
def _seed_people(
    organisation: Organisation, sandbox: Organisation, factories: Mapping[str, Factory], demo_password: str
) -> None:
    found = {user.email: user for user in User.objects.filter(email__in=[person.email for person in PEOPLE])}
    # PBKDF2 costs a third of a second, so the salt says which password it was made with: no other can
    # have it, and one hash serves all accounts, which share the password anyway.
    salt = salted_hmac("demo.world", demo_password).hexdigest()[:32]
    outdated = [p for p in PEOPLE if p.email not in found or _salt_of(found[p.email]) != salt]
    encoded = make_password(demo_password, salt=salt) if outdated else ""
    for person in outdated:
        user = found.get(person.email)
        if user is None:
            user = User(email=person.email, first_name=person.first_name, last_name=person.last_name)
        user.password = encoded
        user.save()
        found[person.email] = user
    held = {
        (membership.user_id, membership.organisation_id, membership.factory_id, membership.role)
        for membership in Membership.objects.filter(user__in=found.values())
    }
    for person in PEOPLE:
        user = found[person.email]
        for where, factory in _scopes(person, organisation, sandbox, factories):
            if (user.pk, where.pk, factory and factory.pk, person.role) not in held:
                Membership.objects.create(user=user, organisation=where, factory=factory, role=person.role)


def _scopes(
    person: _Person, organisation: Organisation, sandbox: Organisation, factories: Mapping[str, Factory]
) -> Iterator[tuple[Organisation, Factory | None]]:
    """Where a person belongs; the first is what the API shows as theirs. None: the whole organisation."""
    if not person.factories:
        yield organisation, None
    for name in person.factories:
        yield organisation, factories[name]
    if person.sees_sandbox:
        yield sandbox, None


def _salt_of(user: User) -> str:
    try:
        return str(identify_hasher(user.password).decode(user.password)["salt"])
    except ValueError:
        return ""  # an unusable password, or of a hasher that is gone


# --- Devices ----------------------------------------------------------------------------------
def _seed_devices(planned: Iterable[PlannedDevice], factories: Mapping[str, Factory]) -> int:
    """Register what is missing and make sure that each password kept here opens its door.

    Returns how many passwords were drawn.
    """
    registered = {device.device_id: device for device in MCUDevice.objects.all()}
    hashes = dict(
        DeviceSecret.objects.filter(revoked_at=None).values_list("device__device_id", "pbkdf2_sha512")
    )
    kept = fleet_files.load_passwords(settings.DATA_DIR)
    drawn: dict[str, str] = {}
    for plan in planned:
        device = registered.get(plan.device_id)
        if device is None:
            drawn[plan.device_id] = _register(plan, factories[plan.factory_name])
        elif not _opens(kept.get(plan.device_id), hashes.get(plan.device_id)):
            drawn[plan.device_id] = rotate_secret(device)
    if drawn:
        fleet_files.save_passwords(settings.DATA_DIR, kept | drawn)
    return len(drawn)


@transaction.atomic
def _register(plan: PlannedDevice, factory: Factory) -> str:
    """The device on its new chimney; returns its password."""
    provisioned = provision_device(
        factory_name=plan.factory_name,
        device_id=plan.device_id,
        geometry=Geometry(
            chimney_name=plan.chimney_name, diameter_m=plan.diameter_m, profile=PROBE_ON_AXIS_FACTOR
        ),
        co2_basis=plan.co2_basis,
        compensation=plan.compensation,
        sensor=plan.sensor,
        range_ppm=plan.range_ppm,
    )
    chimney = factory.chimneys.get(name=plan.chimney_name)
    if not chimney.emission_sources.exists():  # a second chimney has a boiler of its own under it
        EmissionSource.objects.create(
            factory=factory,
            name=_("Boiler %(number)d") % {"number": 2},
            kind=SourceKind.BOILER,
            chimney=chimney,
            fuels="firewood",
        )
    if plan.part is Part.SILENT:
        MCUDevice.objects.filter(device_id=plan.device_id).update(
            last_heartbeat=_last_time_of_day(factory, SILENT_SINCE), reported_online=False
        )
    return provisioned.password


def _opens(password: str | None, stored: str | None) -> bool:
    return password is not None and stored is not None and verify(password, stored)


def _last_time_of_day(factory: Factory, since_midnight: timedelta) -> datetime:
    """The latest moment that had this time of day at the site."""
    now = timezone.now()
    today = local_day_start(now, factory.zone) + since_midnight
    return today if today <= now else today - timedelta(days=1)
