"""A site with one node: broker with TLS and logins, ingest, database, `node_host` with the settings it would get."""

import json
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from devices.models import MCUDevice
from devices.services import ProvisionedDevice, describe
from tests.end_to_end.ingest_process import IngestProcess
from tests.firmware.node_process import FastTime, NodeProcess
from tests.firmware.reckoning import Reckoning, reckon
from tests.make import make_factory
from tests.mosquitto import INGEST_PASSWORD, Mosquitto, Watcher
from tests.waiting import TIMEOUT_S, wait_until

SPEED = 10.0
# The node's time is behind ours until then; longer than any drill here.
EQUAL_AFTER_S = 3_600
DEVICE_ID = "litein-1"
# So much waits in the broker for an absent ingest, of all devices together: 1,000 by default, few here.
QUEUE_LIMIT = 30


class Site:
    """Node and device are registered; the test that needs them starts broker and node."""

    def __init__(self, folder: Path, broker: Mosquitto, program: Path) -> None:
        self.folder, self.broker = folder, broker
        self.ingest = IngestProcess(broker)
        self._others = self._files = 0
        self.factory = make_factory(name="Litein Tea Factory", altitude_m=1_980.0)
        self.settings_file = folder / "node.json"
        device = f"--factory Litein --device-id {DEVICE_ID} --sensor sprintir-20 --range-ppm 200000 --basis dry".split()
        device += "--diameter 0.9 --profile 1".split()
        call_command("provision_device", *device, "--firmware-config", str(self.settings_file), stdout=StringIO())
        broker.reload()
        self.settings = json.loads(self.settings_file.read_text())
        fast = FastTime(SPEED, int(time.time()) + EQUAL_AFTER_S)
        self.node = NodeProcess(program, self.settings_with(interval_s=1), folder, fast)

    @property
    def login(self) -> ProvisionedDevice:
        device = MCUDevice.objects.get(device_id=DEVICE_ID)
        return describe(device, self.settings["password"])

    def settings_with(self, **changes: Any) -> Path:
        """The settings as a file, with some of them changed."""
        self._files += 1
        path = self.folder / f"node-{self._files}.json"
        path.write_text(json.dumps(self.settings | {"warm_up_s": 5} | changes))
        return path

    # --- ingest ---
    def start_ingest(self) -> None:
        self.ingest = IngestProcess(self.broker)
        self.ingest.__enter__()

    def overfill_broker(self, *, must_drop: bool = True) -> None:
        """While ingest is away: more than the broker keeps, from another device. It acknowledges all of it.

        A broker that was restarted and has not seen ingest since keeps nothing for it: `must_drop` False.
        """
        self._others += 1
        other = StringIO()
        name = f"litein-other-{self._others}"
        call_command("provision_device", factory="Litein", device_id=name, json=True, stdout=other)
        self.broker.reload()
        login = json.loads(other.getvalue())
        lines = "\n".join(["{}"] * (QUEUE_LIMIT + 10))
        self.publish_lines(login["device_id"], login["password"], login["topics"]["acks"], lines)
        if must_drop:
            self.broker._wait_for("Outgoing messages are being dropped")

    def publish_lines(self, user: str, password: str, topic: str, lines: str) -> None:
        arguments = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.broker.port)]
        arguments += ["--cafile", str(self.broker.certificates.ca_file), "-u", user, "-P", password]
        arguments += ["-i", user, "-q", "1", "-t", topic, "-l"]
        subprocess.run(arguments, input=lines, text=True, check=True, timeout=TIMEOUT_S)

    # --- commands ---
    def order(self, **command: Any) -> dict[str, Any]:
        """Sends a command as the server does; the node's answer."""
        answers = Watcher(self.login, f"carbontrack/v1/{DEVICE_ID}/acks")
        text = json.dumps({"v": 1, "id": f"order-{time.monotonic_ns()}"} | command)
        self.publish_lines("carbontrack-ingest-orders", INGEST_PASSWORD, f"carbontrack/v1/{DEVICE_ID}/commands", text)
        try:
            answer: dict[str, Any] = json.loads(answers.next_message())
        finally:
            answers.close()
        assert answer["id"] == json.loads(text)["id"]
        return answer

    # --- what has become of it ---
    def device(self) -> MCUDevice:
        return MCUDevice.objects.get(device_id=DEVICE_ID)

    def produced_count(self) -> int:
        return len(self.node.produced())

    def wait_for_readings(self, count: int) -> None:
        """Until the node has measured so many more."""
        wanted = self.produced_count() + count
        wait_until(lambda: self.produced_count() >= wanted)

    def drain(self, *options: str, timeout_s: float = TIMEOUT_S) -> None:
        """A last life that measures no more and sends what is left; until nothing is."""
        self.node.start(*options, "--until", "empty", settings_file=self.settings_with(interval_s=3600))
        self.node.wait_until_ended(timeout_s)

    def reckon(self, undatable: Sequence[int] = ()) -> Reckoning:
        return reckon(self.node, DEVICE_ID, undatable)

    def close(self) -> None:
        self.node.close()
        with suppress(AssertionError):
            self.ingest.terminate()
