"""Reads about places: find a factory by the name people use, and those that a user may choose from."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.permissions import organisations_of, visible_to
from accounts.roles import Action
from factories.models import Factory, Organisation
from factories.places import plain_name
from lib.errors import invalid


def find_factory(name: str) -> Factory:
    """The only factory of that name, with or without "Tea Factory", in upper or lower case.

    Raises ValidationError if there is none (it lists similar names) or several.
    """
    wanted = plain_name(name)
    factories = list(Factory.objects.select_related("organisation"))
    matches = [factory for factory in factories if plain_name(factory.name) == wanted]
    if len(matches) == 1:
        return matches[0]
    if matches:
        where = ", ".join(f"{f.name} ({f.organisation})" for f in matches)
        raise ValidationError(
            _("factory=%(name)r is ambiguous: %(where)s. Rename one, or give the full name."),
            code="ambiguous_factory",
            params={"name": name, "where": where},
        )
    near = [f.name for f in factories if wanted and wanted in plain_name(f.name)][:5]
    hint = _("Did you mean: %(names)s?") % {"names": ", ".join(near)} if near else _("See the list of factories.")
    raise ValidationError(
        _("There is no factory %(name)r. %(hint)s"), code="unknown_factory", params={"name": name, "hint": hint}
    )


def choosable_factories(request: Any) -> QuerySet[Factory]:
    """Choices of the filter `factory` of a list: one out of scope is as unknown as one that does not exist."""
    # drf-yasg builds the schema without a request.
    return visible_to(request.user, Factory.objects.all(), factory_path="") if request else Factory.objects.none()


def organisation_where(user: Any, action: Action, asked: int | None = None) -> Organisation:
    """The organisation asked for, or the first, in which the user may do this everywhere.

    Raises PermissionDenied where there is none, Http404 where another one is asked for.
    """
    allowed = organisations_of(user, action)
    if not allowed:
        raise PermissionDenied(str(action))
    if asked is not None and asked not in allowed:
        raise Http404
    return Organisation.objects.get(pk=asked or allowed[0])


def organisation_to_edit(user: Any, asked: int | None) -> Organisation:
    """Of a body that may name it: where the user may add sites. Raises PermissionDenied, ApiError 400."""
    try:
        return organisation_where(user, Action.EDIT_FACTORY, asked)
    except Http404:
        words = _("organisation=%(id)s is not an organisation whose factories you manage.") % {"id": asked}
        raise invalid("organisation", "unknown_organisation", words) from None
