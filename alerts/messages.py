"""The texts of notices, in the recipient's language. An SMS with its link is one message of 160 characters.

A letter outside the alphabet of SMS (GSM 03.38) would leave 70, so it is written plainly where that can be done.
"""

import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from alerts.channel_kinds import Message
from alerts.choices import AlertState, Severity
from alerts.links import address_of
from alerts.models import Alert
from alerts.notice_choices import ChannelKind, NoticeKind
from alerts.notice_models import Delivery
from alerts.sentences import sentence_of

SMS_CHARACTERS, SMS_CHARACTERS_OTHERWISE = 160, 70
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("^{}\\[~]|€")  # these take two places
# The others are written plainly by Unicode: a subscript as its digit, an ellipsis as three dots.
_PLAINLY = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "·": "-", "×": "x"})
_PLAINLY |= str.maketrans({"≥": ">=", "≤": "<="})
SHOWN = 10  # alarms in a digest; the link shows the others
_CUT = "..."


def language_of(user: User) -> str:
    """The person's, else the first of their organisation."""
    membership = user.memberships.select_related("organisation").order_by("pk").first()
    languages = membership.organisation.languages if membership is not None else []
    return user.language or next(iter(languages), settings.LANGUAGE_CODE)


def fitting(text: str, link: str) -> str:
    """The text and its link in one SMS; what does not fit is cut off the text, never off the link."""
    plain = _plainly(text)
    if not _is_one_sms(f"{plain} {link}"):
        while plain and not _is_one_sms(f"{plain}{_CUT} {link}"):
            plain = plain[:-1]
        plain = plain.rstrip() + _CUT if plain else ""
    return f"{plain} {link}".strip()


def _is_one_sms(text: str) -> bool:
    if _GSM.union(_GSM_TWICE).issuperset(text):
        return len(text) + sum(letter in _GSM_TWICE for letter in text) <= SMS_CHARACTERS
    return len(text.encode("utf-16-le")) // 2 <= SMS_CHARACTERS_OTHERWISE  # a letter like an emoji takes two


def _plainly(text: str) -> str:
    text = " ".join(text.translate(_PLAINLY).split())
    return "".join(letter if letter in _GSM or letter in _GSM_TWICE else _without_marks(letter) for letter in text)


def _without_marks(letter: str) -> str:
    """An accented letter without its accent; what has no such letter stays."""
    bare = "".join(one for one in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(one))
    return bare if bare and _GSM.issuperset(bare) else letter


# --- Messages of alarms ---------------------------------------------------------------------------
def of_alarms(user: User, kind: ChannelKind, deliveries: Sequence[Delivery]) -> Message:
    """One message for all of them."""
    link = address_of(deliveries[0].pk)
    with translation.override(language_of(user)):
        latest = {delivery.event.alert_id: delivery for delivery in deliveries if delivery.event is not None}
        told = sorted(latest.values(), key=_weight)
        title, body = _one(told[0]) if len(told) == 1 else _digest(told)
        short = f"{title}. {body}" if len(told) > 1 else body
        return message_of(kind, title, body, link, short=short, data=_data(told, deliveries))


def _weight(delivery: Delivery) -> tuple[bool, int, int]:
    alert = _alert(delivery)
    return delivery.kind == NoticeKind.OVER, -Severity(alert.severity).gravity, alert.pk


def _alert(delivery: Delivery) -> Alert:
    assert delivery.event is not None
    return delivery.event.alert


def _one(delivery: Delivery) -> tuple[str, str]:
    alert = _alert(delivery)
    if delivery.kind == NoticeKind.OVER:
        params = {"place": str(alert.factory), "what": alert.get_kind_display()}
        return _("%(place)s: over") % params, _("%(place)s: %(what)s is over.") % params
    title = _("%(place)s: %(what)s") % {"place": str(alert.factory), "what": alert.get_kind_display()}
    return title, f"{alert.factory}: {sentence_of(alert)}"


def _digest(deliveries: list[Delivery]) -> tuple[str, str]:
    """A storm is told once, the worst first."""
    alerts = [_alert(one) for one in deliveries]
    sites = len({str(alert.factory) for alert in alerts})
    title = ngettext("%(alarms)d alarms at %(sites)d site", "%(alarms)d alarms at %(sites)d sites", sites) % {
        "alarms": len(alerts),
        "sites": sites,
    }
    lines = [_one(one)[1] for one in deliveries[:SHOWN]]
    if len(deliveries) > SHOWN:
        more = len(deliveries) - SHOWN
        lines.append(ngettext("and %(count)d more", "and %(count)d more", more) % {"count": more})
    return title, "\n".join(lines)


def _data(told: Iterable[Delivery], deliveries: Sequence[Delivery]) -> dict[str, object]:
    """For programs. Each alarm's `notice` stays the same when it comes a second time; so does `id`, for the same
    notices: with one more it is another message.
    """
    notices = " ".join(sorted(str(delivery.identity) for delivery in deliveries))
    return {
        "id": str(uuid.uuid5(deliveries[0].identity, notices)),
        "alarms": [
            {
                "notice": str(delivery.identity),
                "id": alert.pk,
                "event": delivery.kind,
                "kind": alert.kind,
                "severity": alert.severity,
                "state": alert.state,
                "factory": alert.factory_id,
                "opened_at": alert.opened_at.isoformat(),
                "closed_at": alert.closed_at.isoformat() if alert.closed_at else None,
                "is_open": alert.state != AlertState.CLOSED,
                "sentence": sentence_of(alert),
            }
            for delivery in told
            for alert in [_alert(delivery)]
        ],
    }


# --- Other messages -------------------------------------------------------------------------------
def of_code(user: User, kind: ChannelKind, code: str) -> Message:
    with translation.override(language_of(user)):
        body = _("Carbon Track: %(code)s is the code of this channel. Type it in on the page of your notices.")
        link = "" if kind == ChannelKind.SMS else f"{settings.PUBLIC_URL}{reverse('my-notices')}"
        return message_of(kind, _("Your code"), body % {"code": code}, link, data={"code": code})


def message_of(
    kind: ChannelKind, title: str, body: str, link: str, *, short: str = "", data: dict[str, Any] | None = None
) -> Message:
    """`short` is the body of an SMS, where it has another."""
    if kind == ChannelKind.SMS:
        return Message("", fitting(short or body, link))
    return Message(title, f"{body}\n{link}", data or {})
