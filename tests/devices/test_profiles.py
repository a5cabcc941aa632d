"""Profiles: versions, rights at the broker, and no topic for two devices."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import override_settings

from demo.topic_rules import TopicRules
from devices import profiles
from devices.broker import write_mosquitto_files
from devices.credentials import INGEST_USER
from devices.dynsec import role_of_device, role_of_ingest
from devices.models import DeviceProfile
from devices.profiles import assign_profile, save_profile
from devices.queries import intervals_of
from tests import make
from tests.mqtt_ingest.foreign_build import give_profile, profile_input

pytestmark = pytest.mark.django_db


def codes(refusal: pytest.ExceptionInfo[ValidationError]) -> dict[str, Any]:
    return {name: errors[0].code for name, errors in refusal.value.error_dict.items()}


def test_each_change_is_the_next_version_and_the_history_keeps_the_others() -> None:
    profile = give_profile(make.make_device(device_id="kiln-1"))

    save_profile(profile.organisation, profile_input(time_format="iso_site"), None, profile)

    profile.refresh_from_db()
    assert (profile.version, profile.time_format) == (2, "iso_site")
    events: Any = DeviceProfile.pgh_event_model  # type: ignore[attr-defined]
    kept = list(events.objects.order_by("pgh_id").values_list("version", "time_format"))
    assert kept == [(1, "iso_utc"), (2, "iso_site")]


def test_its_devices_get_its_interval_which_completeness_expects() -> None:
    device = make.make_device(device_id="kiln-1", interval_s=5)
    profile = give_profile(device)
    device.refresh_from_db()
    assert device.interval_s == 300

    save_profile(profile.organisation, profile_input(interval_s=60), None, profile)

    device.refresh_from_db()
    assert device.interval_s == 60
    intervals = intervals_of([device])[device.pk]
    assert intervals.intervals_s == [5, 300, 60]
    with pytest.raises(ValidationError) as refusal:
        save_profile(profile.organisation, profile_input(interval_s=0), None, profile)
    assert set(refusal.value.error_dict) == {"interval_s"}


def test_no_two_devices_publish_on_one_topic_even_by_patterns_of_two_organisations() -> None:
    give_profile(make.make_device(device_id="kiln-1"))
    thief = make.make_device(device_id="SENSOR")
    theirs = save_profile(
        thief.factory.organisation, profile_input(topic="tele/kiln-1/{device}", status_topic=""), None
    )

    with pytest.raises(ValidationError) as refusal:
        assign_profile(thief, theirs)

    assert codes(refusal) == {"topic": "topic_taken"}
    # Nor by changing the pattern later.
    harmless = give_profile(
        make.make_device(device_id="LWT", factory=thief.factory),
        name="harmless",
        topic="factory/{device}/x",
        status_topic="",
    )
    changed = profile_input(name="harmless", topic="tele/kiln-1/{device}", status_topic="")
    with pytest.raises(ValidationError) as refusal:
        save_profile(thief.factory.organisation, changed, None, harmless)
    assert codes(refusal) == {"topic": "topic_taken"}


def test_a_profile_stays_in_its_organisation_with_one_name_and_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    profile = give_profile(make.make_device(device_id="kiln-1"))

    with pytest.raises(ValidationError) as refusal:
        assign_profile(make.make_device(), profile)
    assert codes(refusal) == {"device": "other_organisation"}
    with pytest.raises(ValidationError) as refusal:
        save_profile(profile.organisation, profile_input(), None)
    assert codes(refusal) == {"name": "name_taken"}
    monkeypatch.setattr(profiles, "PROFILES_LIMIT_COUNT", 1)
    with pytest.raises(ValidationError) as refusal:
        save_profile(profile.organisation, profile_input(name="second"), None)
    assert codes(refusal) == {"name": "too_many"}


def test_a_device_with_a_profile_publishes_on_its_foreign_topics_and_does_nothing_else() -> None:
    rules = role_of_device("kiln-1", ["tele/kiln-1/SENSOR"])["acls"]
    ingest = role_of_ingest("g", ["tele/+/SENSOR"])["acls"]

    assert [(rule["acltype"], rule["topic"]) for rule in rules] == [("publishClientSend", "tele/kiln-1/SENSOR")]
    written = {(rule["acltype"], rule["topic"]) for rule in ingest}
    assert {("publishClientReceive", "tele/+/SENSOR"), ("subscribeLiteral", "$share/g/tele/+/SENSOR")} <= written


@override_settings(MQTT_BROKER_URL="mqtts://carbontrack-ingest:secret@localhost:8883")
def test_the_files_for_mosquitto_give_it_its_foreign_topics_alone(tmp_path: Path) -> None:
    device, _secret = make.make_device_with_secret(device_id="kiln-1")
    make.make_device_with_secret(device_id="native-1")
    give_profile(device)

    write_mosquitto_files(tmp_path / "passwords", tmp_path / "acl")

    acl = (tmp_path / "acl").read_text()
    assert "user kiln-1\ntopic deny carbontrack/v1/kiln-1/#\ntopic write tele/kiln-1/SENSOR\n" in acl
    assert "topic read tele/+/SENSOR\n" in acl.split("user kiln-1")[0]
    assert "native-1" not in acl


def test_the_demo_broker_follows_profiles() -> None:
    device, _secret = make.make_device_with_secret(device_id="kiln-1")
    rules = TopicRules()
    rules.ended_logins({})
    assert rules.may_use_topic("kiln-1", "carbontrack/v1/kiln-1/readings", "publish")
    assert not rules.may_use_topic(INGEST_USER, "tele/+/SENSOR", "subscribe")

    give_profile(device)
    rules.ended_logins({})

    assert rules.may_use_topic("kiln-1", "tele/kiln-1/SENSOR", "publish")
    assert not rules.may_use_topic("kiln-1", "tele/kiln-1/SENSOR", "subscribe")
    assert not rules.may_use_topic("kiln-1", "tele/kiln-2/SENSOR", "publish")
    assert not rules.may_use_topic("kiln-1", "carbontrack/v1/kiln-1/readings", "publish")
    assert rules.may_use_topic(INGEST_USER, "tele/+/SENSOR", "subscribe")
    assert rules.may_use_topic(INGEST_USER, "tele/kiln-1/SENSOR", "receive")
    assert not rules.may_use_topic(INGEST_USER, "tele/#", "subscribe")
