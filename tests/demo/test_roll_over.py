"""The certificate authority of the broker is rolled over, over real TLS: who took the bundle stays connected."""

import ssl
from pathlib import Path

from demo import cast
from demo.certificates import ensure_certificates
from demo.fleet import Fleet
from demo.link import BrokerPlace
from demo.simulated_device import SimulatedDevice
from tests.demo.running_broker import INGEST_PASSWORD, RunningBroker, running_broker
from tests.demo.test_fleet import IngestStandIn, RunningFleet, now_ms

FIRST, SECOND = cast.fleet(2)


def stand_in(broker: RunningBroker) -> IngestStandIn:
    return IngestStandIn(port=broker.port, ca_file=str(broker.certificates.ca_file), password=INGEST_PASSWORD)


def test_a_device_with_old_and_new_authority_outlives_the_change_of_the_brokers_certificate(tmp_path: Path) -> None:
    old, new = ensure_certificates(tmp_path / "old"), ensure_certificates(tmp_path / "new")
    bundle = old.ca_file.read_text() + new.ca_file.read_text()
    passwords = {FIRST.device_id: "first", SECOND.device_id: "second"}
    with running_broker(tmp_path / "old") as broker:
        broker.passwords = passwords
        place = BrokerPlace("127.0.0.1", broker.port, ssl.create_default_context(cafile=str(old.ca_file)))
        devices = [SimulatedDevice(planned, now_ms=now_ms()) for planned in (FIRST, SECOND)]
        fleet = RunningFleet(Fleet(devices, passwords, place, data_dir=tmp_path, connect_spread_s=0.1))
        try:
            with stand_in(broker) as ingest:
                ingest.wait_for(lambda: all(ingest.statuses[planned] for planned in passwords))

                # Without the authority of now it cannot connect: it goes back and says so.
                ingest.command(FIRST.device_id, {"v": 1, "id": "1", "kind": "set_ca", "ca": new.ca_file.read_text()})
                ingest.wait_for(lambda: len(ingest.acks) == 1)
                ingest.command(FIRST.device_id, {"v": 1, "id": "2", "kind": "set_ca", "ca": "no certificate"})
                ingest.wait_for(lambda: len(ingest.acks) == 2)
                ingest.command(FIRST.device_id, {"v": 1, "id": "3", "kind": "set_ca", "ca": bundle})
                ingest.wait_for(lambda: len(ingest.acks) == 3)
                ingest.command(FIRST.device_id, {"v": 1, "id": "3", "kind": "set_ca", "ca": bundle})
                ingest.wait_for(lambda: len(ingest.acks) == 4)  # answered again, and nothing else

            assert [(ack["id"], ack["ok"]) for ack in ingest.acks] == [
                ("1", False),
                ("2", False),
                ("3", True),
                ("3", True),
            ]
            assert "no connection to the broker with these authorities" in ingest.acks[0]["error"]
            port = broker.port
        except BaseException:
            fleet.stop()
            raise
    try:
        with running_broker(tmp_path / "new", port=port) as broker:
            broker.passwords = passwords
            with stand_in(broker) as ingest:
                ingest.wait_for(lambda: bool(ingest.statuses[FIRST.device_id]))
                assert ingest.statuses[FIRST.device_id][-1]["online"]
                # The other trusts the old authority alone: its next connection fails too.
                _, second = fleet.fleet.links
                retry_at_s = second.retry_at_s
                ingest.wait_for(lambda: second.retry_at_s > retry_at_s)
                assert not ingest.statuses[SECOND.device_id]
    finally:
        fleet.stop()
