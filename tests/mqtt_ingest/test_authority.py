"""New authorities for devices: what may be given to them, who has them, and when certificates end."""

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from carbontrack.checks import check_authority
from demo.certificates import BrokerCertificates, ensure_certificates
from mqtt_ingest import authority
from mqtt_ingest.authority import AuthorityError, look_at_certificates, read_bundle
from mqtt_ingest.models import DeviceCommand
from mqtt_ingest.store import store
from tests.demo.running_broker import RunningBroker, running_broker
from tests.make import make_device
from tests.mqtt_ingest.build import arrival


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBroker]:
    with running_broker(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture
def old(broker: RunningBroker, settings: Settings) -> BrokerCertificates:
    """Those that the running broker has now."""
    settings.MQTT_BROKER_URL = f"mqtts://carbontrack-ingest:x@127.0.0.1:{broker.port}"
    settings.MQTT_CA_FILE = str(broker.certificates.ca_file)
    return broker.certificates


@pytest.fixture
def new(tmp_path: Path) -> BrokerCertificates:
    return ensure_certificates(tmp_path / "new")


def both(old: BrokerCertificates, new: BrokerCertificates) -> Path:
    path = new.ca_file.with_name("both.pem")
    path.write_text("old\n" + old.ca_file.read_text() + "new\r\n" + new.ca_file.read_text().replace("\n", "\r\n"))
    return path


def ends_at(path: Path) -> datetime:
    return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc


def roll_over(*arguments: object) -> list[str]:
    said = io.StringIO()
    call_command("roll_over_ca", *map(str, arguments), stdout=said)
    return said.getvalue().splitlines()


# --- What may be given -------------------------------------------------------------------------
def test_a_bundle_is_its_certificates_alone(old: BrokerCertificates, new: BrokerCertificates) -> None:
    bundle = read_bundle(both(old, new), timezone.now())

    assert bundle == old.ca_file.read_text() + new.ca_file.read_text()


def test_a_last_line_without_an_end_loses_no_authority(old: BrokerCertificates, new: BrokerCertificates) -> None:
    path = both(old, new)
    path.write_text(path.read_text().rstrip())

    assert read_bundle(path, timezone.now()).count("BEGIN CERTIFICATE") == 2


def test_a_message_fits_into_the_inbox_of_a_node() -> None:
    config = (Path(__file__).parents[2] / "firmware/lib/core/src/config.h").read_text()
    (limit_bytes,) = re.findall(r"kMessageBytes = (\d+);", config)

    assert int(limit_bytes) - authority.MOST_MESSAGE_BYTES == 1  # `MqttInbox::push_message`


def test_what_would_harm_devices_is_refused_with_words(new: BrokerCertificates, tmp_path: Path) -> None:
    many = tmp_path / "many.pem"
    many.write_text(new.ca_file.read_text() * 7)
    (tmp_path / "empty.pem").write_text("no certificate")
    glued = tmp_path / "glued.pem"
    glued.write_text(new.ca_file.read_text().rstrip() + new.ca_file.read_text())
    in_20_years = timezone.now() + timedelta(days=7_300)

    for path, now, words in (
        (new.certificate_file, timezone.now(), "not an authority's"),
        (new.ca_file, in_20_years, "valid now"),
        (many, timezone.now(), "a device takes 3950"),
        (tmp_path / "empty.pem", timezone.now(), "no certificate"),
        (glued, timezone.now(), "has 2 parts, and 1 of them"),
        (tmp_path / "missing.pem", timezone.now(), "cannot be read"),
    ):
        with pytest.raises(AuthorityError, match=words):
            read_bundle(path, now)


@pytest.mark.django_db
def test_authorities_that_do_not_trust_the_broker_of_now_are_not_given(
    old: BrokerCertificates, new: BrokerCertificates
) -> None:
    make_device(reported_online=True)

    with pytest.raises(CommandError, match=r"do not trust .+ in use and the new one"):
        roll_over(new.ca_file)

    assert not DeviceCommand.objects.exists()


# --- To whom -----------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_roll_over_tells_who_has_it_and_who_is_outstanding(old: BrokerCertificates, new: BrokerCertificates) -> None:
    answers, refuses, silent = (make_device(device_id=f"litein-{number}") for number in (1, 2, 3))
    make_device(device_id="gone", revoked_at=timezone.now())
    path = both(old, new)

    assert "given to 3 devices; 0 had it already" in roll_over(path)
    for device, is_ok in ((answers, True), (refuses, False)):
        command = DeviceCommand.objects.get(device=device)
        ack = {"v": 1, "id": command.command_id, "ok": is_ok, "error": None if is_ok else "too long"}
        store([arrival(device, ack, "acks")])
    said = roll_over()
    again = roll_over(path)

    assert said[-1] == "1 answered, 1 outstanding, 1 refused"
    assert said[0].startswith("litein-2: refused at ")
    assert said[0].endswith(": too long")
    assert said[1] == "litein-3: not sent yet: it was not on line"
    assert (
        "given to 1 devices; 2 had it already" in again
    )  # one answered, one has it waiting; the refusal is tried again
    assert roll_over("--withdraw", "--device", silent.device_id) == [
        "withdrawn for 1 devices",
        "litein-3: withdrawn",
        "1 withdrawn",
    ]
    with pytest.raises(CommandError, match="no such device in use: gone"):
        roll_over(path, "--device", "gone")


# --- When certificates end ---------------------------------------------------------------------
@pytest.mark.django_db
def test_metrics_say_when_the_brokers_certificates_end(old: BrokerCertificates, client: Client) -> None:
    cache.delete(authority.CACHE_KEY)
    assert "broker_certificate_expires_timestamp_seconds{" not in client.get("/metrics").text

    look_at_certificates()

    text = client.get("/metrics").text
    name = "carbontrack_broker_certificate_expires_timestamp_seconds"
    found = {line.split()[0]: float(line.split()[1]) for line in text.splitlines() if line.startswith(name)}
    assert found == {
        f'{name}{{certificate="server"}}': ends_at(old.certificate_file).timestamp(),
        f'{name}{{certificate="authority"}}': ends_at(old.ca_file).timestamp(),
    }


@pytest.mark.django_db
def test_a_broker_that_is_away_leaves_its_end_out(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.MQTT_BROKER_URL, settings.MQTT_CA_FILE = "mqtts://127.0.0.1:1", ""

    assert look_at_certificates() == {}
    assert "cannot be read" in caplog.text


@pytest.mark.parametrize(("days_left", "warns"), [(29, True), (31, False)])
def test_a_check_warns_30_days_before_an_authority_ends(
    old: BrokerCertificates, monkeypatch: pytest.MonkeyPatch, days_left: int, warns: bool
) -> None:
    now = ends_at(old.ca_file) - timedelta(days=days_left)
    monkeypatch.setattr("carbontrack.checks.timezone.now", lambda: now.astimezone(UTC))

    found = [message for message in check_authority(None) if message.id == "carbontrack.W010"]

    assert bool(found) == warns
