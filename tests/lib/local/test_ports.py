"""A second terminal finds the demo where it listens; what the environment says wins."""

import os
from pathlib import Path

import pytest

from lib.local import ports as local_ports


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in local_ports.NAMES:
        monkeypatch.setenv(name, "")


def test_the_ports_of_the_running_demo_are_taken(tmp_path: Path):
    local_ports.publish(tmp_path, http_port=18000, mqtt_port=18883)

    local_ports.adopt(tmp_path)

    assert (os.environ["HTTP_PORT"], os.environ["MQTT_PORT"]) == ("18000", "18883")


def test_what_the_environment_says_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    local_ports.publish(tmp_path, http_port=18000, mqtt_port=18883)
    monkeypatch.setenv("MQTT_PORT", "9999")

    local_ports.adopt(tmp_path)

    assert os.environ["MQTT_PORT"] == "9999"


@pytest.mark.parametrize("content", [None, "", "[1]", '{"HTTP_PORT": "x"}', "{"])
def test_without_a_running_demo_nothing_happens(tmp_path: Path, content: str | None):
    if content is not None:
        (tmp_path / "ports.json").write_text(content)

    local_ports.adopt(tmp_path)

    assert os.environ["HTTP_PORT"] == ""


def test_a_demo_that_stopped_leaves_no_ports(tmp_path: Path):
    local_ports.publish(tmp_path, http_port=18000, mqtt_port=18883)

    local_ports.withdraw(tmp_path)
    local_ports.adopt(tmp_path)

    assert os.environ["HTTP_PORT"] == ""
