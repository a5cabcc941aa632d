"""provision_device --firmware-config: the settings of a node, where its password is written and where it is not."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from demo.certificates import ensure_certificates
from devices import firmware_config
from devices.credentials import check_broker_login
from devices.models import MCUDevice
from factories.models import Factory
from lib import qr_code
from tests import make

pytestmark = pytest.mark.django_db

# An RSA root of 4096 bits is this long as PEM (ISRG Root X1: 1,939 characters).
LONG_CERTIFICATE = "-----BEGIN CERTIFICATE-----\n" + ("A" * 64 + "\n") * 29 + "-----END CERTIFICATE-----\n"


@pytest.fixture(autouse=True)
def litein() -> Factory:
    return make.make_factory(name="Litein Tea Factory", altitude_m=1_980.0)


@pytest.fixture(autouse=True)
def own_broker(settings: Any, tmp_path: Path) -> None:
    settings.MQTT_BROKER_URL = "mqtts://carbontrack-ingest:secret@broker.example:8883"
    settings.MQTT_CA_FILE = str(ensure_certificates(tmp_path / "certificates").ca_file)


def provision(folder: Path, *arguments: str) -> None:
    device = "--factory Litein --device-id litein-9 --firmware-config".split()
    call_command("provision_device", *device, str(folder / "node.json"), *arguments)


@pytest.fixture
def write(tmp_path: Path, capsys: Any) -> Any:
    """Runs the command; gives what it wrote into the file, and what it printed."""

    def run(*arguments: str, range_ppm: str = "200000", sensor: str = "sprintir-20") -> tuple[dict[str, Any], str]:
        provision(tmp_path, "--sensor", sensor, "--range-ppm", range_ppm, *arguments)
        return json.loads((tmp_path / "node.json").read_text()), capsys.readouterr().out

    return run


def refusal(tmp_path: Path, *arguments: str) -> str:
    with pytest.raises(CommandError) as caught:
        provision(tmp_path, *arguments)
    assert not MCUDevice.objects.exists()
    return str(caught.value)


def test_the_file_holds_all_that_the_node_needs(write: Any) -> None:
    config, _out = write("--basis", "dry", "--compensation", "on_sensor", "--diameter", "1.2", "--profile", "0.9")

    password, ca = config.pop("password"), config.pop("ca")
    assert check_broker_login("litein-9", "litein-9", password)
    assert ca.startswith("-----BEGIN CERTIFICATE-----\n")
    assert ca.endswith("-----END CERTIFICATE-----\n")
    assert config == {
        "device_id": "litein-9",
        "host": "broker.example",
        "port": 8883,
        "interval_s": 5.0,
        "co2_sensor": "gss",
        "sensor": "sprintir-20",
        "range_ppm": 200_000.0,
        "co2_basis": "dry",
        "pressure_compensation": "on_sensor",
        "thermocouple": "max31855",
        "velocity_sensor": "sdp8xx",
        "barometer": "bme280",
        "velocity_profile_factor": 0.9,
        "moisture_fraction": 0.13,
        "altitude_m": 1_980.0,
        "diameter_m": 1.2,
    }


def test_a_rectangular_chimney_another_build_and_its_wifi(write: Any, tmp_path: Path) -> None:
    (tmp_path / "wifi").write_text("karibu-sana\n")

    config, _out = write(
        "--width",
        "0.6",
        "--height",
        "0.8",
        "--profile",
        "0.95",
        "--barometer",
        "none",
        "--velocity-sensor",
        "pulse",
        "--thermocouple",
        "max6675",
        "--wifi-ssid",
        "Boiler house",
        "--wifi-password-file",
        str(tmp_path / "wifi"),
        "--co2-sensor",
        "mhz19",
        sensor="diluted-1-50",
        range_ppm="250000",
    )

    wanted = {
        "width_m": 0.6,
        "height_m": 0.8,
        "barometer": "none",
        "velocity_sensor": "pulse",
        "co2_sensor": "mhz19",
        "thermocouple": "max6675",
        "wifi_ssid": "Boiler house",
        "wifi_password": "karibu-sana",
    }
    assert wanted.items() <= config.items()
    assert "diameter_m" not in config


def test_the_password_is_in_the_private_file_and_is_not_printed(write: Any, tmp_path: Path) -> None:
    config, out = write("--qr", str(tmp_path / "node.svg"))

    assert config["password"] not in out
    for name in ("node.json", "node.svg"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert "Rotate the device's secret" in out
    assert not set(out) & set("█▀▄")  # no terminal, so no code that a log would keep


def test_a_qr_code_says_the_very_text_of_the_file(write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    image = qr_code.image
    monkeypatch.setattr(qr_code, "image", lambda text, suffix: drawn.append(text) or image(text, suffix))

    write("--qr", str(tmp_path / "node.png"))

    assert drawn == [(tmp_path / "node.json").read_text().rstrip("\n")]
    assert (tmp_path / "node.png").read_bytes().startswith(b"\x89PNG")


def test_a_long_certificate_stays_out_of_the_code_and_the_command_says_so(write: Any, tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_text(f"subject=Root\n{LONG_CERTIFICATE}")

    config, out = write("--ca", str(tmp_path / "root.pem"), "--qr", str(tmp_path / "node.svg"))

    assert config["ca"] == LONG_CERTIFICATE
    in_code, is_all = firmware_config.code_text(config | {"ca": LONG_CERTIFICATE * 2})
    assert not is_all
    assert "ca" not in json.loads(in_code)
    assert ("certificate is too long" in out) == (len(firmware_config.as_text(config)) > qr_code.MOST_BYTES)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--sensor", "sprintir-20"), "--range-ppm is missing"),
        (("--sensor", "nose", "--range-ppm", "5000"), "sensor='nose' does not tell how it talks"),
        (("--sensor", "stc31", "--range-ppm", "5000", "--ca", "/nowhere.pem"), "/nowhere.pem cannot be read"),
        (("--sensor", "stc31", "--range-ppm", "5000", "--qr", "code.gif"), "ends in none of .svg, .png"),
        (("--sensor", "stc31", "--range-ppm", "-1"), "range"),
        (("--sensor", "stc31" + "\u00e9" * 18, "--range-ppm", "250000"), "has 41 bytes; the node takes at most 40"),
    ],
)
def test_what_the_node_would_refuse_is_refused_before_anything_is_made(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    assert words in refusal(tmp_path, *arguments)
    assert not (tmp_path / "node.json").exists()


def test_a_node_far_away_needs_a_certificate_to_pin(tmp_path: Path, settings: Any) -> None:
    settings.MQTT_CA_FILE = ""

    assert "ISRG Root X1" in refusal(tmp_path, "--sensor", "stc31", "--range-ppm", "5000")


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "node.json").write_text("the password of another device")

    assert "choose another name" in refusal(tmp_path, "--sensor", "stc31", "--range-ppm", "5000")
    assert (tmp_path / "node.json").read_text() == "the password of another device"


@pytest.mark.parametrize(
    ("ssid", "password", "words"),
    [
        ("x" * 33, "12345678", "33 bytes"),
        ("ssid", "1234567", "7 bytes"),
        ("ssid", "x" * 64, "64 bytes"),
        ("ssid", "\u00e9" * 32, "64 bytes"),
        ("ssid", "a1" * 33, "66 bytes"),
    ],
)
def test_a_wifi_that_cannot_be_is_refused(ssid: str, password: str, words: str) -> None:
    with pytest.raises(firmware_config.FirmwareConfigError, match=words):
        firmware_config.check_wifi(ssid, password)


@pytest.mark.parametrize("password", ["", "12345678", "\u00e9" * 31, "x" * 63, "0123456789abcdEF" * 4])
def test_a_wifi_that_the_node_takes_is_taken(password: str) -> None:
    firmware_config.check_wifi("s" * 32, password)


def test_an_interval_that_the_node_would_refuse_is_refused() -> None:
    firmware_config.check_measuring("s" * 40, 0.02)

    with pytest.raises(firmware_config.FirmwareConfigError, match=r"interval_s=0\.01 s"):
        firmware_config.check_measuring("stc31", 0.01)


def test_on_this_machine_the_settings_warn_that_no_board_finds_the_broker(write: Any, settings: Any) -> None:
    settings.MQTT_BROKER_URL = "mqtts://carbontrack-ingest:secret@127.0.0.1:8883"

    _config, out = write()

    assert "only a node on this machine finds that" in out
