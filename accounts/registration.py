"""Asking for access, and HQ's answer. A request grants nothing: approving it makes an invitation."""

import re
from collections import Counter
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.grants import Grant, all_factories, all_organisations, managed_organisations
from accounts.invitations import contact, invite
from accounts.models import AccessRequest, Invitation, RequestState, User
from accounts.permissions import AnyUser
from lib.errors import ApiError, invalid
from lib.limits import CountedThrottle

IN_BRACKETS = re.compile(r"\([^)]*\)")


class RegisterThrottle(CountedThrottle):
    """Requests are counted by address, with one count for the API and the page."""

    scope = "register"

    def get_cache_key(self, request: Any, view: Any) -> str:
        return f"register:{self.get_ident(request)}"


def ask_for_access(*, place: str, email: str = "", phone: str = "", **about: str) -> None:
    """Store the request as it was typed; `about` is names and message. `place`: organisation or factory, in any words.

    Answer and queries are the same for everybody.

    Raises ApiError 400 (neither e-mail nor phone, a number of no known country).
    """
    organisation_id = named_organisation(place)
    email, phone = contact(email, phone, organisation_id=organisation_id)
    if not email and not phone:
        raise invalid("email", "email_or_phone", _("Give an e-mail address or a phone number, at least one."))
    request = AccessRequest(email=email, phone=phone, place=place, organisation_id=organisation_id, **about)
    # One statement for a new and for a repeated request, so that nobody learns which it was.
    AccessRequest.objects.bulk_create([request], ignore_conflicts=True)


def named_organisation(place: str) -> int | None:
    """The one organisation that these words name, by its own name or by a factory's; None when none or several do.

    If there is only one organisation, all requests go to it.
    """
    known = list(all_organisations().values_list("pk", "name"))
    factories = all_factories().values_list("organisation_id", "name")
    if len(known) == 1:
        return int(known[0][0])
    names = [(int(pk), _words(name)) for pk, name in [*known, *factories]]
    # "Tea Factory" tells nothing where half of the names have it.
    counts = Counter(word for _pk, words in names for word in set(words))
    usual = {word for word, count in counts.items() if count > 1 and 2 * count >= len(names)}
    wanted = " ".join(word for word in _words(place) if word not in usual)
    named = [(pk, " ".join(word for word in words if word not in usual)) for pk, words in names]
    exact = {pk for pk, name in named if name and name == wanted}
    if len(exact) == 1:
        return exact.pop()
    within = {pk for pk, name in named if name and f" {name} " in f" {wanted} "}
    return within.pop() if len(within) == 1 and not exact else None


def _words(name: str) -> list[str]:
    return IN_BRACKETS.sub(" ", name).casefold().replace(",", " ").replace("-", " ").split()


# --- HQ ----------------------------------------------------------------------------------------
def requests_of(user: AnyUser) -> QuerySet[AccessRequest]:
    """Requests to organisations whose members the user manages, oldest first."""
    return (
        AccessRequest.objects.filter(organisation__in=managed_organisations(user))
        .select_related("organisation", "decided_by")
        .order_by("created_at", "pk")
    )


@transaction.atomic
def approve(user: User, request_id: int, grant: Grant) -> tuple[Invitation, str]:
    """Approve a request: makes an invitation, with the secret of its link.

    Raises ApiError 409 already_decided, 400 (of another organisation).
    """
    request = _pending(request_id)
    if grant.organisation_id != request.organisation_id:
        raise invalid(
            "factory", "unknown_factory", _("This factory does not belong to the organisation of the request.")
        )
    request.invitation, token = invite(user, grant, email=request.email, phone=request.phone)
    _decide(request, user, RequestState.APPROVED)
    return request.invitation, token


@transaction.atomic
def decline(user: User, request_id: int) -> AccessRequest:
    """Decline a request. It sends nothing; the row stays. Raises ApiError 409 already_decided."""
    request = _pending(request_id)
    _decide(request, user, RequestState.DECLINED)
    return request


def _pending(request_id: int) -> AccessRequest:
    request = AccessRequest.objects.select_for_update().get(pk=request_id)
    if request.state != RequestState.PENDING:
        raise ApiError(
            409,
            "already_decided",
            _("This request was answered already: %(state)s.") % {"state": request.get_state_display()},
            params={"state": request.state},
        )
    return request


def _decide(request: AccessRequest, user: User, state: RequestState) -> None:
    request.state, request.decided_by, request.decided_at = state, user, timezone.now()
    request.save()
