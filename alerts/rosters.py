"""Who is told of an alarm, in which order: the shift on duty, then headquarters. Reads only.

Without a shift the managers of the site are told first. A person without a channel for the alarm is passed over.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from accounts.models import User
from accounts.permissions import memberships_of, with_memberships
from accounts.roles import Role
from alerts.choices import Severity
from alerts.evaluate import is_between
from alerts.models import Alert
from alerts.notice_models import Channel, NoticeSettings, RosterShift
from alerts.services import may_see

DEFAULT_AFTER_MIN = 15


@dataclass(frozen=True, slots=True)
class Watch:
    """`steps`: the ids of who is told at once, and of who is told `after_min` minutes later, each time."""

    steps: list[list[int]]
    after_min: int


class Roster:
    """The people of one organisation with their channels and settings, read once for any number of alarms."""

    def __init__(self, organisation_id: int) -> None:
        people = User.objects.filter(memberships__organisation=organisation_id, is_active=True).distinct()
        self.people = {user.pk: user for user in people.prefetch_related(with_memberships())}
        self.shifts = list(RosterShift.objects.filter(organisation=organisation_id).prefetch_related("places"))
        rows = NoticeSettings.objects.filter(user__in=self.people)
        self.settings = {row.user_id: row for row in rows}
        self.channels: dict[int, list[Channel]] = defaultdict(list)
        used = Channel.objects.filter(user__in=self.people, proven_at__isnull=False, switched_off_at__isnull=True)
        for channel in used.order_by("pk"):
            self.channels[channel.user_id].append(channel)

    def channels_for(self, user_id: int, alert: Alert) -> list[Channel]:
        """Empty too for somebody who may not see the alarm (any more)."""
        user = self.people.get(user_id)
        if user is None or not may_see(user, alert):
            return []
        gravity = Severity(alert.severity).gravity
        return [one for one in self.channels[user_id] if Severity(one.least_severity).gravity <= gravity]

    def watch(self, alert: Alert, at: datetime) -> Watch:
        shifts = on_duty(self.shifts, alert, at)
        named = [place.user_id for shift in shifts for place in shift.places.all()]
        first = [[user_id] for user_id in dict.fromkeys(named)] or [self._with_role(alert, Role.FACTORY_MANAGER)]
        reached = [
            [one for one in step if self.channels_for(one, alert)]
            for step in (*first, self._with_role(alert, Role.HQ_MANAGER))
        ]
        after_min = min((shift.escalate_after_min for shift in shifts), default=DEFAULT_AFTER_MIN)
        return Watch([step for step in reached if step], after_min)

    def listeners(self, alert: Alert) -> list[int]:
        """Who wants every alarm of their sites."""
        return [
            row.user_id for row in self.settings.values() if row.hears_all and self.channels_for(row.user_id, alert)
        ]

    def due_at(self, user_id: int, alert: Alert, at: datetime) -> datetime:
        """Now, or the end of the person's quiet hours. What is critical does not wait."""
        row = self.settings.get(user_id)
        if row is None or row.quiet_from is None or row.quiet_to is None or alert.severity == Severity.CRITICAL:
            return at
        return quiet_until(row.quiet_from, row.quiet_to, at.astimezone(alert.factory.zone))

    def _with_role(self, alert: Alert, role: Role) -> list[int]:
        return [
            user.pk
            for user in self.people.values()
            if may_see(user, alert)
            and any(m.role == role and m.organisation_id == alert.organisation_id for m in memberships_of(user))
        ]


def on_duty(shifts: Iterable[RosterShift], alert: Alert, at: datetime) -> list[RosterShift]:
    """The shifts of the site that cover a moment; where it has none of its own, those of the organisation."""
    local = at.astimezone(alert.factory.zone)
    covering = [shift for shift in shifts if _covers(shift, local)]
    own = [shift for shift in covering if shift.factory_id is not None and shift.factory_id == alert.factory_id]
    return own or [shift for shift in covering if shift.factory_id is None]


def _covers(shift: RosterShift, local: datetime) -> bool:
    clock = local.time()
    began_yesterday = shift.begins >= shift.ends and clock < shift.ends
    began_on = local - timedelta(days=began_yesterday)
    return began_on.isoweekday() in shift.weekdays and is_between(clock, shift.begins, shift.ends)


def quiet_until(begins: time, ends: time, local: datetime) -> datetime:
    """The end of the quiet hours that a local moment is in, else the moment itself."""
    clock = local.time()
    if not is_between(clock, begins, ends):
        return local
    return datetime.combine(local.date() + timedelta(days=clock >= ends), ends, tzinfo=local.tzinfo)
