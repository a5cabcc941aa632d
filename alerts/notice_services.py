"""Writes about who is told, and how: a person's channels, an organisation's gateways and roster.

One function, one act, one transaction. Who may: a person for themselves, and `Action.MANAGE_NOTICES` for gateways and
rosters; the callers check it.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import memberships_of
from accounts.roles import Role
from alerts import channels
from alerts.channel_kinds import GATEWAYS, NEEDS_GATEWAY
from alerts.choices import Severity
from alerts.delivery import code_digest
from alerts.notice_choices import ChannelKind, GatewayKind, NoticeKind, Suppression
from alerts.notice_models import Channel, Delivery, Gateway, RosterPlace, RosterShift
from alerts.notices import suppress
from factories.models import Organisation
from lib.errors import ApiError, invalid

MOST_CHANNELS = 10
CODES_AN_HOUR = 5
CODE_LIFE = timedelta(minutes=30)
WRONG_CODES = 5


# --- Channels of a person ---------------------------------------------------------------------------
@transaction.atomic
def add_channel(
    user: User, *, kind: str, fields_given: Mapping[str, str], least_severity: str = Severity.INFO
) -> Channel:
    """Keep it and send a code over it; it is used once the code is typed in. Raises ApiError 400, 409, 429."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # so that two requests do not pass the limits together
    if Channel.objects.filter(user=user).count() >= MOST_CHANNELS:
        words = _("You have %(limit)d channels, which is the most. Remove one first.")
        raise ApiError(409, "too_many_channels", words % {"limit": MOST_CHANNELS}, params={"limit": MOST_CHANNELS})
    countries = sorted({membership.organisation.country for membership in memberships_of(user)})
    fields = channels.checked(ChannelKind(kind), fields_given, countries)
    label = channels.label_of(ChannelKind(kind), fields)
    kept = {"sealed_fields": channels.sealed(fields), "label": label, "least_severity": least_severity}
    channel = Channel.objects.create(user=user, kind=kind, **kept)
    _send_code(user, channel)
    return channel


def _send_code(user: User, channel: Channel) -> None:
    since = timezone.now() - timedelta(hours=1)
    sent = Delivery.objects.filter(user=user, kind=NoticeKind.PROOF, created_at__gt=since).count()
    if sent >= CODES_AN_HOUR:
        words = _("%(limit)d codes were sent within an hour. Try again later.") % {"limit": CODES_AN_HOUR}
        raise ApiError(429, "too_many_codes", words, params={"limit": CODES_AN_HOUR, "retry_after_s": 3600})
    organisation_id = None
    if channel.kind in NEEDS_GATEWAY:
        organisation_id = _gateway_for(user, channel).organisation_id
    Delivery.objects.create(
        kind=NoticeKind.PROOF, user=user, channel=channel, channel_kind=channel.kind, organisation_id=organisation_id
    )


def _gateway_for(user: User, channel: Channel) -> Gateway:
    organisations = [membership.organisation_id for membership in memberships_of(user)]
    gateway = Gateway.objects.filter(organisation__in=organisations, carries=channel.kind).order_by("pk").first()
    if gateway is None:
        words = _("Your organisation has no gateway for %(kind)s. Ask your headquarters to set one up.")
        raise invalid("kind", "no_gateway", words % {"kind": channel.get_kind_display()}, kind=channel.kind)
    return gateway


def prove_channel(user: User, channel_id: int, code: str) -> Channel:
    """Type in the code. Five wrong ones use it up. Raises ApiError 400."""
    with transaction.atomic():
        channel = _own_channel(user, channel_id)
        is_fresh = channel.code_sent_at is not None and channel.code_sent_at > timezone.now() - CODE_LIFE
        may_try = bool(channel.code_sha256) and is_fresh and channel.wrong_codes < WRONG_CODES
        digits = "".join(code.split())
        is_right = may_try and constant_time_compare(code_digest(channel, digits), channel.code_sha256)
        if is_right:
            channel.code_sha256, channel.proven_at = "", channel.proven_at or timezone.now()
            channel.failures, channel.switched_off_at = 0, None
        elif may_try:
            channel.wrong_codes += 1
        channel.save()
    if not is_right:
        words = _("This is not the code.") if may_try else _("This code is over. Ask for a new one.")
        raise invalid("code", "wrong_code" if may_try else "code_over", words)
    return channel


@transaction.atomic
def send_code_again(user: User, channel_id: int) -> Channel:
    """A new code: for a channel that is not proven, or was switched off after failures. Raises ApiError 400, 429."""
    channel = _own_channel(user, channel_id)
    _send_code(user, channel)
    return channel


def _own_channel(user: User, channel_id: int) -> Channel:
    """Locked. Raises 404: of two who remove it at once, the second finds none."""
    return get_object_or_404(Channel.objects.select_for_update(), user=user, pk=channel_id)


@transaction.atomic
def remove_channel(user: User, channel_id: int) -> None:
    """What was sent over it stays; what waits is not sent."""
    channel = _own_channel(user, channel_id)
    suppress(channel.deliveries.all(), Suppression.SWITCHED_OFF)
    channel.delete()


# --- Gateways ---------------------------------------------------------------------------------------
@transaction.atomic
def set_gateway(
    organisation: Organisation,
    *,
    kind: str,
    fields_given: Mapping[str, str],
    cost_per_message: Decimal = Decimal(0),
    monthly_cap: Decimal | None = None,
) -> Gateway:
    """Set up or replace what carries one kind of channel. Secrets that are left out stay. Raises ApiError 400."""
    service = GatewayKind(kind)
    carries = GATEWAYS[service].carries
    assert carries is not None
    # Of two who set it up at once, the second one waits here, and replaces what it finds.
    Organisation.objects.select_for_update(no_key=True).filter(pk=organisation.pk).first()
    before = Gateway.objects.select_for_update().filter(organisation=organisation, carries=carries).first()
    kept = channels.opened(before.sealed_fields) if before is not None and before.kind == kind else {}
    secret = {field.name for field in GATEWAYS[service].fields if field.is_secret}
    given = {name: value for name, value in fields_given.items() if value}
    fields = channels.checked(service, {name: kept[name] for name in secret & set(kept)} | given, [])
    if channels.plugin_of(service, fields, "+254712345678", channels.Message("", "")) is None:
        raise invalid("kind", "unusable", _("The service does not accept these fields. Copy them from it once more."))
    row = before or Gateway(organisation=organisation, carries=carries)
    row.kind, row.sealed_fields, row.label = kind, channels.sealed(fields), channels.label_of(service, fields)
    row.cost_per_message, row.monthly_cap = cost_per_message, monthly_cap
    row.save()
    return row


# --- Roster -----------------------------------------------------------------------------------------
@transaction.atomic
def set_shift(shift: RosterShift, people: Sequence[int], **changes: Any) -> RosterShift:
    """Add or change a shift. `people` in the order in which they are told. Raises ApiError 400.

    They are members of the organisation; who may not see a site is passed over for its alarms.
    """
    for name, value in changes.items():
        setattr(shift, name, value)
    shift.weekdays = sorted(set(shift.weekdays))
    if shift.factory is not None and shift.factory.organisation_id != shift.organisation_id:
        raise invalid("factory", "other_organisation", _("This factory belongs to another organisation."))
    ordered = list(dict.fromkeys(people))
    members = possible_people(shift.organisation_id).filter(pk__in=ordered).values_list("pk", flat=True)
    if not ordered or set(members) != set(ordered):
        raise invalid("people", "no_member", _("Choose members of the organisation, at least one."))
    shift.save()
    shift.places.all().delete()
    RosterPlace.objects.bulk_create(
        RosterPlace(shift=shift, user_id=user_id, place=place) for place, user_id in enumerate(ordered, 1)
    )
    return shift


def possible_people(organisation_id: int) -> Any:
    """Whom a roster may name."""
    roles = [Role.FACTORY_MANAGER, Role.HQ_MANAGER, Role.INSTALLER]
    people = User.objects.filter(memberships__organisation=organisation_id, memberships__role__in=roles, is_active=True)
    return people.distinct().order_by("first_name", "last_name", "pk")
