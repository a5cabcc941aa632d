"""Who is told of alarms, and how: channels of people, gateways of organisations, rosters, and the notices themselves.

What a channel or gateway consists of is in `channels.py`; it is stored encrypted as one text, because most of it is
secret. A notice is one event of an alarm for one channel; several notices go as one message.
"""

import uuid
from decimal import Decimal

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alerts.choices import Severity
from alerts.notice_choices import ChannelKind, GatewayKind, NoticeKind, NoticeState, Suppression

BOTH_ENDS = _("Give both ends of the quiet hours, or none.")
WEEKDAYS = range(1, 8)  # Monday is 1, as in ISO 8601


def _every_day() -> list[int]:
    return list(WEEKDAYS)


@pghistory.track(exclude=["sealed_fields"])
class Gateway(models.Model):
    """An organisation's own account at a service that sends SMS, WhatsApp or Telegram messages for its people."""

    organisation = models.ForeignKey("factories.Organisation", models.CASCADE, related_name="gateways")
    kind = models.CharField(_("service"), max_length=16, choices=GatewayKind)
    carries = models.CharField(max_length=8, choices=ChannelKind)  # follows from `kind`
    sealed_fields = models.TextField(editable=False)
    label = models.CharField(max_length=80)  # shown instead of the fields
    # In the organisation's currency. Without a cap nothing is suppressed.
    cost_per_message = models.DecimalField(
        _("cost of a message"), max_digits=10, decimal_places=4, default=0, validators=[MinValueValidator(0)]
    )
    monthly_cap = models.DecimalField(
        _("cap a month"), max_digits=12, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )

    class Meta:
        verbose_name = _("gateway")
        verbose_name_plural = _("gateways")
        constraints = [
            models.UniqueConstraint(fields=["organisation", "carries"], name="gateway_once_for_each_channel"),
            models.CheckConstraint(condition=Q(cost_per_message__gte=0), name="gateway_cost_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.label}"

    @property
    def spent_this_month(self) -> Decimal:
        """In the organisation's currency, since the first of the month (UTC)."""
        return self._this_month().aggregate(sum=Sum("cost_amount"))["sum"] or Decimal(0)

    @property
    def suppressed_this_month(self) -> int:
        """How many notices the cap has stopped."""
        return self._this_month().filter(suppressed_by=Suppression.CAP).count()

    def _this_month(self) -> models.QuerySet["Delivery"]:
        begins = timezone.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        notices = Delivery.objects.filter(organisation=self.organisation_id, channel_kind=self.carries)
        return notices.filter(created_at__gte=begins)


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(condition=pghistory.AnyChange("label", "least_severity", "proven_at", "switched_off_at")),
    pghistory.DeleteEvent(),
    exclude=["sealed_fields", "code_sha256", "wrong_codes", "failures", "busy_until", "last_sent_at"],
)
class Channel(models.Model):
    """One way to reach one person. It is used once a code that was sent over it was typed in."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="channels")
    kind = models.CharField(_("kind"), max_length=8, choices=ChannelKind)
    sealed_fields = models.TextField(editable=False)
    label = models.CharField(max_length=80)
    least_severity = models.CharField(_("from"), max_length=8, choices=Severity, default=Severity.INFO)
    code_sha256 = models.CharField(max_length=64, blank=True, default="", editable=False)
    code_sent_at = models.DateTimeField(null=True)
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    proven_at = models.DateTimeField(_("proven"), null=True)
    failures = models.PositiveIntegerField(default=0)  # since the last message that went out
    switched_off_at = models.DateTimeField(null=True)  # after too many failures
    busy_until = models.DateTimeField(null=True)  # a worker is sending
    last_sent_at = models.DateTimeField(_("last used"), null=True)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.label}"

    @property
    def is_used(self) -> bool:
        return self.proven_at is not None and self.switched_off_at is None


@pghistory.track()
class NoticeSettings(models.Model):
    """What a person wants to be told, and when. Without a row: the defaults."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notice_settings")
    # Of the site's clock; from 22:00 to 06:00 is the night. What is not critical waits until it is over.
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_to = models.TimeField(_("quiet to"), null=True, blank=True)
    hears_all = models.BooleanField(_("every alarm of my sites, not only on duty"), default=False)
    wants_brief = models.BooleanField(_("the morning brief at 06:00"), default=False)

    class Meta:
        verbose_name = _("settings of notices")
        verbose_name_plural = _("settings of notices")
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_to__isnull=True)
                | Q(quiet_from__isnull=False, quiet_to__isnull=False) & ~Q(quiet_from=models.F("quiet_to")),
                name="notice_settings_quiet_from_and_to",
            )
        ]

    def clean(self) -> None:
        if (self.quiet_from is None) != (self.quiet_to is None):
            words = ValidationError(BOTH_ENDS, code="required")
            raise ValidationError({"quiet_to" if self.quiet_to is None else "quiet_from": words})
        if self.quiet_from is not None and self.quiet_from == self.quiet_to:
            words = ValidationError(_("Quiet hours end at another time than they begin."), code="same")
            raise ValidationError({"quiet_to": words})


@pghistory.track()
class RosterShift(models.Model):
    """A line of the roster: who is told first on some days between two times, and who comes next.

    Times are of the site's clock; a shift that ends before it begins ends on the next day. At equal times: all day.
    """

    organisation = models.ForeignKey("factories.Organisation", models.CASCADE, related_name="shifts")
    factory = models.ForeignKey("factories.Factory", models.CASCADE, null=True, blank=True, related_name="shifts")
    name = models.CharField(_("name"), max_length=60)
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=_every_day, verbose_name=_("days"))
    begins = models.TimeField(_("begins"))
    ends = models.TimeField(_("ends"))
    escalate_after_min = models.PositiveSmallIntegerField(
        _("next person after (minutes)"), default=15, validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        ordering = ["organisation", "factory", "begins", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(weekdays__len__gte=1, weekdays__contained_by=list(WEEKDAYS)), name="shift_known_weekdays"
            ),
            models.CheckConstraint(
                condition=Q(escalate_after_min__gte=1, escalate_after_min__lte=1440), name="shift_escalates_in_a_day"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def people(self) -> list[int]:
        """Their ids, in the order in which they are told."""
        return [place.user_id for place in self.places.all()] if self.pk else []


@pghistory.track()
class RosterPlace(models.Model):
    """A person of a shift; the lowest place is told first."""

    shift = models.ForeignKey(RosterShift, models.CASCADE, related_name="places")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    place = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("place in a shift")
        verbose_name_plural = _("places in shifts")
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["shift", "place"], name="shift_place_once"),
            models.UniqueConstraint(fields=["shift", "user"], name="shift_person_once"),
        ]


class EventClaim(models.Model):
    """An event of an alarm whose notices are made: written in the transaction that makes them."""

    event = models.OneToOneField("alerts.AlertEvent", models.CASCADE, primary_key=True, related_name="claim")


class Escalation(models.Model):
    """How far an open alarm has got in its roster. `people` are the ids of who is told at each step."""

    alert = models.OneToOneField("alerts.Alert", models.CASCADE, primary_key=True, related_name="escalation")
    people = models.JSONField(default=list)
    step = models.PositiveSmallIntegerField(default=0)
    after_min = models.PositiveSmallIntegerField()
    next_at = models.DateTimeField(null=True, db_index=True)  # null: nobody is left


class Delivery(models.Model):
    """One thing to tell one person over one channel, and what came of it.

    `identity` never changes: a receiver that remembers it counts a message once, however often it comes.
    """

    identity = models.UUIDField(default=uuid.uuid4, unique=True)
    kind = models.CharField(max_length=8, choices=NoticeKind)
    organisation = models.ForeignKey("factories.Organisation", models.CASCADE, null=True, related_name="notices")
    event = models.ForeignKey("alerts.AlertEvent", models.CASCADE, null=True, related_name="notices")
    factory = models.ForeignKey(
        "factories.Factory", models.CASCADE, null=True, related_name="+"
    )  # whose clock a brief follows
    brief_on = models.DateField(null=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    # A channel that its owner removes leaves what was sent over it.
    channel = models.ForeignKey(Channel, models.SET_NULL, null=True, related_name="deliveries")
    channel_kind = models.CharField(max_length=8, choices=ChannelKind)
    state = models.CharField(_("state"), max_length=10, choices=NoticeState, default=NoticeState.WAITING)
    suppressed_by = models.CharField(max_length=10, choices=Suppression, blank=True, default="")
    due_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    error = models.CharField(_("error"), max_length=300, blank=True, default="")
    message = models.UUIDField(null=True, db_index=True)  # the same for all that went together
    cost_amount = models.DecimalField(_("cost"), max_digits=10, decimal_places=4, null=True)
    created_at = models.DateTimeField(_("made"), default=timezone.now)
    done_at = models.DateTimeField(_("done"), null=True)

    class Meta:
        verbose_name = pgettext_lazy("alarm", "notice")
        verbose_name_plural = pgettext_lazy("alarm", "notices")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["channel", "due_at"], condition=Q(state="waiting"), name="notice_waiting"),
            models.Index(fields=["organisation", "-created_at"], name="notice_by_organisation"),
            models.Index(fields=["user", "-created_at"], name="notice_by_user"),
            models.Index(fields=["state", "done_at"], name="notice_by_state"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["event", "channel"], name="notice_once_for_each_event_and_channel"),
            models.UniqueConstraint(fields=["user", "brief_on"], name="notice_one_brief_a_day"),
            models.CheckConstraint(condition=Q(state__in=NoticeState.values), name="notice_known_state"),
            models.CheckConstraint(
                condition=Q(state="waiting", done_at__isnull=True) | ~Q(state="waiting") & Q(done_at__isnull=False),
                name="notice_done_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="suppressed") & ~Q(suppressed_by="") | ~Q(state="suppressed") & Q(suppressed_by=""),
                name="notice_suppressed_says_why",
            ),
        ]
