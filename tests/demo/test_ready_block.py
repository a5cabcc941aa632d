"""The block that `run_demo` prints when everything answers."""

from pathlib import Path

import pytest

from demo.ready_block import ready_block


def block(**changes: object) -> str:
    usual = {
        "url": "http://localhost:8000/",
        "is_on_network": False,
        "logins": [("headquarters", "hq@demo.carbontrack.example")],
        "password": "carbontrack-demo",
        "mosquitto_line": "mosquitto_pub -h localhost -p 8883",
        "firmware": "litein-01 runs the firmware's own core",
        "log_dir": Path("/srv/var/logs"),
    }
    return ready_block(**(usual | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "told",
    [
        "http://localhost:8000/",
        "hq@demo.carbontrack.example",
        "carbontrack-demo",
        "http://localhost:8000/api/schema/swagger-ui/",
        "manage.py publish_reading",
        "mosquitto_pub -h localhost -p 8883",
        "Firmware: litein-01 runs the firmware's own core",
        "/srv/var/logs",
        "simulated",
        "Ctrl-C stops everything",
    ],
)
def test_the_block_tells(told: str) -> None:
    assert told in block()


def test_a_network_address_comes_with_a_code_for_the_phone() -> None:
    with_code = block(is_on_network=True, url="http://192.0.2.7:8000/")

    # Version 2, the smallest for this address: 25 modules and a border of 2, two rows a line.
    assert sum(1 for line in with_code.splitlines() if set(line) & set("█▀▄")) == 15
    assert not set(block()) & set("█▀▄")
