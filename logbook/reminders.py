"""Reminders: which factory was asked for its log, by whom and when. A person makes the call itself."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from factories.models import Factory
from logbook.models import Reminder

# A second tap on the same button, or on phone and then WhatsApp, is one reminder.
ASKED_ONCE_WITHIN = timedelta(minutes=10)


@transaction.atomic
def note_reminder(user: User, factory: Factory, day: date) -> Reminder:
    """Record that `user` asked now. Within ten minutes the same person asking again is the same reminder."""
    now = timezone.now()
    Factory.objects.select_for_update().only("pk").get(pk=factory.pk)  # two taps wait for each other
    recent = Reminder.objects.filter(
        factory=factory, day=day, asked_by=user, asked_at__gt=now - ASKED_ONCE_WITHIN
    ).first()
    return recent or Reminder.objects.create(factory=factory, day=day, asked_by=user, asked_at=now)


def last_reminders(factory_ids: Iterable[int], days: Iterable[date]) -> dict[tuple[int, date], Reminder]:
    """The newest reminder of each factory and day, with who asked."""
    reminders = Reminder.objects.filter(factory__in=list(factory_ids), day__in=list(days))
    return {
        (reminder.factory_id, reminder.day): reminder
        for reminder in reminders.select_related("asked_by").order_by("asked_at")
    }
