"""Members: change and end a membership, undo, and a password link for a person without mail."""

from datetime import datetime, timedelta
from typing import Any

import pghistory
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.grants import Grant, managed_organisations
from accounts.links import link_digest, new_link_token
from accounts.models import Membership, PasswordLink, User
from accounts.permissions import AnyUser, memberships_of
from accounts.roles import Role
from lib.errors import ApiError, field_errors, invalid_fields

UNDO_WITHIN = timedelta(minutes=10)
PASSWORD_LINK_LASTS = timedelta(hours=24)
_UNDONE = "undone"
_COLUMNS = ("user_id", "organisation_id", "factory_id", "county", "role", "created_at")


def members_of(user: AnyUser) -> QuerySet[Membership]:
    """Memberships in organisations whose members the user manages, by person."""
    return (
        Membership.objects.filter(organisation__in=managed_organisations(user))
        .select_related("user", "organisation", "factory")
        .order_by("user__first_name", "user__last_name", "user_id", "pk")
    )


def change_membership(membership_id: int, grant: Grant) -> Membership:
    """Change the role or place within the organisation. Raises ApiError 409 last_hq_manager, membership_exists."""
    try:
        with transaction.atomic():
            membership = _locked(membership_id)
            stays = (grant.role, grant.factory_id, grant.county) == (Role.HQ_MANAGER, None, "")
            if not stays:
                _keep_one_hq_manager(membership)
            membership.role, membership.county = grant.role, grant.county
            membership.factory_id = grant.factory_id
            membership.save()
    except IntegrityError as error:
        raise _exists_already(error) from None
    return Membership.objects.select_related("user", "organisation", "factory").get(pk=membership_id)


@transaction.atomic
def end_membership(membership_id: int) -> None:
    """End a membership; the history keeps it. Raises ApiError 409 last_hq_manager."""
    membership = _locked(membership_id)
    _keep_one_hq_manager(membership)
    membership.delete()


def undo_membership(user: AnyUser, membership_id: int) -> Membership:
    """Undo the last change or end of a membership, within ten minutes. Idempotent.

    Raises Http404, ApiError 409 undo_expired, last_hq_manager, membership_exists.
    """
    try:
        with transaction.atomic(), pghistory.context(act=_UNDONE):
            return _undo(user, membership_id)
    except IntegrityError as error:
        raise _exists_already(error) from None


def _undo(user: AnyUser, membership_id: int) -> Membership:
    Membership.objects.select_for_update().filter(pk=membership_id).first()
    events = list(_events(user).filter(id=membership_id).order_by("-pgh_id")[:2])
    if not events:
        raise Http404
    last = events[0]
    if _is_undoing(last):
        return Membership.objects.select_related("user", "organisation", "factory").get(pk=membership_id)
    if timezone.now() - last.pgh_created_at > UNDO_WITHIN or len(events) < 2:
        raise ApiError(
            409,
            "undo_expired",
            _("A change can be undone for %(minutes)d minutes. Change it again, or send an invitation.")
            % {"minutes": UNDO_WITHIN.total_seconds() // 60},
        )
    # The last event of a deleted row holds it; of a changed row, the event before.
    before = last if last.pgh_label == "delete" else events[1]
    is_hq = (before.role, before.factory_id, before.county) == (Role.HQ_MANAGER, None, "")
    if last.pgh_label != "delete" and not is_hq:
        _keep_one_hq_manager(_locked(membership_id))
    restored = Membership(pk=membership_id, **{name: getattr(before, name) for name in _COLUMNS})
    restored.save()
    Membership.objects.filter(pk=membership_id).update(created_at=before.created_at)
    return Membership.objects.select_related("user", "organisation", "factory").get(pk=membership_id)


def recent_changes(user: AnyUser, organisation: Any, now: datetime) -> list[Any]:
    """What can be undone now: the last event of each membership that was changed or ended, newest first."""
    events = (
        _events(user)
        .filter(organisation=organisation, pgh_created_at__gt=now - UNDO_WITHIN)
        .order_by("id", "-pgh_id")
        .distinct("id")
        .select_related("user", "pgh_context")
    )
    changes = [event for event in events if event.pgh_label in ("update", "delete") and not _is_undoing(event)]
    return sorted(changes, key=lambda event: event.pgh_created_at, reverse=True)


def _is_undoing(event: Any) -> bool:
    return bool(event.pgh_context and event.pgh_context.metadata.get("act") == _UNDONE)


def _events(user: AnyUser) -> QuerySet[Any]:
    events: Any = Membership.events.rel.related_model  # type: ignore[attr-defined]
    managed: QuerySet[Any] = events.objects.filter(organisation__in=managed_organisations(user)).select_related(
        "pgh_context"
    )
    return managed


def _exists_already(error: IntegrityError) -> Exception:
    # The primary key conflicts when two people undo the same end at once.
    if not any(name in str(error) for name in ("membership_once", "accounts_membership_pkey")):
        return error
    return ApiError(409, "membership_exists", _("This person has that role there already."))


def _locked(membership_id: int) -> Membership:
    """Lock all HQ managers of the organisation, so that two cannot end each other at once; return the membership."""
    organisations = Membership.objects.filter(pk=membership_id).values_list("organisation_id", flat=True)
    organisation_id = organisations.first() or 0  # 0: somebody else ended it at the same time
    list(_hq_managers(organisation_id).select_for_update(of=("self",)).order_by("pk"))
    membership = Membership.objects.select_for_update(of=("self",)).filter(pk=membership_id).first()
    if membership is None:
        raise ApiError(404, "not_found", _("This does not exist, or you may not see it."))
    return membership


def _hq_managers(organisation_id: int) -> QuerySet[Membership]:
    return Membership.objects.filter(
        organisation_id=organisation_id, role=Role.HQ_MANAGER, factory=None, county="", user__is_active=True
    )


def _keep_one_hq_manager(membership: Membership) -> None:
    hq = _hq_managers(membership.organisation_id)
    if hq.filter(pk=membership.pk).exists() and not hq.exclude(pk=membership.pk).exists():
        raise ApiError(
            409,
            "last_hq_manager",
            _("%(organisation)s would have no HQ manager; give another person that role first.")
            % {"organisation": membership.organisation},
        )


# --- A link to set a new password ----------------------------------------------------------------
@transaction.atomic
def issue_password_link(user: User, membership: Membership) -> tuple[PasswordLink, str]:
    """A new password link for a member, and its secret. Earlier links stop working.

    Raises ApiError 409 own_account, or belongs_elsewhere: the link would let the user take over a person who also
    belongs to an organisation that the user does not manage, or who runs the server.
    """
    person = membership.user
    if person.pk == user.pk:
        raise ApiError(409, "own_account", _("This is your own account: change its password in your menu."))
    if not _manages(user, person):
        raise ApiError(
            409,
            "belongs_elsewhere",
            _("%(person)s also belongs to another organisation or runs the server; ask the operator of the server.")
            % {"person": person},
        )
    now = timezone.now()
    PasswordLink.objects.filter(user=person, used_at=None, expires_at__gt=now).update(expires_at=now)
    token, digest = new_link_token()
    expires_at = now + PASSWORD_LINK_LASTS
    link = PasswordLink.objects.create(token_sha256=digest, user=person, issued_by=user, expires_at=expires_at)
    return link, token


def _manages(user: User, person: User) -> bool:
    """Whether all that the person may do is in organisations whose members the user manages.

    Asked when a link is made and again when it is used: meanwhile either of them may have gained or lost a right.
    """
    places = {membership.organisation_id for membership in memberships_of(person)}
    runs_server = person.is_staff or person.is_superuser
    return bool(places) and not runs_server and places <= set(managed_organisations(user))


def usable_link(token: str, *, lock: bool = False) -> PasswordLink:
    """Raises ApiError 404 that says what to do."""
    links = PasswordLink.objects.select_related("user", "issued_by")
    links = links.select_for_update(of=("self", "user")) if lock else links
    link = links.filter(token_sha256=link_digest(token), used_at=None, expires_at__gt=timezone.now()).first()
    if link is None:
        raise ApiError(
            404, "not_found", _("This link was used already or is too old: ask your headquarters for a new one.")
        )
    if not _manages(link.issued_by, link.user):
        raise ApiError(
            404,
            "link_ended",
            _("This link ended, because its sender no longer manages your account: ask your headquarters."),
        )
    return link


@transaction.atomic
def set_password_by_link(token: str, password: str) -> User:
    """Set the password, which ends sessions and sign-ins of the person. Raises ApiError 404, 400."""
    link = usable_link(token, lock=True)
    try:
        validate_password(password, link.user)
    except DjangoValidationError as error:
        raise invalid_fields({"password": field_errors(error.error_list)}) from None
    link.user.set_password(password)
    link.user.save(update_fields=["password"])
    link.used_at = timezone.now()
    link.save(update_fields=["used_at"])
    return link.user
