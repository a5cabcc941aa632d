"""A client of Mosquitto's Dynamic Security plugin: commands over `$CONTROL`, and what the roles of our logins allow.

It knows nothing of the registry; `broker.py` decides what to send. One short connection serves one act.
"""

import json
import queue
import secrets
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

import paho.mqtt.client as mqtt
from django.utils.translation import gettext_lazy
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from devices.credentials import TOPIC_ROOT
from lib.broker_address import BrokerAddress, BrokerSettingsError, set_up_client

ADMIN_USER = "carbontrack-broker-admin"
COMMANDS_TOPIC = "$CONTROL/dynamic-security/v1"
RESPONSE_TOPIC = f"{COMMANDS_TOPIC}/response"
# One act: connection, login and the answer to one batch. A web request waits no longer for a broker that is away or
# frozen. TCP and TLS have 2 s each of it.
LIMIT_S, CONNECT_TIMEOUT_S = 5.0, 2.0
# The plugin rewrites its file at each command, and the broker serves nobody meanwhile: 11 ms a command at 400 devices,
# measured. Twenty commands are a pause that no device notices.
BATCH_COUNT = 20
# What was made or taken away by the try before.
HARMLESS = {"create": " already exists", "delete": " not found"}

Command = dict[str, Any]


class BrokerUnreachableError(RuntimeError):
    """The broker did not answer as its administrator expects; the message says how far we came."""

    sentence = gettext_lazy("The broker does not answer, so nothing was changed. Try again when it is back.")


class DynamicSecurity:
    """Signed in as the broker's administrator inside its `with` block.

    Raises BrokerUnreachableError when it is made, on entry, and from `send` and `publish`.
    """

    def __init__(self, address: BrokerAddress) -> None:
        self._address = address
        self._heard: queue.SimpleQueue[ReasonCode | dict[str, Any] | int] = queue.SimpleQueue()
        # A random end: two processes that act at once must not end each other's connection.
        client_id = f"{ADMIN_USER}-{secrets.token_hex(6)}"
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv311)
        try:
            set_up_client(self._client, address)
        except BrokerSettingsError as error:
            raise BrokerUnreachableError(str(error)) from error
        self._client.connect_timeout = CONNECT_TIMEOUT_S
        self._client.on_connect = lambda client, data, flags, reason, properties: self._heard.put(reason)
        self._client.on_subscribe = lambda client, data, mid, reasons, properties: self._heard.put(reasons[0])
        self._client.on_publish = lambda client, data, mid, reason, properties: self._heard.put(mid)
        self._client.on_message = lambda client, data, message: self._heard.put(json.loads(message.payload))

    def __enter__(self) -> "DynamicSecurity":
        self._deadline_s = time.monotonic() + LIMIT_S
        try:
            self._client.connect(self._address.host, self._address.port)
        except OSError as error:
            raise BrokerUnreachableError(f"broker {self._address}: cannot connect: {error}") from error
        self._client.loop_start()
        try:
            self._expect_success("refuses the login of the administrator")
            self._client.subscribe(RESPONSE_TOPIC, 1)
            self._expect_success("refuses the subscription to its answers; is the plugin on?")
        except BrokerUnreachableError:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def send(self, commands: Sequence[Command]) -> list[dict[str, Any]]:
        """Carry out the commands in order, in batches; the answers. Raises when one is refused."""
        answers: list[dict[str, Any]] = []
        for start in range(0, len(commands), BATCH_COUNT):
            batch = commands[start : start + BATCH_COUNT]
            if start:  # only the worker and commands in a shell send several
                self._deadline_s = time.monotonic() + LIMIT_S
            mark = secrets.token_hex(6)
            text = json.dumps({"commands": [command | {"correlationData": mark} for command in batch]})
            self._client.publish(COMMANDS_TOPIC, text, qos=1)
            heard = self._wait(lambda item, mark=mark: isinstance(item, dict) and mark in str(item))
            answers += heard["responses"]
        refused = [a for a in answers if "error" in a and not _is_done_already(a)]
        if refused:
            first = refused[0]
            raise BrokerUnreachableError(f"broker {self._address} refuses {first['command']}: {first['error']}")
        return answers

    def publish(self, topic: str, payload: bytes) -> None:
        """A retained message."""
        sent = self._client.publish(topic, payload, qos=1, retain=True)
        self._wait(lambda item: item == sent.mid)

    def clients(self) -> Iterator[dict[str, Any]]:
        """All logins of the broker with client id and roles."""
        [answer] = self.send([{"command": "listClients", "verbose": True, "count": -1, "offset": 0}])
        yield from answer["data"]["clients"]

    def roles(self) -> dict[str, list[dict[str, Any]]]:
        """What each role allows, by its name."""
        [answer] = self.send([{"command": "listRoles", "verbose": True, "count": -1, "offset": 0}])
        return {role["rolename"]: role["acls"] for role in answer["data"]["roles"]}

    def defaults(self) -> dict[str, bool]:
        """What a login may that no role of it speaks of."""
        [answer] = self.send([{"command": "getDefaultACLAccess"}])
        return {each["acltype"]: each["allow"] for each in answer["data"]["acls"]}

    def _expect_success(self, otherwise: str) -> None:
        reason = self._wait(lambda item: isinstance(item, ReasonCode))
        if reason.is_failure:
            raise BrokerUnreachableError(f"broker {self._address} {otherwise} ({reason}): check MQTT_ADMIN_URL")

    def _wait(self, is_wanted: Any) -> Any:
        while True:
            try:
                item = self._heard.get(timeout=max(0.001, self._deadline_s - time.monotonic()))
            except queue.Empty:
                raise BrokerUnreachableError(f"broker {self._address} gave no answer in {LIMIT_S:.0f} s") from None
            if is_wanted(item):
                return item

    def _close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def _is_done_already(answer: dict[str, Any]) -> bool:
    return any(answer["command"].startswith(k) and answer["error"].endswith(e) for k, e in HARMLESS.items())


# --- What a login may -----------------------------------------------------------------------------
def _rule(kind: str, topic: str) -> dict[str, Any]:
    return {"acltype": kind, "topic": topic, "priority": 0, "allow": True}


def _all_uses(topic_filter: str) -> list[dict[str, Any]]:
    kinds = ("publishClientSend", "publishClientReceive", "subscribePattern", "unsubscribePattern")
    return [_rule(kind, topic_filter) for kind in kinds]


def role_of_device(device_id: str, foreign_topics: Sequence[str] = ()) -> dict[str, Any]:
    """Each device has a role of its own: the plugin takes %u and %c in a topic literally. One with a profile
    publishes on its foreign topics, and does nothing else."""
    rules = [_rule("publishClientSend", topic) for topic in foreign_topics]
    return {"rolename": f"device-{device_id}", "acls": rules or _all_uses(f"{TOPIC_ROOT}/{device_id}/#")}


def role_of_ingest(group: str, foreign_filters: Sequence[str] = ()) -> dict[str, Any]:
    """The plugin compares a shared subscription as it is written, so that has a rule of its own."""
    shared = f"$share/{group}/{TOPIC_ROOT}/#"
    rules = [_rule("subscribePattern", shared), _rule("unsubscribePattern", shared)]
    for each in foreign_filters:
        rules.append(_rule("publishClientReceive", each))
        rules += [
            _rule(kind, written)
            for kind in ("subscribeLiteral", "unsubscribeLiteral")
            for written in (each, f"$share/{group}/{each}")
        ]
    return {"rolename": "ingest", "acls": [*_all_uses(f"{TOPIC_ROOT}/#"), *rules]}


def role_of_admin() -> dict[str, Any]:
    """It says of a device that was cut off that it is offline; it reads nothing of devices."""
    status = _rule("publishClientSend", f"{TOPIC_ROOT}/+/status")
    return {"rolename": "admin", "acls": [*_all_uses(f"{COMMANDS_TOPIC}/#"), status]}


def login(username: str, role: str) -> dict[str, Any]:
    """A login of the plugin; only the administrator comes under any client id."""
    bound = {} if username == ADMIN_USER else {"clientid": username}
    return {"username": username, "roles": [{"rolename": role}], **bound}


def stored_hash(pbkdf2_sha512: str) -> dict[str, Any]:
    """Our `$7$` string as the plugin keeps it in its file. Over `$CONTROL` it takes clear text only."""
    _empty, _kind, rounds, salt, digest = pbkdf2_sha512.split("$")
    return {"password": digest, "salt": salt, "iterations": int(rounds)}


def are_same_rules(some: list[dict[str, Any]], others: list[dict[str, Any]]) -> bool:
    """The plugin gives them back in another order."""
    return {frozenset(rule.items()) for rule in some} == {frozenset(rule.items()) for rule in others}


def deny_by_default() -> Command:
    rules = [{"acltype": kind, "allow": allow} for kind, allow in DENIED.items()]
    return {"command": "setDefaultACLAccess", "acls": rules}


DENIED = dict.fromkeys(("publishClientSend", "publishClientReceive", "subscribe", "unsubscribe"), False)
