"""The short signed link of a notice: opens the alarms that it told of, for their recipient, for 24 hours.

The token is the notice's number and 64 bits of an HMAC over it, so a link costs an SMS 18 characters and needs no
table. It signs nobody in: opening it shows, and only its button acknowledges.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import User
from alerts.models import Alert
from alerts.notice_choices import NoticeKind
from alerts.notice_models import Delivery
from alerts.services import may_see

LIFE = timedelta(hours=24)
_NUMBER_BYTES, _MAC_BYTES = 5, 8


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link leads to: the alarms of its message that the recipient may still see."""

    user: User
    alerts: list[Alert]


def token_of(notice_id: int) -> str:
    number = notice_id.to_bytes(_NUMBER_BYTES)
    return _text(number + _mac(number, settings.SECRET_KEY))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _mac(number: bytes, key: str) -> bytes:
    return salted_hmac("alerts.links", number, secret=key, algorithm="sha256").digest()[:_MAC_BYTES]


def address_of(notice_id: int) -> str:
    return f"{settings.PUBLIC_URL}{reverse('alarm-link', args=[token_of(notice_id)])}"


def open_link(token: str) -> Opened | None:
    """None for a token that is not ours, is over, or whose recipient may see none of its alarms any more."""
    notice = _notice(token)
    if notice is None or notice.event_id is None or not notice.user.is_active:
        return None
    together = (
        Delivery.objects.filter(message=notice.message, user=notice.user) if notice.message else Delivery.objects.none()
    )
    told = Alert.objects.filter(events__notices__in=together) | Alert.objects.filter(events__notices=notice)
    found = told.distinct().select_related("factory", "organisation").order_by("-opened_at")
    seen = [alert for alert in found if may_see(notice.user, alert)]
    return Opened(notice.user, seen) if seen else None


def _notice(token: str) -> Delivery | None:
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    if _text(raw) != token:  # 16 last characters, and any with foreign ones in between, decode to the same
        return None
    number, mac = raw[:_NUMBER_BYTES], raw[_NUMBER_BYTES:]
    keys: Iterable[str] = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    if not any(hmac.compare_digest(mac, _mac(number, key)) for key in keys):
        return None
    since = timezone.now() - LIFE
    notices = Delivery.objects.filter(pk=int.from_bytes(number), kind__in=[NoticeKind.ALARM, NoticeKind.OVER])
    # From when it was sent; what waited through a night of quiet hours is not over in the morning.
    notice = notices.select_related("user").first()
    return notice if notice is not None and (notice.done_at or timezone.now()) > since else None
