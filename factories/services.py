"""Writes about places: organisations, factories, chimneys and their emission sources."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership, User
from accounts.roles import Role
from factories.choices import Shape, SourceKind
from factories.models import Chimney, EmissionSource, Factory, Organisation
from factories.sectors import SECTORS


@transaction.atomic
def create_organisation(user: User, name: str) -> Organisation:
    """A new organisation; the user who makes it becomes its first HQ manager."""
    organisation = Organisation(name=name)
    organisation.full_clean()
    organisation.save()
    Membership.objects.create(user=user, organisation=organisation, role=Role.HQ_MANAGER)
    return organisation


@transaction.atomic
def create_factory(organisation: Organisation, **fields: Any) -> Factory:
    """A factory with one boiler, as most have, if its sector has boilers.

    Raises ValidationError with an error for each field.
    """
    factory = Factory(organisation=organisation, **fields)
    factory.full_clean()
    factory.save()
    fuel = SECTORS[factory.sector].boiler_fuel
    if fuel:
        EmissionSource.objects.create(factory=factory, name=_("Boiler"), kind=SourceKind.BOILER, fuels=fuel)
    return factory


@transaction.atomic
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

    It gets the factory's boiler if that is the only one and has no chimney.

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
    chimney.save()
    boilers = EmissionSource.objects.filter(factory=factory, kind=SourceKind.BOILER)
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
