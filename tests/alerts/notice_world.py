"""Alarms, channels and gateways for tests of notices."""

import itertools
import uuid
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from alerts import channels, services
from alerts.choices import AlertAct, AlertKind, Severity
from alerts.models import Alert, AlertEvent
from alerts.notice_choices import ChannelKind, GatewayKind
from alerts.notice_models import Channel, Gateway, NoticeSettings
from factories.models import Factory, Organisation
from tests import make
from tests.alerts.receiver import Receiver

_numbers = itertools.count(1)


def open_alarm(factory: Factory, *, severity: Severity = Severity.CRITICAL, **fields: Any) -> Alert:
    """CO2 high since now, with the event of its opening: what a round of evaluation leaves."""
    now = timezone.now()
    alert = Alert.objects.create(
        **{
            "organisation": factory.organisation,
            "factory": factory,
            "kind": AlertKind.CO2_HIGH,
            "severity": severity,
            # Forks of a test count on from the same number, so the device has a name that none of them draws twice.
            "device": make.make_device(factory=factory, device_id=f"stack-{uuid.uuid4().hex[:12]}"),
            "began_at": now,
            "opened_at": now,
            "value": 181_000.0,
            "limit": 170_000.0,
            "params": {"device": "stack-1"},
        }
        | fields
    )
    add_event(alert, AlertAct.OPENED)
    return alert


def add_event(alert: Alert, act: AlertAct) -> AlertEvent:
    return services.store_events([AlertEvent(alert=alert, at=timezone.now(), act=act)])[0]


def proven(
    user: User, kind: ChannelKind = ChannelKind.EMAIL, fields: dict[str, str] | None = None, **columns: Any
) -> Channel:
    given = fields or {"email": user.email or ""}
    return Channel.objects.create(
        **{
            "user": user,
            "kind": kind,
            "sealed_fields": channels.sealed(given),
            "label": channels.label_of(kind, given),
            "proven_at": timezone.now(),
        }
        | columns
    )


def webhook(user: User, receiver: Receiver, **columns: Any) -> Channel:
    address = f"{receiver.address}/{next(_numbers)}"
    return proven(user, ChannelKind.WEBHOOK, {"address": address}, **columns)


def sms(user: User, **columns: Any) -> Channel:
    return proven(user, ChannelKind.SMS, {"phone": "+254712345678"}, **columns)


def gateway(organisation: Organisation, **columns: Any) -> Gateway:
    fields = {"username": "sandbox", "api_key": "atsk_1"}
    return Gateway.objects.create(
        **{
            "organisation": organisation,
            "kind": GatewayKind.AFRICAS_TALKING,
            "carries": ChannelKind.SMS,
            "sealed_fields": channels.sealed(fields),
            "label": "sandbox",
            "cost_per_message": Decimal("0.8"),
        }
        | columns
    )


def settings_of(user: User, **columns: Any) -> NoticeSettings:
    return NoticeSettings.objects.create(user=user, **columns)
