"""A role in a place: what a membership, an invitation and an approval say, and who may give one.

Organisations and factories are reached through foreign keys, because their app imports this one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.permissions import AnyUser, organisations_of, visible_to
from accounts.roles import Action, Role
from lib.errors import invalid

# With these roles a grant for the whole organisation would reach every site, which is not intended.
ROLES_OF_A_SITE = frozenset({Role.FACTORY_MANAGER, Role.INSTALLER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role in a factory, in a county, or in the whole organisation."""

    organisation_id: int
    role: Role
    factory_id: int | None = None
    county: str = ""


def managed_organisations(user: AnyUser) -> list[int]:
    """Organisations in which the user may manage all members; a right in one county or factory is not enough."""
    return list(dict.fromkeys(organisations_of(user, Action.MANAGE_MEMBERS)))


def _rows(name: str) -> QuerySet[Any]:
    """All organisations or all factories, by the models that the columns of a membership point to."""
    rows: QuerySet[Any] = Membership._meta.get_field(name).related_model.objects.all()  # type: ignore[union-attr]
    return rows


def organisations(ids: Iterable[int]) -> QuerySet[Any]:
    return all_organisations().filter(pk__in=list(ids)).order_by("name")


def all_organisations() -> QuerySet[Any]:
    return _rows("organisation")


def countries_of_organisations() -> list[str]:
    return list(all_organisations().order_by("country").values_list("country", flat=True).distinct())


def factories_of(organisation_id: int) -> QuerySet[Any]:
    return all_factories().filter(organisation_id=organisation_id).order_by("name", "pk")


def all_factories() -> QuerySet[Any]:
    return _rows("factory")


def visible_factories(user: AnyUser) -> QuerySet[Any]:
    """The factories that the user can see; a token may be limited to one of them."""
    return visible_to(user, all_factories().order_by("name", "pk"), factory_path="", action=Action.VIEW_FACTORY)


def checked_grant(
    user: AnyUser, *, role: str, organisation_id: int | None = None, factory_id: int | None = None, county: str = ""
) -> Grant:
    """Return the grant if the user manages the members of its organisation.

    If no organisation is given, the factory's is used; if no factory either, the first one that the user manages.

    Raises PermissionDenied (they manage none) and ApiError 400 naming the field. Objects of another organisation are
    treated as if they did not exist.
    """
    managed = managed_organisations(user)
    if not managed:
        raise PermissionDenied
    if organisation_id is not None and organisation_id not in managed:
        raise invalid(
            "organisation",
            "unknown_organisation",
            _("organisation=%(id)s is not an organisation whose members you manage.") % {"id": organisation_id},
        )
    if role not in Role.values:
        raise invalid(
            "role",
            "invalid_choice",
            _("role=%(role)r is unknown; use one of %(choices)s.") % {"role": role, "choices": ", ".join(Role.values)},
        )
    if factory_id is not None and county:
        raise invalid("county", "factory_or_county", _("Give a factory or a county, not both."))
    if factory_id is not None:
        organisation_id = _organisation_of_factory(factory_id, managed, organisation_id)
    organisation_id = organisation_id if organisation_id is not None else managed[0]
    if county:
        county = _known_county(county, organisation_id)
    if role in ROLES_OF_A_SITE and factory_id is None and not county:
        raise invalid(
            "factory",
            "required",
            _("Name a factory or a county. A %(role)s for the whole organisation would have access to every site.")
            % {"role": Role(role).label},
        )
    return Grant(organisation_id=organisation_id, role=Role(role), factory_id=factory_id, county=county)


def _organisation_of_factory(factory_id: int, managed: list[int], organisation_id: int | None) -> int:
    within = managed if organisation_id is None else [organisation_id]
    organisation: int | None = (
        all_factories()
        .filter(pk=factory_id, organisation_id__in=within)
        .values_list("organisation_id", flat=True)
        .first()
    )
    if organisation is None:
        raise invalid(
            "factory",
            "unknown_factory",
            _("factory=%(id)s is not a factory of your organisation.") % {"id": factory_id},
        )
    return organisation


def _known_county(county: str, organisation_id: int) -> str:
    wanted = " ".join(county.split())
    counties = counties_of(organisation_id)
    known = {name.casefold(): name for name in counties}
    # Rights follow the exact name: of two that differ in case only, it is the one that was chosen.
    if wanted in counties:
        return wanted
    if wanted.casefold() in known:
        return known[wanted.casefold()]
    raise invalid(
        "county",
        "unknown_county",
        _("county=%(county)r has no factory of your organisation; counties with factories: %(known)s.")
        % {"county": wanted, "known": ", ".join(counties) or "-"},
    )


def counties_of(organisation_id: int) -> list[str]:
    names = factories_of(organisation_id).exclude(county="").values_list("county", flat=True)
    return sorted(set(names))
