"""Who is told of an alarm: the outbox, the roster by shift, escalation, quiet hours, thresholds."""

from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.utils import timezone

from alerts import notices, services
from alerts.choices import AlertAct, AlertState, Severity
from alerts.delivery import send_next
from alerts.models import Alert, AlertEvent
from alerts.notice_choices import NoticeKind, NoticeState, Suppression
from alerts.notice_models import Delivery, Escalation, RosterShift
from alerts.notice_services import set_shift
from alerts.rosters import on_duty, quiet_until
from tests import make
from tests.alerts.notice_world import add_event, open_alarm, proven, settings_of, sms
from tests.cast import Cast

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def told() -> list[str]:
    """Who has a notice, in the order of making."""
    return [str(one.user.email).partition("@")[0] for one in Delivery.objects.order_by("pk").select_related("user")]


def make_shift(cast: Cast, *people: Any, **columns: Any) -> RosterShift:
    given = {"name": "Day", "begins": time(6), "ends": time(6)} | columns
    return set_shift(RosterShift(organisation=cast.organisation), [user.pk for user in people], **given)


def test_without_a_roster_the_managers_of_the_site_are_told_then_headquarters(
    cast: Cast, clock: SimpleNamespace
) -> None:
    for user in (cast.litein_manager, cast.momul_manager, cast.hq, cast.outsider, cast.auditor):
        proven(user)
    open_alarm(cast.litein)

    assert notices.claim_events() == 1
    assert told() == ["litein"]

    clock.now += 14 * MINUTE
    assert notices.escalate() == 0
    clock.now += MINUTE
    assert notices.escalate() == 1
    assert told() == ["litein", "hq"]
    assert notices.escalate() == 0
    assert list(AlertEvent.objects.order_by("pk").values_list("act", flat=True)) == ["opened", "escalated"]
    assert notices.claim_events() == 1
    assert told() == ["litein", "hq"]  # an escalation brings its own notices


def test_an_event_is_told_once_however_often_it_is_claimed(cast: Cast) -> None:
    proven(cast.litein_manager)
    proven(cast.litein_manager)
    open_alarm(cast.litein)

    assert [notices.claim_events(), notices.claim_events()] == [1, 0]
    assert told() == ["litein", "litein"]


def test_an_escalation_loses_no_older_events(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a long stop more events wait than numbers are looked back over."""
    monkeypatch.setattr(notices, "_LATE_NUMBERS", 2)
    monkeypatch.setattr(notices, "AT_ONCE", 1)
    proven(cast.litein_manager)
    proven(cast.hq)
    for _each in range(5):
        open_alarm(cast.litein)
    notices.claim_events()
    Escalation.objects.update(next_at=timezone.now())
    assert notices.escalate() == 1

    while notices.claim_events():
        pass
    assert told().count("litein") == 5


def test_an_event_that_commits_after_a_later_one_is_not_lost(cast: Cast) -> None:
    """Its number is lower than one that is claimed already."""
    proven(cast.litein_manager)
    alert = open_alarm(cast.litein)
    late = AlertEvent.objects.get()
    AlertEvent.objects.filter(pk=late.pk)._raw_delete("default")  # type: ignore[attr-defined]
    add_event(open_alarm(cast.momul), AlertAct.COMMENTED)
    assert notices.claim_events() == 2
    AlertEvent.objects.bulk_create([AlertEvent(pk=late.pk, alert=alert, at=late.at, act=AlertAct.OPENED)])

    assert notices.claim_events() == 1
    assert told() == ["litein"]


def test_the_shift_on_duty_is_told_one_after_the_other(cast: Cast, clock: SimpleNamespace) -> None:
    """The clock is at 12:00 in Nairobi."""
    second = make.make_user(email="second@test.example")
    make.make_membership(user=second, role="factory_manager", factory=cast.litein)
    for user in (cast.litein_manager, second, cast.hq):
        proven(user)
    make_shift(
        cast, second, cast.litein_manager, factory=cast.litein, begins=time(6), ends=time(18), escalate_after_min=5
    )
    make_shift(cast, cast.hq, factory=cast.litein, begins=time(18), ends=time(6), name="Night")
    make_shift(cast, cast.hq, name="All sites")
    open_alarm(cast.litein)

    notices.claim_events()
    assert told() == ["second"]
    clock.now += 5 * MINUTE
    notices.escalate()
    clock.now += 5 * MINUTE
    notices.escalate()
    assert told() == ["second", "litein", "hq"]
    assert Escalation.objects.get().next_at is None


@pytest.mark.parametrize(
    ("begins", "ends", "weekdays", "at", "is_covered"),
    [
        (time(6), time(18), [1], datetime(2026, 11, 23, 15, 0, tzinfo=UTC), False),  # Monday 18:00 in Nairobi
        (time(6), time(18), [1], datetime(2026, 11, 23, 14, 59, tzinfo=UTC), True),
        (time(18), time(6), [7], datetime(2026, 11, 23, 2, 59, tzinfo=UTC), True),  # Sunday's night, Monday 05:59
        (time(18), time(6), [7], datetime(2026, 11, 23, 3, 0, tzinfo=UTC), False),
        (time(18), time(6), [1], datetime(2026, 11, 23, 2, 59, tzinfo=UTC), False),
        (time(6), time(6), [7], datetime(2026, 11, 23, 2, 59, tzinfo=UTC), True),  # all day
    ],
)
def test_a_shift_is_of_the_sites_clock_and_may_cross_midnight(
    cast: Cast, begins: time, ends: time, weekdays: list[int], at: datetime, is_covered: bool
) -> None:
    shift = make_shift(cast, cast.hq, begins=begins, ends=ends, weekdays=weekdays)
    alert = open_alarm(cast.litein)

    assert bool(on_duty([shift], alert, at)) is is_covered


def test_whoever_has_no_channel_for_it_or_may_not_see_it_is_passed_over(cast: Cast) -> None:
    proven(cast.litein_manager, least_severity=Severity.CRITICAL)
    proven(cast.momul_manager)  # not of this site
    proven(cast.hq)
    make_shift(cast, cast.litein_manager, cast.momul_manager)
    open_alarm(cast.litein, severity=Severity.WARNING)

    notices.claim_events()

    assert told() == ["hq"]


def test_headquarters_of_another_organisation_is_not_told_as_such(cast: Cast) -> None:
    """An auditor here who manages another organisation."""
    make.make_membership(user=cast.auditor, role="hq_manager", organisation=cast.elsewhere.organisation)
    proven(cast.auditor)
    open_alarm(cast.litein)

    notices.claim_events()

    assert told() == []


def test_a_channel_that_is_not_proven_or_switched_off_is_not_used(cast: Cast, clock: SimpleNamespace) -> None:
    proven(cast.litein_manager, proven_at=None)
    proven(cast.litein_manager, switched_off_at=clock.now)
    open_alarm(cast.litein)

    notices.claim_events()

    assert told() == []


def test_whoever_wants_every_alarm_is_told_at_once(cast: Cast) -> None:
    for user in (cast.litein_manager, cast.hq, cast.momul_manager):
        proven(user)
        settings_of(user, hears_all=True)
    open_alarm(cast.litein)

    notices.claim_events()

    assert sorted(told()) == ["hq", "litein"]


@pytest.mark.parametrize("act", ["acknowledge", "close"])
def test_what_somebody_takes_is_not_escalated_and_what_waits_is_taken_back(
    cast: Cast, clock: SimpleNamespace, act: str
) -> None:
    proven(cast.litein_manager)
    proven(cast.hq)
    settings_of(cast.litein_manager, quiet_from=time(11), quiet_to=time(13))
    alert = open_alarm(cast.litein, severity=Severity.WARNING)
    notices.claim_events()

    getattr(services, act)(cast.hq, alert.pk)
    notices.claim_events()

    clock.now += timedelta(hours=1)
    assert notices.escalate() == 0
    one = Delivery.objects.get()
    assert (one.state, one.suppressed_by) == (NoticeState.SUPPRESSED, Suppression.OVER)


def test_quiet_hours_hold_back_what_is_not_critical(cast: Cast, clock: SimpleNamespace) -> None:
    """12:00 in Nairobi, quiet from 11:30 to 13:00: 13:00 there is 10:00 UTC."""
    proven(cast.litein_manager)
    settings_of(cast.litein_manager, quiet_from=time(11, 30), quiet_to=time(13))
    open_alarm(cast.litein, severity=Severity.WARNING)
    open_alarm(cast.litein, severity=Severity.CRITICAL)

    notices.claim_events()

    due = {one.event.alert.severity: one.due_at for one in Delivery.objects.all() if one.event}
    assert due == {Severity.WARNING: datetime(2026, 11, 22, 10, tzinfo=UTC), Severity.CRITICAL: clock.now}


@pytest.mark.parametrize(
    ("zone", "at", "until"),
    [
        ("Asia/Kolkata", (23, 16, 29), (23, 16, 29)),  # 21:59 there
        ("Asia/Kolkata", (23, 16, 30), (24, 0, 30)),  # 22:00; 06:00 of the next day is 00:30 UTC
        ("Asia/Kolkata", (24, 0, 29), (24, 0, 30)),  # 05:59
        ("Asia/Kolkata", (24, 0, 30), (24, 0, 30)),
        ("Africa/Nairobi", (23, 20, 0), (24, 3, 0)),  # 23:00 there
        ("Europe/Berlin", (28, 22, 0), (29, 4, 0)),  # 23:00; the clock goes forward, 06:00 is 04:00 UTC
    ],
)
def test_quiet_hours_cross_midnight_by_the_sites_clock(
    zone: str, at: tuple[int, int, int], until: tuple[int, int, int]
) -> None:
    """Quiet from 22:00 to 06:00; day, hour and minute of March 2026 in UTC."""
    local = datetime(2026, 3, *at, tzinfo=UTC).astimezone(ZoneInfo(zone))

    assert quiet_until(time(22), time(6), local) == datetime(2026, 3, *until, tzinfo=UTC)


def test_the_end_is_told_where_the_beginning_was_but_not_by_sms(cast: Cast, clock: SimpleNamespace) -> None:
    mailed = proven(cast.litein_manager)
    sms(cast.litein_manager)
    alert = open_alarm(cast.litein)
    notices.claim_events()
    Delivery.objects.update(state=NoticeState.SENT, done_at=clock.now)

    services.close(cast.hq, alert.pk)
    notices.claim_events()

    over = Delivery.objects.get(kind=NoticeKind.OVER)
    assert over.channel == mailed


def flap(alert: Alert, act: AlertAct) -> None:
    """What a round of evaluation leaves when the alarm closes by itself, or opens again."""
    is_over = act == AlertAct.CLOSED
    alert.state, alert.closed_at = (AlertState.CLOSED, timezone.now()) if is_over else (AlertState.OPEN, None)
    alert.save()
    add_event(alert, act)
    notices.claim_events()
    while send_next():
        pass


def test_an_alarm_that_opens_and_closes_is_told_once_and_again_if_it_stays(cast: Cast, clock: SimpleNamespace) -> None:
    """Told at 12:00; over and back each minute until 12:20; open from then: told at 13:00, and HQ at 13:15."""
    proven(cast.litein_manager)
    proven(cast.hq)
    alert = open_alarm(cast.litein)
    notices.claim_events()
    assert send_next()
    began = clock.now
    for _again in range(10):
        clock.now += MINUTE
        flap(alert, AlertAct.CLOSED)
        clock.now += MINUTE
        flap(alert, AlertAct.REOPENED)

    assert [one.subject for one in mail.outbox] == ["Litein Tea Factory: CO2 high", "Litein Tea Factory: over"]

    clock.now = began + 60 * MINUTE - timedelta(seconds=1)
    assert not send_next()
    clock.now = began + 60 * MINUTE
    assert send_next()
    assert notices.escalate() == 0
    clock.now += 15 * MINUTE
    assert notices.escalate() == 1
    assert send_next()
    assert [one.to for one in mail.outbox[2:]] == [["litein@test.example"], ["hq@test.example"]]


def test_whoever_is_given_an_alarm_is_told(cast: Cast) -> None:
    proven(cast.litein_manager, least_severity=Severity.CRITICAL)
    proven(cast.hq)
    alert = open_alarm(cast.litein)
    notices.claim_events()

    services.assign(cast.litein_manager, alert.pk, cast.hq)
    notices.claim_events()

    alert.refresh_from_db()
    assert (told(), alert.state) == (["litein", "hq"], AlertState.ASSIGNED)


def test_a_storm_of_67_sites_reads_people_once(cast: Cast, django_assert_max_num_queries: Any) -> None:
    proven(cast.hq)
    settings_of(cast.hq, hears_all=True)
    for _site in range(67):
        open_alarm(make.make_factory(organisation=cast.organisation))

    with django_assert_max_num_queries(67 * 8):
        assert notices.claim_events() == 67
    assert len(told()) == 67
