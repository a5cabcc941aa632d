"""Device passwords and what a login may touch: one stored form for Mosquitto, the demo broker and ourselves."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.utils import timezone
from hypothesis import assume, given
from hypothesis import strategies as st

from devices import broker, credentials
from devices.access import revoke_device, rotate_secret
from devices.broker import broker_state, write_mosquitto_files
from devices.choices import BrokerState
from devices.credentials import (
    INGEST_USER,
    TOPIC_ROOT,
    check_broker_login,
    ended_logins,
    is_ingest,
    may_use_topic,
    mosquitto_hash,
    verify,
)
from devices.models import DeviceSecret, MCUDevice
from lib.local.secrets import ingest_password
from tests import make

device_ids = st.from_regex(r"[A-Za-z0-9_-]{3,64}", fullmatch=True)
USES = ("publish", "subscribe", "receive")


# --- The stored form ---------------------------------------------------------------------------
@given(secret=st.text(max_size=80), other=st.text(max_size=80))
def test_a_secret_fits_its_own_hash_and_no_other(secret: str, other: str) -> None:
    assume(secret != other)
    stored = mosquitto_hash(secret)

    assert verify(secret, stored)
    assert not verify(other, stored)


def test_the_stored_form_is_mosquittos() -> None:
    stored = mosquitto_hash("secret")

    assert re.fullmatch(r"\$7\$101\$[A-Za-z0-9+/]{16}\$[A-Za-z0-9+/]{86}==", stored)
    assert len(stored) <= 140
    assert stored != mosquitto_hash("secret")  # salted


@pytest.mark.needs("mosquitto_passwd")
def test_mosquittos_own_hash_is_read_by_us(tmp_path: Path) -> None:
    path = tmp_path / "passwords"
    path.touch(mode=0o600)
    subprocess.run(["mosquitto_passwd", "-b", str(path), "device-1", "right"], check=True, capture_output=True)
    name, stored = path.read_text().strip().split(":")

    assert name == "device-1"
    assert verify("right", stored)
    assert not verify("wrong", stored)


def test_a_secret_has_192_bits_and_is_never_drawn_twice() -> None:
    secrets = {credentials.new_secret() for _ in range(1000)}

    assert len(secrets) == 1000
    assert {len(bytes.fromhex(secret)) for secret in secrets} == {24}  # and no sign that a command line minds


# --- Logins ------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_device_comes_in_under_its_own_id_alone() -> None:
    _device, secret = make.make_device_with_secret(device_id="litein-1")
    make.make_device_with_secret(device_id="momul-1")

    assert check_broker_login("litein-1", "litein-1", secret)
    assert not check_broker_login("litein-1", "litein-1", secret + "x")
    assert not check_broker_login("litein-1", "litein-1", "")
    assert not check_broker_login("momul-1", "litein-1", secret)
    assert not check_broker_login("litein-1", "momul-1", secret)
    assert not check_broker_login("LITEIN-1", "LITEIN-1", secret)
    assert not check_broker_login("", "", "")
    assert not check_broker_login("litein-1\n", "litein-1\n", secret)
    assert not check_broker_login("a\x00b", "a\x00b", secret)


@pytest.mark.django_db
def test_a_rotated_secret_ends_the_one_before_and_only_one_is_in_force() -> None:
    device, old = make.make_device_with_secret(device_id="litein-1")

    new = rotate_secret(device)

    assert not check_broker_login("litein-1", "litein-1", old)
    assert check_broker_login("litein-1", "litein-1", new)
    assert DeviceSecret.objects.filter(device=device, revoked_at=None).count() == 1
    assert DeviceSecret.objects.filter(device=device).count() == 2
    assert not any(new in str(row) for row in DeviceSecret.objects.values_list())


@pytest.mark.django_db
def test_a_revoked_device_stays_out() -> None:
    device, secret = make.make_device_with_secret(device_id="litein-1")
    device.revoked_at = timezone.now()
    device.save()

    assert not check_broker_login("litein-1", "litein-1", secret)


@pytest.mark.django_db
def test_open_logins_end_with_their_secret_and_those_of_ingest_stay() -> None:
    rotated, old = make.make_device_with_secret(device_id="litein-1")
    revoked, secret = make.make_device_with_secret(device_id="litein-2")
    _kept, right = make.make_device_with_secret(device_id="momul-1")
    logins = {"litein-1": old, "litein-2": secret, "momul-1": right, INGEST_USER: "", f"{INGEST_USER}-a": ""}
    assert ended_logins(logins) == set()

    new = rotate_secret(rotated)
    MCUDevice.objects.filter(pk=revoked.pk).update(revoked_at=timezone.now())

    assert ended_logins(logins) == {"litein-1", "litein-2"}
    assert ended_logins(logins | {"litein-1": new}) == {"litein-2"}


@pytest.mark.django_db
def test_ingest_comes_in_by_the_password_of_this_installation(settings: Any) -> None:
    password = ingest_password(settings.DATA_DIR)

    assert check_broker_login("any-client-id", INGEST_USER, password)
    assert check_broker_login(f"{INGEST_USER}-a", f"{INGEST_USER}-a", password)
    assert not check_broker_login(f"{INGEST_USER}-a", f"{INGEST_USER}-a", "")
    assert not check_broker_login(INGEST_USER, INGEST_USER, "")
    assert not check_broker_login(INGEST_USER, INGEST_USER, "käse")


# --- Topics ------------------------------------------------------------------------------------
@given(own=device_ids, other=device_ids, rest=st.text(max_size=40), use=st.sampled_from(USES))
def test_no_device_ever_touches_a_topic_of_another(own: str, other: str, rest: str, use: Any) -> None:
    assume(own != other and not is_ingest(own))

    assert not may_use_topic(own, f"{TOPIC_ROOT}/{other}/{rest}", use)


@given(own=device_ids, topic=st.text(max_size=80), use=st.sampled_from(USES))
def test_a_device_reaches_only_topics_below_its_id(own: str, topic: str, use: Any) -> None:
    assume(not is_ingest(own))

    assert may_use_topic(own, topic, use) == topic.startswith(f"carbontrack/v1/{own}/")


@given(own=device_ids, use=st.sampled_from(USES))
def test_wildcards_above_the_own_id_are_refused(own: str, use: Any) -> None:
    assume(not is_ingest(own))
    filters = (
        "#",
        "+/+/+/readings",
        "carbontrack/#",
        "carbontrack/v1/#",
        "carbontrack/v1/+/readings",
        "$SYS/#",
        f"carbontrack/+/{own}/#",
        f"carbontrack/v1/{own}",
        f"$share/g/carbontrack/v1/{own}/#",
    )

    assert not any(may_use_topic(own, topic, use) for topic in filters)
    assert may_use_topic(own, f"carbontrack/v1/{own}/#", use)


@pytest.mark.parametrize("name", ["", "ab", "a/b", "+", "#", "a" * 65, "abc\n", "käse"])
def test_a_name_that_is_no_device_id_touches_nothing(name: str) -> None:
    assert not may_use_topic(name, f"carbontrack/v1/{name}/readings", "publish")


def test_ingest_touches_everything_of_ours_and_nothing_else() -> None:
    assert may_use_topic(INGEST_USER, "carbontrack/v1/litein-1/readings", "receive")
    assert may_use_topic(INGEST_USER, "carbontrack/v1/+/readings", "subscribe")
    assert not may_use_topic(INGEST_USER, "carbontrack/v10/litein-1/readings", "receive")
    assert not may_use_topic(INGEST_USER, "$SYS/#", "subscribe")


# --- Mosquitto's files -------------------------------------------------------------------------
@pytest.fixture
def production(settings: Any) -> None:
    settings.MQTT_BROKER_URL = f"mqtts://{INGEST_USER}:p%40ss@broker.example:8883"
    settings.INGEST_WORKERS = ["a"]


@pytest.mark.django_db
def test_the_broker_files_hold_all_devices_in_force_and_no_secret(production: None, tmp_path: Path) -> None:
    _device, secret = make.make_device_with_secret(device_id="litein-1")
    rotate_secret(make.make_device_with_secret(device_id="momul-1")[0])
    gone, _secret = make.make_device_with_secret(device_id="gone-1")
    MCUDevice.objects.filter(pk=gone.pk).update(revoked_at=timezone.now())
    make.make_device(device_id="without-1")
    passwords, acl = tmp_path / "in" / "passwords", tmp_path / "in" / "acl"

    count = write_mosquitto_files(passwords, acl)

    lines = dict(line.split(":") for line in passwords.read_text().splitlines())
    assert count == 2
    assert set(lines) == {INGEST_USER, f"{INGEST_USER}-a", "litein-1", "momul-1"}
    assert verify("p@ss", lines[INGEST_USER])
    assert verify("p@ss", lines[f"{INGEST_USER}-a"])
    assert verify(secret, lines["litein-1"])
    assert secret not in passwords.read_text()
    assert passwords.stat().st_mode & 0o077 == 0
    assert acl.read_text().splitlines() == [
        f"user {INGEST_USER}",
        "topic readwrite carbontrack/v1/#",
        "",
        f"user {INGEST_USER}-a",
        "topic readwrite carbontrack/v1/#",
        "",
        "pattern readwrite carbontrack/v1/%u/#",
    ]
    assert sorted(path.name for path in (tmp_path / "in").iterdir()) == ["acl", "passwords"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url",
    [
        "mqtts://broker.example",
        f"mqtts://{INGEST_USER}@broker.example",
        f"mqtts://{INGEST_USER}:@broker.example",
        "mqtts://somebody:secret@broker.example",
    ],
)
def test_ingest_without_a_password_is_never_written(settings: Any, tmp_path: Path, url: str) -> None:
    settings.MQTT_BROKER_URL = url

    with pytest.raises(ImproperlyConfigured, match="MQTT_BROKER_URL"):
        write_mosquitto_files(tmp_path / "passwords", tmp_path / "acl")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
def test_what_is_rotated_or_revoked_while_the_files_are_written_still_waits(
    production: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MQTT_ACCESS = "FILES"
    rotated, revoked, kept = (make.make_device_with_secret()[0] for _ in range(3))

    def meanwhile(path: Path, text: str) -> None:
        rotate_secret(rotated)
        revoke_device(revoked)

    with monkeypatch.context() as slow:
        slow.setattr(broker, "write_privately", meanwhile)
        write_mosquitto_files(tmp_path / "passwords", tmp_path / "acl")
    states = [broker_state(device) for device in (rotated, revoked, kept)]
    write_mosquitto_files(tmp_path / "passwords", tmp_path / "acl")

    assert states == [BrokerState.WAITS, BrokerState.WAITS, BrokerState.IN_FORCE]
    later = [broker_state(device) for device in (rotated, revoked, kept)]
    assert later == [BrokerState.IN_FORCE, BrokerState.REMOVED, BrokerState.IN_FORCE]


@pytest.mark.django_db
def test_sync_broker_says_how_many_may_come_in(production: None, tmp_path: Path, capsys: Any) -> None:
    make.make_device_with_secret()

    call_command("sync_broker", password_file=tmp_path / "passwords", acl_file=tmp_path / "acl")

    assert capsys.readouterr().out.startswith("1 devices may sign in")
