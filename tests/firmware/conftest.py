"""The node as a program, built once, and a site around it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.firmware import build
from tests.firmware.site import QUEUE_LIMIT, Site
from tests.mosquitto import Mosquitto


@pytest.fixture(scope="session")
def node_program() -> Path:
    return build.node_host("sanitized")


@pytest.fixture
def site(tmp_path: Path, settings: Any, transactional_db: None, node_program: Path) -> Iterator[Site]:
    broker = Mosquitto(tmp_path, limits={"max_queued_messages": QUEUE_LIMIT})
    settings.MQTT_BROKER_URL = broker.url
    settings.MQTT_CA_FILE = str(broker.certificates.ca_file)
    with broker:
        site = Site(tmp_path, broker, node_program)
        yield site
        site.close()
