"""What ingest keeps for people is bounded, by age and by number."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mqtt_ingest import jobs
from mqtt_ingest.choices import MessageKind
from mqtt_ingest.models import DeviceMessage, RejectedMessage
from tests import make

pytestmark = pytest.mark.django_db


def reject(age: timedelta, device_id: str = "kiln-1") -> RejectedMessage:
    return make.make_rejected(device_id, received_at=timezone.now() - age)


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
            device=device, kind=MessageKind.ALERT, received_at=timezone.now() - timedelta(days=days), payload={}
        )

    jobs.drop_old_messages()

    assert DeviceMessage.objects.count() == 1


def test_of_each_device_the_newest_thousand_messages_are_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jobs, "MESSAGES_PER_DEVICE_COUNT", 3)
    loud, quiet = make.make_device(), make.make_device()
    at = timezone.now()
    rows = [
        DeviceMessage.objects.create(device=device, kind=kind, received_at=at - timedelta(hours=age), payload={})
        for device, ages in ((loud, (0, 5, 1, 1, 9)), (quiet, (7, 8)))
        for age, kind in zip(ages, MessageKind.values * 2, strict=False)
    ]

    assert jobs.drop_old_messages() == 2

    assert set(DeviceMessage.objects.all()) == {rows[0], rows[2], rows[3], rows[5], rows[6]}
