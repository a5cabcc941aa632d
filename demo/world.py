"""The simulated world in the database: organisations, factories, mines, people, and the devices of the cast.

`seed` runs at each start of the demo. It adds what is missing and changes nothing that exists, except the passwords
of the demo accounts and lost passwords of devices. `cast.py`, `mines.py` and `people.py` list sites, devices and
people; `history.py` fills in the past; `simulate` publishes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TextIO

from django.conf import settings
from django.contrib.auth.hashers import identify_hasher, make_password
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.emails import note_email
from accounts.models import Membership, User
from demo import cast, fleet_files, mines
from demo.cast import Behaviour, PlannedDevice
from demo.people import ORGANISATION_NAME, PEOPLE, SANDBOX_NAME, Person, staff
from devices.access import rotate_secret
from devices.credentials import verify
from devices.models import Assignment, DeviceSecret, MCUDevice
from devices.registration import Geometry, provision_device
from factories.choices import SourceKind
from factories.days import local_day_start
from factories.models import EmissionSource, Factory, Organisation
from factories.services import create_factory, create_organisation
from mqtt_ingest.spare_device import CHIMNEY_NAME, spare_device
from science.readings import ROUND_AXIS_PROFILE_FACTOR

TWIN_NAME = "Litein Twin (sandbox)"
SILENT_SINCE = timedelta(hours=3, minutes=10)  # after local midnight


def seed(stdout: TextIO, demo_password: str) -> list[tuple[str, str]]:
    """Create the world, or the missing parts of it; returns (who, login) of each demo account.

    Safe to repeat: a second run changes nothing, hashes no password and asks some ten queries.

    Raises ImproperlyConfigured when the database is not this machine's own.
    """
    if not settings.IS_LOCAL:
        raise ImproperlyConfigured(
            "DATABASE_URL is set: the simulated world only goes into the demo's own database. Unset it."
        )
    with transaction.atomic():
        organisation = _organisation(ORGANISATION_NAME, "KE")
        sandbox = _organisation(SANDBOX_NAME, "KE")
        coal = _organisation(mines.ORGANISATION_NAME, "IN")
        factories, new_count = _seed_factories(organisation)
        _seed_twin(sandbox, factories)
        factories |= _seed_mines(coal)
        _seed_people([organisation, sandbox, coal], factories, demo_password)
    if new_count:
        stdout.write(f"Added {new_count} factories.\n")
    planned = cast.fleet(settings.DEMO_FLEET)
    drawn_count = _seed_devices(planned, factories)
    if drawn_count:
        stdout.write(f"Drew passwords for {drawn_count} devices.\n")
    spare_device(TWIN_NAME, Geometry(CHIMNEY_NAME, diameter_m=0.9, profile=1.0))
    return [(person.description, person.email) for person in PEOPLE if person.email]


# --- Places -----------------------------------------------------------------------------------
def _organisation(name: str, country: str) -> Organisation:
    return Organisation.objects.filter(name=name).first() or create_organisation(None, name, country=country)


def _seed_factories(organisation: Organisation) -> tuple[dict[str, Factory], int]:
    factories = {factory.name: factory for factory in organisation.factories.all()}
    missing = [planned for planned in cast.factories() if planned.name not in factories]
    for planned in missing:
        fields = asdict(planned)
        factories[planned.name] = create_factory(organisation, location=fields.pop("place"), sector="tea", **fields)
    return factories, len(missing)


def _seed_twin(sandbox: Organisation, factories: Mapping[str, Factory]) -> None:
    """A factory for trials at Litein's place; the spare device is there."""
    if sandbox.factories.filter(name=TWIN_NAME).exists():
        return
    same = ("location", "county", "sector", "altitude_m", "altitude_is_estimated")
    place = {name: getattr(factories[cast.MANAGED_FACTORY], name) for name in same}
    create_factory(sandbox, name=TWIN_NAME, **place)


def _seed_mines(organisation: Organisation) -> dict[str, Factory]:
    by_name = {mine.name: mine for mine in organisation.factories.all()}
    for planned in mines.MINES:
        if planned.name in by_name:
            continue
        by_name[planned.name] = create_factory(
            organisation,
            name=planned.name,
            location=planned.place,
            county=planned.state,
            sector="coal_mine",
            mine_class=planned.mine_class,
            altitude_m=planned.altitude_m,
            altitude_is_estimated=True,
            day_starts_at=mines.DAY_STARTS_AT,
        )
    return by_name


# --- People -----------------------------------------------------------------------------------
def _seed_people(organisations: Iterable[Organisation], factories: Mapping[str, Factory], demo_password: str) -> None:
    people = _seed_users(demo_password)
    held = {
        (membership.user_id, membership.organisation_id, membership.factory_id, membership.role)
        for membership in Membership.objects.filter(user__in=[user for user, _person in people])
    }
    by_name = {organisation.name: organisation for organisation in organisations}
    for user, person in people:
        for where, factory in _scopes(person, by_name, factories):
            if (user.pk, where.pk, factory and factory.pk, person.role) not in held:
                Membership.objects.create(user=user, organisation=where, factory=factory, role=person.role)


def _seed_users(demo_password: str) -> list[tuple[User, Person]]:
    """Those with a login can sign in, all with this password; nobody can sign in as one with only a phone."""
    everybody = {person.email or person.phone: person for person in (*PEOPLE, *staff())}
    known = User.objects.filter(Q(email__in=everybody) | Q(phone__in=everybody))
    users = {user.email or user.phone: user for user in known}
    # PBKDF2 takes a third of a second, so all accounts, which share the password, also share one hash. Its salt tells
    # which password it was made with.
    salt = salted_hmac("demo.world", demo_password).hexdigest()[:32]
    outdated = {
        key: person
        for key, person in everybody.items()
        if key not in users or (person.email and _salt_of(users[key]) != salt)
    }
    encoded = make_password(demo_password, salt=salt) if any(person.email for person in outdated.values()) else ""
    for key, person in outdated.items():
        new = User(email=person.email, phone=person.phone, first_name=person.first_name, last_name=person.last_name)
        user = users.setdefault(key, new)
        if person.email:
            user.password = encoded
        else:
            user.set_unusable_password()
        user.save()
        note_email(user, is_proven=True)
    return [(users[key], person) for key, person in everybody.items()]


def _scopes(
    person: Person, organisations: Mapping[str, Organisation], factories: Mapping[str, Factory]
) -> Iterator[tuple[Organisation, Factory | None]]:
    """The memberships of a person; the API shows the first one. None: the whole organisation."""
    if not person.factories:
        yield organisations[person.organisation], None
    for name in person.factories:
        yield organisations[person.organisation], factories[name]
    if person.sees_sandbox:
        yield organisations[SANDBOX_NAME], None


def _salt_of(user: User) -> str:
    try:
        return str(identify_hasher(user.password).decode(user.password)["salt"])
    except ValueError:
        return ""  # an unusable password, or of a hasher that is gone


# --- Devices ----------------------------------------------------------------------------------
def _seed_devices(planned: Iterable[PlannedDevice], factories: Mapping[str, Factory]) -> int:
    """Register missing devices and make sure that each stored password works.

    Returns how many passwords were drawn.
    """
    registered = {device.device_id: device for device in MCUDevice.objects.all()}
    hashes = dict(DeviceSecret.objects.filter(revoked_at=None).values_list("device__device_id", "pbkdf2_sha512"))
    kept = fleet_files.load_passwords(settings.DATA_DIR)
    drawn: dict[str, str] = {}
    for plan in planned:
        device = registered.get(plan.device_id)
        if device is None:
            drawn[plan.device_id] = _register(plan, factories[plan.factory_name])
            continue
        password, stored = kept.get(plan.device_id), hashes.get(plan.device_id)
        if password is None or stored is None or not verify(password, stored):
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
        geometry=Geometry(plan.chimney_name, diameter_m=plan.diameter_m, profile=ROUND_AXIS_PROFILE_FACTOR),
        co2_basis=plan.co2_basis,
        pressure_compensation=plan.compensation,
    )
    # One site has an indoor sensor from a time before anybody asked whether it fits: no door takes it now.
    told = {"sensor": plan.sensor, "range_ppm": plan.range_ppm}
    Assignment.objects.filter(device__device_id=plan.device_id).update(**told)
    MCUDevice.objects.filter(device_id=plan.device_id).update(installed_on=None)  # its history began months ago
    chimney = factory.chimneys.get(name=plan.chimney_name)
    if not chimney.emission_sources.exists():  # a second chimney has a boiler of its own under it
        EmissionSource.objects.create(
            factory=factory,
            name=_("Boiler %(number)d") % {"number": 2},
            kind=SourceKind.BOILER,
            chimney=chimney,
            fuels="firewood",
        )
    if plan.behaviour is Behaviour.SILENT:
        MCUDevice.objects.filter(device_id=plan.device_id).update(
            last_heartbeat=_last_time_of_day(factory, SILENT_SINCE), reported_online=False
        )
    return provisioned.password


def _last_time_of_day(factory: Factory, since_midnight: timedelta) -> datetime:
    """The latest moment that had this time of day at the site."""
    now = timezone.now()
    today = local_day_start(now, factory.zone) + since_midnight
    return today if today <= now else today - timedelta(days=1)
