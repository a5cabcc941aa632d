"""Invitations: a link that HQ sends by WhatsApp or mail, and the membership that it gives."""

from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.emails import has_proven
from accounts.grants import Grant, all_organisations, countries_of_organisations, managed_organisations
from accounts.links import link_digest, new_link_token
from accounts.models import PHONE, Invitation, Membership, User
from accounts.permissions import AnyUser, is_operator, with_memberships
from accounts.roles import Role
from lib.errors import ApiError, FieldErrors, field_error, field_errors, invalid, invalid_fields
from lib.phones import one_number

LASTS = timedelta(days=14)


class InvitationState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    REVOKED = "revoked"
    EXPIRED = "expired"
    ENDED = "ended"


def contact(email: str, phone: str, *, organisation_id: int | None) -> tuple[str, str]:
    """An e-mail address and a phone number as we keep them; either may be empty.

    A number without its country code is of the organisation's country, or of the only country in which it can be.

    Raises ApiError 400 for a number that is none there.
    """
    if not phone.strip():
        return email.strip().lower(), ""
    known = all_organisations().filter(pk=organisation_id).values_list("country", flat=True)
    number = one_number(phone, list(known) or countries_of_organisations())
    if number is None:
        raise invalid("phone", "invalid", str(PHONE.message))
    return email.strip().lower(), number


# --- HQ ----------------------------------------------------------------------------------------
def invitations_of(user: AnyUser) -> QuerySet[Invitation]:
    """Invitations into organisations whose members the user manages, newest first."""
    return (
        Invitation.objects.filter(organisation__in=managed_organisations(user))
        .select_related("organisation", "factory", "accepted_by")
        .prefetch_related("invited_by", with_memberships("invited_by__"))
        .order_by("-created_at", "-pk")
    )


def invite(user: User, grant: Grant, *, email: str = "", phone: str = "") -> tuple[Invitation, str]:
    """Make a link for one membership; its secret is shown once. `grant` comes from `grants.checked_grant`."""
    email, phone = contact(email, phone, organisation_id=grant.organisation_id)
    token, digest = new_link_token()
    invitation = Invitation.objects.create(
        token_sha256=digest,
        organisation_id=grant.organisation_id,
        factory_id=grant.factory_id,
        county=grant.county,
        role=grant.role,
        email=email,
        phone=phone,
        invited_by=user,
        expires_at=timezone.now() + LASTS,
    )
    return invitation, token


@transaction.atomic
def reissue_links(invitations: QuerySet[Invitation]) -> list[tuple[Invitation, str]]:
    """New secrets for those that are still open, which end the links they had. Each is shown once."""
    found = []
    rows = invitations.select_for_update(of=("self",)).select_related("organisation", "factory", "invited_by")
    for invitation in rows.order_by("factory__name", "pk"):
        if state_of(invitation) == InvitationState.OPEN:
            token, invitation.token_sha256 = new_link_token()
            invitation.save(update_fields=["token_sha256"])
            found.append((invitation, token))
    return found


@transaction.atomic
def revoke_invitation(invitation_id: int) -> Invitation:
    """End a link. Idempotent; for an accepted invitation, end the membership instead."""
    invitation = Invitation.objects.select_for_update().get(pk=invitation_id)
    if invitation.accepted_at is not None:
        raise ApiError(409, "invitation_used", _("This invitation was accepted already: end the membership instead."))
    if invitation.revoked_at is None:
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])
    return invitation


# --- Accepting ----------------------------------------------------------------------
def find_invitation(token: str) -> Invitation | None:
    invitations = Invitation.objects.select_related("organisation", "factory", "invited_by")
    return invitations.filter(token_sha256=link_digest(token)).first()


def state_of(invitation: Invitation) -> InvitationState:
    """An open invitation ends when its sender may no longer make it."""
    if invitation.accepted_at is not None:
        return InvitationState.ACCEPTED
    if invitation.revoked_at is not None:
        return InvitationState.REVOKED
    if invitation.expires_at <= timezone.now():
        return InvitationState.EXPIRED
    sender = invitation.invited_by
    may_invite = is_operator(sender) or invitation.organisation_id in managed_organisations(sender)
    return InvitationState.OPEN if may_invite else InvitationState.ENDED


def refuse_if_over(invitation: Invitation | None) -> Invitation:
    """The invitation if it can still be accepted. Raises ApiError 404 or 409 that says what to do."""
    if invitation is None:
        raise ApiError(
            404, "not_found", _("This link is not complete. Open it again from the message, or ask for a new one.")
        )
    date = {"date": f"{invitation.expires_at:%Y-%m-%d}"}
    over = {
        InvitationState.ACCEPTED: (
            "invitation_used",
            _("This link was used already. If you used it, sign in; otherwise ask for a new one."),
        ),
        InvitationState.REVOKED: (
            "invitation_revoked",
            _("This link was revoked. Ask your headquarters for a new one."),
        ),
        InvitationState.EXPIRED: (
            "invitation_expired",
            _("This link was valid until %(date)s. Ask your headquarters for a new one.") % date,
        ),
        InvitationState.ENDED: (
            "invitation_ended",
            _("This link ended, because its sender may no longer invite. Ask your headquarters for a new one."),
        ),
    }
    state = state_of(invitation)
    if state in over:
        raise ApiError(409, *over[state])
    return invitation


@transaction.atomic
def accept(token: str, *, user: User | None = None, **account: str) -> Membership:
    """Give the membership of the link to `user` or to a new account. If two calls come at once, only one succeeds.

    Raises ApiError 404 not_found, 409 invitation_used, invitation_revoked, invitation_expired or
    invitation_ended, 403 not_yours (it is for somebody else), 400 (a field of the account).
    """
    # The lock makes a second call wait for the first, and then find the link used.
    locked = Invitation.objects.select_for_update(of=("self",)).select_related("organisation", "factory")
    invitation = refuse_if_over(locked.filter(token_sha256=link_digest(token)).first())
    if user is None:
        user = _create_account(invitation, **account)
    elif not is_for(invitation, user):
        raise ApiError(
            403,
            "not_yours",
            _("This invitation is for %(contact)s. Sign in with that account, or ask for your own invitation.")
            % {"contact": invitation.email or invitation.phone},
        )
    invitation.accepted_by, invitation.accepted_at = user, timezone.now()
    invitation.save(update_fields=["accepted_by", "accepted_at"])
    membership, _is_new = Membership.objects.get_or_create(
        user=user,
        organisation=invitation.organisation,
        factory=invitation.factory,
        county=invitation.county,
        role=Role(invitation.role),
    )
    return membership


def is_for(invitation: Invitation, user: User) -> bool:
    if not invitation.email and not invitation.phone:
        return True
    by_mail = bool(invitation.email) and has_proven(user, invitation.email)
    return by_mail or (bool(invitation.phone) and user.phone == invitation.phone)


def _create_account(
    invitation: Invitation, *, email: str = "", phone: str = "", password: str = "", **about: Any
) -> User:
    """`about`: first_name, last_name, language."""
    email, phone = contact(email, phone, organisation_id=invitation.organisation_id)
    if invitation.email or invitation.phone:
        # The account gets the contact of the invitation, not that of the form. With a phone number it can sign in at
        # once, so an address that nobody proved waits until its owner adds it.
        email, phone = "" if invitation.phone else invitation.email, invitation.phone
    fields: FieldErrors = {}
    if bool(email) == bool(phone):
        words = _("Give either an e-mail address or a phone number. You can add an e-mail address later.")
        fields["email"] = [field_error("email_or_phone", words)]
    fields |= _taken(email, phone)
    draft = User(email=email or None, phone=phone or None, **about)
    try:
        validate_password(password, draft)
    except DjangoValidationError as error:
        fields["password"] = field_errors(error.error_list)
    if fields:
        raise invalid_fields(fields)
    try:
        with transaction.atomic():
            return User.objects.create_user(email or None, password, phone=phone or None, **about)
    except (IntegrityError, DjangoValidationError):
        # Taken by another link since the look above; the model's own check or the table finds it.
        if taken := _taken(email, phone):
            raise invalid_fields(taken) from None
        raise


def _taken(email: str, phone: str) -> FieldErrors:
    known = _("An account with this e-mail or phone number exists already. Sign in, then open the link again.")
    fields: FieldErrors = {}
    if email and User.objects.filter(email__iexact=email).exists():
        fields["email"] = [field_error("taken", known)]
    if phone and User.objects.filter(phone=phone).exists():
        fields["phone"] = [field_error("taken", known)]
    return fields
