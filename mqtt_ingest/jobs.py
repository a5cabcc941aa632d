"""Periodic work of ingest: deletes old messages that are kept for people to inspect. Counters are never deleted.

Bounds, with one ingest process. Rejected messages: 50,000, and between two clean-ups an hour of the 600 a minute that
`rejected.py` keeps, 36,000: at 9 KB (8 KiB of payload, reason, index) less than 800 MB. Of one device 1,000 are kept,
and all ids that nobody registered count as one; where 50,000 are too few, who has most gives up its oldest first. Other
messages: 1,000 a device, and the hour's at 10 messages/s, the rate limit: 36,000, of at most 2 KB; of older hours of
the week two statuses, 336 a device, so that supply and signal can be shown with their week.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, Value, When, Window
from django.db.models.functions import RowNumber, TruncHour
from django.utils import timezone

from devices.models import MCUDevice
from lib.jobs import Job
from mqtt_ingest.authority import look_at_certificates
from mqtt_ingest.choices import MessageKind
from mqtt_ingest.commands import drop_old_commands, end_commands
from mqtt_ingest.device_meters import enter_counts
from mqtt_ingest.gaps import ask_for_gaps
from mqtt_ingest.models import DeviceMessage, RejectedGroup, RejectedMessage
from mqtt_ingest.new_secrets import settle_secrets
from mqtt_ingest.restarts import give_again
from mqtt_ingest.roll_out import keep_roll_outs
from mqtt_ingest.silence import WEEK, reported

REJECTED_FOR = timedelta(days=90)
REJECTED_COUNT = 50_000
REJECTED_PER_DEVICE_COUNT = 1_000
GROUPS_OF_NOBODY_COUNT = 1_000  # of ids that are not registered; those of a device are few (`rejected.py`)
MESSAGES_FOR = timedelta(days=366)  # as long as a device may still send a reading
MESSAGES_PER_DEVICE_COUNT = 1_000


def drop_old_messages() -> int:
    """Delete rejected messages older than 90 days, beyond the newest 1,000 of their device or 50,000 of all; other
    messages after 366 days or beyond the newest 1,000 of their device."""
    now = timezone.now()
    rejected = RejectedMessage.objects.filter(received_at__lt=now - REJECTED_FOR).delete()[0]
    rejected += _drop_crowded_rejected()
    _drop_groups(now)
    old = DeviceMessage.objects.filter(received_at__lt=now - MESSAGES_FOR).delete()[0]
    return rejected + old + _drop_crowded_messages()


def _is_registered() -> Exists:
    return Exists(MCUDevice.objects.filter(device_id=OuterRef("topic_device_id")))


def _drop_crowded_rejected() -> int:
    """By place within their device: the flood of one costs the others nothing."""
    owner = Case(When(_is_registered(), then=F("topic_device_id")), default=Value(""))
    place = Window(RowNumber(), partition_by=owner, order_by=[F("received_at").desc(), F("pk").desc()])
    ranked = RejectedMessage.objects.order_by().annotate(place=place)
    dropped = RejectedMessage.objects.filter(pk__in=ranked.filter(place__gt=REJECTED_PER_DEVICE_COUNT).values("pk"))
    count = dropped.delete()[0]
    beyond = ranked.order_by("place", "-received_at", "-pk").values_list("pk", flat=True)[REJECTED_COUNT:]
    return count + RejectedMessage.objects.filter(pk__in=list(beyond)).delete()[0]


def _drop_groups(now: datetime) -> None:
    RejectedGroup.objects.filter(last_at__lt=now - REJECTED_FOR).delete()
    nobodys = RejectedGroup.objects.filter(~_is_registered()).order_by("-last_at", "-pk")
    RejectedGroup.objects.filter(pk__in=list(nobodys.values_list("pk", flat=True)[GROUPS_OF_NOBODY_COUNT:])).delete()


def _drop_crowded_messages() -> int:
    """Beyond the newest 1,000 of a device: all but each hour's lowest supply and weakest signal of the last week."""
    place = Window(RowNumber(), partition_by=F("device"), order_by=[F("received_at").desc(), F("pk").desc()])
    hour: list[Any] = [F("device"), F("kind"), TruncHour("received_at")]
    ranked = DeviceMessage.objects.order_by().annotate(
        place=place,
        by_supply=Window(RowNumber(), partition_by=hour, order_by=[reported("supply_v").asc(nulls_last=True), F("pk")]),
        by_signal=Window(RowNumber(), partition_by=hour, order_by=[reported("rssi_dbm").asc(nulls_last=True), F("pk")]),
    )
    kept = Q(kind=MessageKind.STATUS, received_at__gt=timezone.now() - WEEK) & (Q(by_supply=1) | Q(by_signal=1))
    beyond = ranked.filter(~kept, place__gt=MESSAGES_PER_DEVICE_COUNT).values("pk")
    return DeviceMessage.objects.filter(pk__in=beyond).delete()[0]


JOBS = [
    Job("bring new passwords to devices", 3, settle_secrets),
    Job("end commands that nobody answered", 30, end_commands),
    Job("roll firmware out, or back", 30, keep_roll_outs),
    Job("ask devices for missing readings", 60, ask_for_gaps),
    Job("tell restarted devices what they have forgotten", 30, give_again),
    Job("enter what meters of devices counted", 300, enter_counts),
    Job("drop old messages", 3600, drop_old_messages),
    Job("drop old commands", 3600, drop_old_commands),
    Job("look at the broker's certificates", 3600, look_at_certificates),
]
