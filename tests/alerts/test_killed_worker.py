"""kill -9 of the worker at any moment between the opening of an alarm and its notice: nothing is lost.

`make drill-notices` does it 200 times. At a receiver that knows the ids nothing is doubled; the figures printed say how
many kills came before the notice was settled, and how often a message came a second time, which is what an SMS would
show.
"""

import multiprocessing
import os
import random
import signal
import sys
import time
from collections import Counter
from datetime import timedelta
from ipaddress import ip_network
from multiprocessing.connection import Connection
from typing import Any

import pytest
from django.db import connections, transaction

from alerts import channels, delivery, notices
from alerts.channel_kinds import Message
from alerts.models import Alert, AlertEvent
from alerts.notice_choices import ChannelKind, NoticeState
from alerts.notice_models import Delivery
from factories.models import Factory
from tests import make
from tests.alerts.notice_world import open_alarm, webhook
from tests.alerts.receiver import receiving
from tests.cast import Cast
from tests.waiting import TIMEOUT_S

ROUNDS = int(os.environ.get("NOTICE_ROUNDS", "6"))

LONGEST_S = 0.3  # longer than a notice takes from its alarm to its end


def _work(factory_id: int, opened: Connection) -> None:
    """What the worker does: open an alarm, make its notice, send it; then it waits to be killed."""
    factory = Factory.objects.select_related("organisation").get(pk=factory_id)
    with transaction.atomic():
        open_alarm(factory)
    opened.send(None)
    notices.claim_events()
    while True:
        delivery.send_next()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a worker is forked")
@pytest.mark.django_db(transaction=True)
def test_no_alarm_is_lost_however_often_the_worker_is_killed(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OUTGOING_ALLOWED = [ip_network("127.0.0.0/8")]
    monkeypatch.setattr(delivery, "GAP", timedelta(0))
    monkeypatch.setattr(delivery, "LEASE", timedelta(milliseconds=300))
    draw, forks = random.Random(20261130), multiprocessing.get_context("fork")
    factory, came = make.make_factory(organisation=cast.organisation), Counter[str]()
    with receiving() as receiver:
        channel = webhook(cast.hq, receiver)
        # Else each fork loads all the plugins of Apprise, and none lives to send.
        channels.plugin_of(ChannelKind.WEBHOOK, channels.opened(channel.sealed_fields), "", Message("", ""))
        for _round in range(ROUNDS):
            connections.close_all()  # a fork must not share them
            here, there = forks.Pipe(duplex=False)
            worker = forks.Process(target=_work, args=(factory.pk, there))
            worker.start()
            assert here.poll(TIMEOUT_S)
            time.sleep(draw.uniform(0, LONGEST_S))
            os.kill(int(worker.pid or 0), signal.SIGKILL)
            worker.join()
            assert worker.exitcode == -signal.SIGKILL  # it did not end by itself
            came[_stage(Alert.objects.latest("pk"))] += 1
        _drain()
        told = Counter(alarm["notice"] for body in receiver.bodies for alarm in body["alarms"])
        alarms = {alarm["id"] for body in receiver.bodies for alarm in body["alarms"]}

    opened = set(Alert.objects.values_list("pk", flat=True))
    assert len(opened) == ROUNDS  # each kill came after an alarm was open
    assert ROUNDS - came["after"] > ROUNDS // 4  # and many of them before its notice was settled, else nothing is shown
    assert alarms == opened
    assert len(told) == len(opened)  # by ids: each alarm once
    twice = sum(count > 1 for count in told.values())
    sys.stdout.write(f"{ROUNDS} kills: {dict(came)}; {len(opened)} alarms, all told, {twice} of them more than once\n")


def _stage(alert: Alert) -> str:
    """How far its notice had got when the worker was killed."""
    one = Delivery.objects.filter(event__alert=alert).first()
    if one is None:
        return "before the notice was made"
    if one.state == NoticeState.SENT:
        return "after"
    return "while it was sent" if one.message else "before it was sent"


def _drain() -> None:
    """The next worker, which nobody kills."""
    until_s = time.monotonic() + TIMEOUT_S
    while time.monotonic() < until_s:
        notices.claim_events()
        delivery.send_next()
        waits = Delivery.objects.filter(state=NoticeState.WAITING).exists()
        if not waits and not AlertEvent.objects.filter(claim__isnull=True).exists():
            return
        time.sleep(0.02)
    raise AssertionError("notices still wait")
