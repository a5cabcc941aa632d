"""Writes about places: organisations, factories, chimneys and their emission sources."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Membership, User
from accounts.roles import Role
from factories.choices import MineClass, Shape, SourceKind
from factories.countries import COUNTRIES
from factories.days import running_day
from factories.models import Chimney, EmissionSource, Factory, Organisation
from factories.sectors import SECTORS


@transaction.atomic
def create_organisation(user: User | None, name: str, **fields: Any) -> Organisation:
    """A new organisation; the user who makes it becomes its first HQ manager. `fields`: country, and what it changes.

    Raises ValidationError with an error for each field.
    """
    organisation = Organisation(name=name, **fields)
    organisation.full_clean()
    organisation.save()
    if user is not None:
        Membership.objects.create(user=user, organisation=organisation, role=Role.HQ_MANAGER)
    return organisation


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


def add_source(factory: Factory, *, first_day: date | None = None, **fields: Any) -> EmissionSource:
    """A source beside those that the site began with. It counts from the running day on, unless a day is given.

    Raises ValidationError with an error for each field.
    """
    first_day = first_day or running_day(factory, timezone.now()).day
    source = EmissionSource(factory=factory, first_day=first_day, **fields)
    source.full_clean()
    source.save()
    return source


def add_chimney(
    factory: Factory,
    name: str | None = None,
    *,
    diameter_m: float | None = None,
    width_m: float | None = None,
    height_m: float | None = None,
    **fields: Any,
) -> Chimney:
    """A chimney by its inner dimensions; without any its geometry is not stated, and its readings have no mass.

    Raises ValidationError naming the dimension that does not fit.
    """
    is_rectangle = width_m is not None or height_m is not None
    shape = Shape.CIRCLE if diameter_m is not None else Shape.RECTANGLE if is_rectangle else ""
    chimney = Chimney(
        factory=factory,
        name=name or _next_chimney_name(factory),
        shape=shape,
        diameter_m=diameter_m,
        width_m=width_m,
        height_m=height_m,
        **fields,
    )
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


def _next_chimney_name(factory: Factory) -> str:
    taken = set(factory.chimneys.values_list("name", flat=True))
    number = 1
    while (name := _("Chimney %(number)d") % {"number": number}) in taken:
        number += 1
    return name
