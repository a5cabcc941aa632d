"""Sending: once where all is well, at least once where a worker dies; digests, back-off, the cap, and rights."""

import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from alerts import channels, delivery, notices, services
from alerts.choices import Severity
from alerts.delivery import GAP, LEASE, send_next
from alerts.links import token_of
from alerts.notice_choices import ChannelKind, NoticeState, Suppression
from alerts.notice_models import Channel, Delivery
from alerts.notice_services import remove_channel
from tests import make
from tests.alerts.notice_world import gateway, open_alarm, proven, settings_of, sms, webhook
from tests.alerts.receiver import Receiver, receiving
from tests.cast import Cast
from tests.waiting import TIMEOUT_S

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.OUTGOING_ALLOWED = [ip_network("127.0.0.0/8")]
    with receiving() as one:
        yield one


@pytest.fixture
def sent_sms(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The bodies of SMS that would have gone out."""
    bodies: list[str] = []
    real = channels.send

    def send(kind: ChannelKind, fields: Any, message: Any, by: Any) -> str:
        if kind != ChannelKind.SMS:
            return real(kind, fields, message, by)
        bodies.append(message.body)
        return ""

    monkeypatch.setattr(channels, "send", send)
    return bodies


def send_all() -> int:
    count = 0
    while send_next():
        count += 1
    return count


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def test_an_alarm_reaches_a_program_with_its_ids(cast: Cast, receiver: Receiver) -> None:
    webhook(cast.litein_manager, receiver)
    alert = open_alarm(cast.litein)
    notices.claim_events()

    assert send_all() == 1

    one = Delivery.objects.get()
    body = receiver.bodies[0]
    assert (one.state, one.tries) == (NoticeState.SENT, 1)
    assert [(alarm["id"], alarm["notice"]) for alarm in body["alarms"]] == [(alert.pk, str(one.identity))]
    assert f"/a/{token_of(one.pk)}/" in body["message"]
    assert "Litein Tea Factory" in body["title"]


def test_a_storm_of_67_sites_is_one_message(cast: Cast, receiver: Receiver) -> None:
    webhook(cast.hq, receiver)
    settings_of(cast.hq, hears_all=True)
    for _site in range(67):
        open_alarm(make.make_factory(organisation=cast.organisation))
    notices.claim_events()

    assert send_all() == 1

    assert len(receiver.bodies) == 1
    assert receiver.bodies[0]["title"] == "67 alarms at 67 sites"
    assert len(receiver.bodies[0]["alarms"]) == 67
    assert "and 57 more" in receiver.bodies[0]["message"]
    assert set(states()) == {NoticeState.SENT}


def test_what_comes_within_half_a_minute_waits_for_one_digest(
    cast: Cast, receiver: Receiver, clock: SimpleNamespace
) -> None:
    webhook(cast.litein_manager, receiver)
    open_alarm(cast.litein)
    notices.claim_events()
    send_all()
    for _one in range(3):
        open_alarm(cast.litein)
    notices.claim_events()

    assert send_all() == 0
    clock.now += GAP
    assert send_all() == 1
    assert [len(body["alarms"]) for body in receiver.bodies] == [1, 3]


def test_a_failure_is_tried_again_later_and_given_up_after_an_hour(
    cast: Cast, receiver: Receiver, clock: SimpleNamespace
) -> None:
    """The pauses are 15, 30, 60, ... 1,920 s: nine tries in 15 * (2 ** 8 - 1) = 3,825 s."""
    receiver.status = 503
    webhook(cast.litein_manager, receiver)
    open_alarm(cast.litein)
    notices.claim_events()
    began = clock.now

    while Delivery.objects.get().state == NoticeState.WAITING:
        send_all()
        clock.now += timedelta(seconds=5)

    one = Delivery.objects.get()
    assert (one.state, one.tries, len(receiver.bodies)) == (NoticeState.FAILED, 9, 9)
    assert "error=503" in one.error
    assert 3_825 <= (one.done_at - began).total_seconds() < 3_900  # type: ignore[operator]
    assert len({body["id"] for body in receiver.bodies}) == 1


def test_a_channel_that_fails_and_fails_is_switched_off(
    cast: Cast, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "FAILURES_UNTIL_OFF", 2)
    receiver.status = 500
    channel = webhook(cast.litein_manager, receiver, failures=1)
    open_alarm(cast.litein)
    notices.claim_events()

    send_all()

    channel.refresh_from_db()
    assert not channel.is_used


def test_a_worker_that_dies_while_it_sends_leaves_the_message_to_the_next(
    cast: Cast, receiver: Receiver, clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It went out and nothing was stored: it goes out once more, with the same ids."""
    webhook(cast.litein_manager, receiver)
    open_alarm(cast.litein)
    notices.claim_events()
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "_settle", lambda *_args: None)
        send_next()
    assert send_all() == 0  # another worker does not send what this one still may

    clock.now += LEASE + timedelta(seconds=1)
    assert send_all() == 1

    assert [body["id"] for body in receiver.bodies] == [receiver.bodies[0]["id"]] * 2
    assert receiver.bodies[0]["alarms"] == receiver.bodies[1]["alarms"]
    assert states() == [NoticeState.SENT]


def test_a_second_try_with_one_more_alarm_is_another_message(
    cast: Cast, receiver: Receiver, clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver that drops what it has by the message's id would lose the one that came in between."""
    webhook(cast.litein_manager, receiver)
    open_alarm(cast.litein)
    notices.claim_events()
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "_settle", lambda *_args: None)
        send_next()
    open_alarm(cast.litein)
    notices.claim_events()

    clock.now += LEASE + timedelta(seconds=1)
    assert send_all() == 1

    assert [len(body["alarms"]) for body in receiver.bodies] == [1, 2]
    assert len({body["id"] for body in receiver.bodies}) == 2


def test_the_first_worker_does_not_settle_what_another_has_taken_over(
    cast: Cast, receiver: Receiver, clock: SimpleNamespace
) -> None:
    webhook(cast.litein_manager, receiver)
    open_alarm(cast.litein)
    notices.claim_events()
    slow = delivery._take()
    assert slow is not None
    clock.now += LEASE + timedelta(seconds=1)
    assert delivery._take() is not None

    delivery._settle(slow, "")

    assert states() == [NoticeState.WAITING]
    assert delivery._take() is None  # the other one still has it


def test_a_channel_that_is_removed_while_it_sends_ends_in_no_error(cast: Cast, receiver: Receiver) -> None:
    channel = webhook(cast.litein_manager, receiver)
    open_alarm(cast.litein)
    notices.claim_events()
    taken = delivery._take()
    assert taken is not None
    remove_channel(cast.litein_manager, channel.pk)

    delivery._settle(taken, "")

    assert states() == [NoticeState.SUPPRESSED]


def test_tries_that_end_with_their_worker_lose_nothing(cast: Cast, sent_sms: list[str], clock: SimpleNamespace) -> None:
    """Twelve workers are killed while they send. Each may have sent it, so each counts: 13 * 0.8 = 10.4."""
    row = gateway(cast.organisation)
    sms(cast.litein_manager)
    open_alarm(cast.litein)
    notices.claim_events()
    for _killed in range(12):
        assert delivery._take() is not None
        clock.now += LEASE + timedelta(seconds=1)

    assert send_all() == 1

    one = Delivery.objects.get()
    assert (one.state, one.tries, len(sent_sms)) == (NoticeState.SENT, 1, 1)
    assert row.spent_this_month == Decimal("10.4")


def test_an_error_of_ours_is_a_try_and_is_shown(
    cast: Cast, receiver: Receiver, clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any) -> None:
        raise RuntimeError("a sentence without its number")

    monkeypatch.setattr(delivery.messages, "of_alarms", broken)
    webhook(cast.litein_manager, receiver)
    open_alarm(cast.litein)
    notices.claim_events()
    for _try in range(9):
        with pytest.raises(RuntimeError):
            send_next()
        clock.now += timedelta(hours=2)

    one = Delivery.objects.get()
    assert (one.state, one.tries) == (NoticeState.FAILED, 9)
    assert "An error of this server" in one.error


def test_an_sms_has_160_characters_with_its_link_and_counts_its_cost(cast: Cast, sent_sms: list[str]) -> None:
    gateway(cast.organisation)
    sms(cast.litein_manager)
    open_alarm(cast.litein)
    notices.claim_events()

    send_all()

    one = Delivery.objects.get()
    assert len(sent_sms[0]) <= 160
    assert sent_sms[0].endswith(f"/a/{token_of(one.pk)}/")
    assert (one.state, one.cost_amount) == (NoticeState.SENT, Decimal("0.8"))


def test_above_the_cap_of_a_month_nothing_is_sent_and_it_is_shown(
    cast: Cast, sent_sms: list[str], clock: SimpleNamespace
) -> None:
    """0.8 a message: two fit into 2.00, and the third would make 2.40."""
    row = gateway(cast.organisation, monthly_cap=Decimal(2))
    sms(cast.litein_manager)
    for _message in range(3):
        open_alarm(cast.litein)
        notices.claim_events()
        send_all()
        clock.now += GAP

    assert len(sent_sms) == 2
    assert states() == [NoticeState.SENT, NoticeState.SENT, NoticeState.SUPPRESSED]
    assert Delivery.objects.latest("pk").suppressed_by == Suppression.CAP
    assert row.spent_this_month == Decimal("1.6")
    assert row.suppressed_this_month == 1


def test_a_digest_costs_one_message(cast: Cast, sent_sms: list[str]) -> None:
    row = gateway(cast.organisation)
    sms(cast.litein_manager)
    for _one in range(5):
        open_alarm(cast.litein)
    notices.claim_events()

    send_all()

    assert len(sent_sms) == 1
    assert row.spent_this_month == Decimal("0.8")


@pytest.mark.parametrize("why", ["no_right", "no_gateway", "switched", "over"])
def test_what_nobody_should_get_any_more_is_not_sent(cast: Cast, sent_sms: list[str], why: str) -> None:
    channel = sms(cast.litein_manager)
    if why != "no_gateway":
        gateway(cast.organisation)
    alert = open_alarm(cast.litein)
    notices.claim_events()
    if why == "no_right":
        cast.litein_manager.memberships.all().delete()
    elif why == "switched":
        Channel.objects.filter(pk=channel.pk).update(switched_off_at=timezone.now())
    elif why == "over":
        services.acknowledge(cast.hq, alert.pk)

    send_all()

    assert sent_sms == []
    assert [(one.state, one.suppressed_by) for one in Delivery.objects.all()] == [("suppressed", why)]


def test_whoever_takes_an_alarm_is_told_of_what_concerns_them(cast: Cast, clock: SimpleNamespace) -> None:
    """HQ gets it after the manager acknowledged it; the manager who puts it off is reminded."""
    proven(cast.hq)
    proven(cast.litein_manager)
    alert = open_alarm(cast.litein)
    services.acknowledge(cast.litein_manager, alert.pk)
    services.assign(cast.litein_manager, alert.pk, cast.hq)
    notices.claim_events()
    send_all()
    assert [one.to for one in mail.outbox] == [["hq@test.example"]]

    services.snooze(cast.litein_manager, alert.pk, clock.now + timedelta(hours=1))
    clock.now += timedelta(hours=1)
    services.wake_snoozed()
    notices.claim_events()
    send_all()
    assert [one.to for one in mail.outbox[1:]] == [["litein@test.example"]]


def test_each_text_is_in_the_recipients_language(cast: Cast) -> None:
    cast.litein_manager.language = "sw"
    cast.litein_manager.save()
    proven(cast.litein_manager)
    proven(cast.hq)
    settings_of(cast.hq, hears_all=True)
    open_alarm(cast.litein, severity=Severity.CRITICAL)
    notices.claim_events()

    send_all()

    by_person = {one.to[0]: one.subject for one in mail.outbox}
    assert by_person["hq@test.example"] == "Litein Tea Factory: CO2 high"
    assert by_person["litein@test.example"].startswith("Litein Tea Factory: ")


def test_what_was_sent_stays_when_the_channel_is_removed_and_what_waits_does_not(
    cast: Cast, receiver: Receiver
) -> None:
    channel = webhook(cast.litein_manager, receiver)
    for send in (send_all, lambda: 0):
        open_alarm(cast.litein)
        notices.claim_events()
        send()

    remove_channel(cast.litein_manager, channel.pk)

    assert states() == [NoticeState.SENT, NoticeState.SUPPRESSED]
    assert isinstance(Delivery.objects.earliest("pk").message, uuid.UUID)


@pytest.mark.django_db(transaction=True)
def test_the_worker_sends_beside_its_other_jobs(cast: Cast, receiver: Receiver) -> None:
    """A receiver that answers late holds no other job up."""
    released = threading.Event()
    receiver.answer = lambda handler: answer_after(released, handler)
    webhook(cast.litein_manager, receiver)
    webhook(cast.hq, receiver)
    settings_of(cast.hq, hears_all=True)
    open_alarm(cast.litein)
    notices.claim_events()

    assert delivery.send_waiting() == 2
    assert NoticeState.SENT not in states()  # so it did not wait for an answer
    released.set()
    for thread in threading.enumerate():
        if thread.name == "notices":
            thread.join(TIMEOUT_S)

    assert states() == [NoticeState.SENT, NoticeState.SENT]
    assert delivery.send_waiting() == 0


def answer_after(released: threading.Event, handler: Any) -> None:
    released.wait(TIMEOUT_S)
    handler.send_response(200)
    handler.end_headers()
