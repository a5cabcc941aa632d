"""The morning brief, at 06:00 of the site's clock: yesterday against 30 days, and one action."""

from collections.abc import Iterable
from decimal import Decimal

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import visible_to, with_memberships
from accounts.roles import Action
from alerts.channel_kinds import Message
from alerts.messages import language_of, message_of
from alerts.notice_choices import ChannelKind, NoticeKind
from alerts.notice_models import Channel, Delivery, NoticeSettings
from alerts.queries import open_alerts
from alerts.sentences import sentence_of
from compliance.queries import Sums, sums
from factories.days import ONE_DAY, day_just_ended, day_label
from factories.models import Factory
from lib.templatetags.units import number

FROM_HOUR, UNTIL_HOUR = 6, 10  # after a night without a worker it still comes, but not at noon
USUAL_DAYS = 30
# Nobody reads a program's brief, and an SMS costs money while another channel is there.
_LAST = (ChannelKind.SMS,)


# --- Making ---------------------------------------------------------------------------------------
def make_briefs() -> int:
    """A brief for everybody who wants one and has none of today yet; how many."""
    made = 0
    wanting = NoticeSettings.objects.filter(wants_brief=True, user__is_active=True)
    people = User.objects.filter(pk__in=wanting.values("user")).prefetch_related(with_memberships())
    for user in people:
        site = _sites(user).first()
        channel = _channel(user)
        if site is None or channel is None:
            continue
        local = timezone.now().astimezone(site.zone)
        if not FROM_HOUR <= local.hour < UNTIL_HOUR:
            continue
        brief = Delivery(
            kind=NoticeKind.BRIEF,
            organisation=site.organisation,
            factory=site,
            brief_on=local.date(),
            user=user,
            channel=channel,
            channel_kind=channel.kind,
        )
        if not Delivery.objects.filter(user=user, brief_on=brief.brief_on).exists():
            made += len(Delivery.objects.bulk_create([brief], ignore_conflicts=True))
    return made


def _sites(user: User) -> QuerySet[Factory]:
    in_use = Factory.objects.in_use().select_related("organisation")
    return visible_to(user, in_use, factory_path="", action=Action.VIEW_ENERGY).order_by("pk")


def _channel(user: User) -> Channel | None:
    proven = Channel.objects.filter(user=user, proven_at__isnull=False, switched_off_at__isnull=True)
    usable = [one for one in proven if one.kind != ChannelKind.WEBHOOK]
    return min(usable, key=lambda one: (one.kind in _LAST, one.pk), default=None)


# --- Telling --------------------------------------------------------------------------------------
def brief_of(user: User, kind: ChannelKind, delivery: Delivery) -> Message:
    """The text, with the figures of now."""
    assert delivery.factory is not None
    sites = list(_sites(user))
    with translation.override(language_of(user)):
        place = str(sites[0]) if len(sites) == 1 else str(delivery.factory.organisation)
        day = day_just_ended(delivery.factory, timezone.now()).day
        yesterday = sums([site.pk for site in sites], day, day).values()
        usual = sums([site.pk for site in sites], day - USUAL_DAYS * ONE_DAY, day - ONE_DAY).values()
        words = f"{_figure(yesterday, usual)} {_action(user)}"
        path = reverse("today", args=[sites[0].pk]) if len(sites) == 1 else reverse("home")
        title = _("%(place)s on %(day)s") % {"place": place, "day": day_label(day)}
        return message_of(kind, title, words, f"{settings.PUBLIC_URL}{path}", short=f"{place}: {words}")


def _figure(yesterday: Iterable[Sums], usual: Iterable[Sums]) -> str:
    """The first figure that both have: wood, else CO2e, for each kg of product. Sites are summed, then divided."""
    both = (list(yesterday), list(usual))
    wood = _("Yesterday %(now)s kg of wood for each kg of product, in 30 days %(usual)s.")
    co2e = _("Yesterday %(now)s kg CO2e for each kg of product, in 30 days %(usual)s.")
    for above, below, sentence in (("wood_pair_kg", "wood_made_kg", wood), ("co2e_pair_kg", "co2e_made_kg", co2e)):
        now, before = (_ratio(rows, above, below) for rows in both)
        if now is not None and before is not None:
            return sentence % {"now": number(now, "kg"), "usual": number(before, "kg")}
    return _("Yesterday has no figure yet: its log is not complete.")


def _ratio(rows: list[Sums], above: str, below: str) -> Decimal | None:
    pairs = [(getattr(row, above), getattr(row, below)) for row in rows]
    known = [(a, b) for a, b in pairs if a is not None and b]
    return sum((a for a, _b in known), Decimal(0)) / sum((b for _a, b in known), Decimal(0)) if known else None


def _action(user: User) -> str:
    """The alarm that matters most and costs most, among them a log that is missing."""
    alert = open_alerts(user).first()
    if alert is None:
        return _("No alarm is open.")
    return _("First: %(place)s. %(sentence)s") % {"place": alert.factory, "sentence": sentence_of(alert)}
