"""Writes about places: organisations, factories, chimneys, emission sources, site events.

Forms, the admin site and the API go through here. What changes figures of the past raises `ConfirmationNeeded`
(`corrections.py`) until it is confirmed.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.grants import Grant
from accounts.invitations import invite, revoke_invitation
from accounts.models import Invitation, Membership, User
from accounts.roles import Role
from factories.choices import DIMENSIONS, MineClass, SourceKind
from factories.corrections import NOBODY, Confirmation, lock_site, store
from factories.countries import COUNTRIES
from factories.days import running_day
from factories.models import Archivable, Chimney, EmissionSource, Factory, Organisation, SiteEvent
from factories.sectors import SECTORS
from lib.errors import ApiError, invalid

_TRAVERSE = {"traverse_ms", "traverse_probe_ms"}


@transaction.atomic
def create_organisation(user: User | None, name: str, **fields: Any) -> Organisation:
    """A new organisation; the user who makes it becomes its first HQ manager. `fields`: country, and what it changes.

    Raises ValidationError with an error for each field.
    """
    organisation = Organisation(name=name, **fields)
    organisation.full_clean()
    try:
        with transaction.atomic():
            organisation.save()
    except IntegrityError:
        # Of two who found one at once, the second one finds the name taken now, and is told so.
        organisation.full_clean()
        raise
    if user is not None:
        Membership.objects.create(user=user, organisation=organisation, role=Role.HQ_MANAGER)
    return organisation


@transaction.atomic
def found_organisation(
    operator: User, name: str, *, email: str = "", phone: str = "", **fields: Any
) -> tuple[Organisation, Invitation, str]:
    """A new organisation without members, and the link for its first HQ manager, whose secret is shown once.

    Raises ValidationError with an error for each field, and ApiError 400 for a contact that is none.
    """
    organisation = create_organisation(None, name, **fields)
    return organisation, *invite_first_manager(operator, organisation, email=email, phone=phone)


@transaction.atomic
def invite_first_manager(
    operator: User, organisation: Organisation, *, email: str = "", phone: str = ""
) -> tuple[Invitation, str]:
    """A link for an organisation that nobody manages yet; links to manage it that were made before end.

    Raises ApiError 400 (contact), 409 `has_manager`.
    """
    if not email and not phone:
        words = _("Give the phone number or e-mail of its first HQ manager.")
        raise invalid("phone", "email_or_phone", words)
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)  # of two at once one link stays
    managers = Membership.objects.filter(organisation=organisation, role=Role.HQ_MANAGER, user__is_active=True)
    if managers.exists():
        raise ApiError(409, "has_manager", _("This organisation has an HQ manager, who invites everybody else."))
    for earlier in Invitation.objects.filter(organisation=organisation, role=Role.HQ_MANAGER, accepted_at=None):
        revoke_invitation(earlier.pk)
    return invite(operator, Grant(organisation_id=organisation.pk, role=Role.HQ_MANAGER), email=email, phone=phone)


# --- Sites -----------------------------------------------------------------------------------------
def create_factory(
    organisation: Organisation, *, mine_class: str = "", boiler_capacity_kw: float | None = None, **fields: Any
) -> Factory:
    """A site with the emission sources of its sector. Its country is the organisation's unless given, its time zone the
    country's if that has one. A mine needs its class, because its methane follows from it.

    Raises ValidationError with an error for each field.
    """
    fields["country"] = fields.get("country") or organisation.country
    country = COUNTRIES.get(fields["country"])
    fields["time_zone"] = fields.get("time_zone") or (country.time_zone if country else "")
    factory = Factory(organisation=organisation, **fields)
    return set_up_factory(factory, mine_class=mine_class, boiler_capacity_kw=boiler_capacity_kw)


def check_mine_class(sector: str, mine_class: str) -> None:
    """Raises ValidationError for a mine without a class, and for another site with one."""
    has_methane = sector in SECTORS and SECTORS[sector].has_methane
    if has_methane and mine_class not in MineClass.values:
        message = _("Choose the class of the mine: its methane follows from it.")
    elif mine_class and not has_methane:
        message = _("Only a mine has a class of the mine.")
    else:
        return
    raise ValidationError({"mine_class": ValidationError(message, code="mine_class")})


def check_boiler(sector: str, capacity_kw: float | None) -> None:
    """Raises ValidationError for the capacity of a boiler at a site that gets none."""
    kinds = {usual.kind for usual in SECTORS[sector].sources} if sector in SECTORS else {SourceKind.BOILER}
    if capacity_kw is not None and SourceKind.BOILER not in kinds:
        message = _("A site of this sector has no boiler.")
        raise ValidationError({"boiler_capacity_kw": ValidationError(message, code="no_boiler")})


@transaction.atomic
def set_up_factory(factory: Factory, *, mine_class: str = "", boiler_capacity_kw: float | None = None) -> Factory:
    """Store a new site with the emission sources of its sector; every door goes through here."""
    check_mine_class(factory.sector, mine_class)
    check_boiler(factory.sector, boiler_capacity_kw)
    # Of two who add one name at once, the second one waits here, and is told that it is there.
    Organisation.objects.select_for_update(no_key=True).filter(pk=factory.organisation_id).first()
    factory.full_clean()
    factory.save()
    EmissionSource.objects.bulk_create(
        EmissionSource(
            factory=factory,
            name=str(usual.name),
            kind=usual.kind,
            fuels=usual.fuels,
            mine_class=mine_class if usual.kind == SourceKind.MINE_METHANE else "",
            capacity_kw=boiler_capacity_kw if usual.kind == SourceKind.BOILER else None,
        )
        for usual in SECTORS[factory.sector].sources
    )
    return factory


def change_factory(factory: Factory, changes: Mapping[str, Any], *, confirm: Confirmation = NOBODY) -> Factory:
    """Raises ValidationError with an error for each field, ConfirmationNeeded for what changes figures of the past."""
    with transaction.atomic():
        Organisation.objects.select_for_update(no_key=True).filter(pk=factory.organisation_id).first()  # the name
        return store(factory, changes, confirm=confirm)


# --- Chimneys and sources --------------------------------------------------------------------------
def add_source(
    factory: Factory,
    *,
    first_day: date | None = None,
    replaces: EmissionSource | None = None,
    confirm: Confirmation = NOBODY,
    **fields: Any,
) -> EmissionSource:
    """A source beside those that the site began with. It counts from the running day on, unless a day is given.

    `replaces`: a source in use that ends the day before, such as the same mine with an older factor of methane.
    Raises ValidationError with an error for each field, ConfirmationNeeded for what changes figures of the past.
    """
    first_day = first_day or first_day_of(factory)
    source = EmissionSource(factory=factory, first_day=first_day, **fields)
    with transaction.atomic():
        lock_site(factory)
        require_in_use(factory)
        if replaces is not None:  # of two who replace it at once, the second is told that it has ended
            replaces.refresh_from_db()
        return store(source, {}, confirm=confirm, together=_ended(replaces, source) if replaces else ())


def first_day_of(factory: Factory) -> date:
    """Of a source that is added and states none: today, so that no figure of the past changes."""
    return running_day(factory, timezone.now()).day


def _ended(replaced: EmissionSource, by: EmissionSource) -> list[EmissionSource]:
    if replaced.factory_id != by.factory_id or replaced.last_day is not None or by.first_day is None:
        words = _("replaces=%(id)s is not a source of this site that is in use.") % {"id": replaced.pk}
        raise ValidationError({"replaces": ValidationError(words, code="not_in_use")})
    if replaced.first_day is not None and replaced.first_day >= by.first_day:
        words = _("first_day=%(day)s is not after %(begin)s, on which the replaced source began; choose a later day.")
        shown = {"day": by.first_day.isoformat(), "begin": replaced.first_day.isoformat()}
        raise ValidationError({"first_day": ValidationError(words % shown, code="too_early")})
    replaced.last_day = by.first_day - timedelta(days=1)
    return [replaced]


def end_source(source: EmissionSource) -> EmissionSource:
    """Its last day is the running one. What it emitted until then stays."""
    if source.last_day is None:
        today = first_day_of(source.factory)
        store(source, {"last_day": max(today, source.first_day or today)})
    return source


@transaction.atomic
def add_chimney(factory: Factory, name: str | None = None, **fields: Any) -> Chimney:
    """A chimney by its inner dimensions, which tell its shape; without any its geometry is not stated, and its readings
    have no mass.

    Raises ValidationError naming the dimension that does not fit.
    """
    lock_site(factory)  # of two who add one name at once, the second is told that it is there
    require_in_use(factory)
    stated = {name for name, value in fields.items() if value is not None}
    shape = next((shape for shape, sizes in DIMENSIONS.items() if sizes & stated), "")
    chimney = Chimney(factory=factory, name=name or next_chimney_name(factory), **({"shape": shape} | fields))
    chimney.full_clean()
    return store_new_chimney(chimney)


@transaction.atomic
def store_new_chimney(chimney: Chimney) -> Chimney:
    """It gets the factory's boiler if that is the only one and has no chimney; every door goes through here."""
    chimney.save()
    boilers = EmissionSource.objects.filter(factory=chimney.factory, kind=SourceKind.BOILER)
    if len(boilers) == 1 and boilers[0].chimney_id is None:
        boilers[0].chimney = chimney
        boilers[0].save(update_fields=["chimney"])
    return chimney


def change_chimney(chimney: Chimney, changes: Mapping[str, Any], *, confirm: Confirmation = NOBODY) -> Chimney:
    """Another shape empties the dimensions of the old one, and a stated factor or position the old traverse.

    Raises ValidationError with an error for each field, ConfirmationNeeded for what changes figures of the past.
    """
    changes = dict(changes)
    if changes.get("shape", chimney.shape) != chimney.shape:
        changes = dict.fromkeys(dimensions_not_of(changes["shape"])) | changes
    if {"shape", "probe_position", "velocity_profile_factor"} & set(changes) and not _TRAVERSE & set(changes):
        changes |= dict.fromkeys(_TRAVERSE)
    if {"shape", "probe_position"} & set(changes) and "velocity_profile_factor" not in changes:
        changes["velocity_profile_factor"] = None  # that of the old place; `clean` fills in the default if there is one
    return store(chimney, changes, confirm=confirm)


def dimensions_not_of(shape: str) -> set[str]:
    """The fields that are empty in a duct of this shape."""
    return {"diameter_m", "width_m", "height_m"} - DIMENSIONS.get(shape, frozenset())


def next_chimney_name(factory: Factory) -> str:
    taken = set(factory.chimneys.values_list("name", flat=True))
    number = 1
    while (name := _("Chimney %(number)d") % {"number": number}) in taken:
        number += 1
    return name


# --- Events ----------------------------------------------------------------------------------------
def record_event(user: User, factory: Factory, *, happened_at: datetime, text: str) -> SiteEvent:
    """Raises ValidationError with an error for each field, ApiError 409 for an archived site."""
    require_in_use(factory)
    return store(SiteEvent(factory=factory, recorded_by=user, happened_at=happened_at, text=text), {})


# --- Archive ---------------------------------------------------------------------------------------
@transaction.atomic
def archive(row: Archivable) -> None:
    """Take a site, a chimney or an event out of every list of what is in use. History, figures and reports stay.

    Raises ApiError 409 for a chimney with a sensor in it.
    """
    if isinstance(row, Chimney):
        lock_site(row.factory)  # nobody puts a sensor into it meanwhile
    if isinstance(row, Chimney) and row.assignments.filter(valid_to=None).exists():
        words = _("A sensor is in this chimney: end its assignment first.")
        raise ApiError(409, "chimney_in_use", words)
    if row.archived_at is None:
        row.archived_at = timezone.now()
        row.save(update_fields=["archived_at"])


def restore(row: Archivable) -> None:
    """Bring it back as it was."""
    if row.archived_at is not None:
        row.archived_at = None
        row.save(update_fields=["archived_at"])


def require_in_use(factory: Factory) -> None:
    """Raise ApiError 409 for an archived site: nothing new is written about it until it is restored."""
    if factory.archived_at is not None:
        words = _("%(name)s is archived. Restore it to write anything new about it.") % {"name": factory.name}
        raise ApiError(409, "factory_archived", words)
