"""What ingest keeps for people is bounded, by age and by number."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mqtt_ingest import jobs
from mqtt_ingest.choices import MessageKind, Reason
from mqtt_ingest.models import DeviceMessage, RejectedMessage
from tests import make

pytestmark = pytest.mark.django_db


def reject(age: timedelta) -> RejectedMessage:
    return RejectedMessage.objects.create(
        received_at=timezone.now() - age,
        topic_device_id="kiln-1",
        topic="carbontrack/v1/kiln-1/readings",
        reason=Reason.NOT_JSON,
        payload=b"{",
        payload_bytes=1,
    )


def test_rejected_messages_go_after_ninety_days():
    reject(timedelta(days=91))
    kept = reject(timedelta(days=89))

    assert jobs.drop_old_messages() == 1
    assert list(RejectedMessage.objects.all()) == [kept]


def test_only_the_newest_rejected_messages_are_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jobs, "REJECTED_COUNT", 3)
    rows = [reject(timedelta(hours=age)) for age in range(6)]

    jobs.drop_old_messages()

    assert set(RejectedMessage.objects.all()) == set(rows[:3])


def test_other_messages_go_after_a_year():
    device = make.make_device()
    for days in (365, 367):
        DeviceMessage.objects.create(
            device=device,
            kind=MessageKind.ALERT,
            received_at=timezone.now() - timedelta(days=days),
            payload={},
        )

    jobs.drop_old_messages()

    assert DeviceMessage.objects.count() == 1
