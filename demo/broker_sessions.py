"""How a client's session starts, is taken over and ends in the demo broker: amqtt with five corrections.

amqtt 0.12.1 has five faults that matter here, so this file overrides the methods concerned (private ones: the version
is pinned, and `tests/demo/test_broker.py` tests the behaviour):

1. it reads and changes sessions *before* it checks the password: anybody could end a device's connection or rename
   its session. Here the login is checked first.
2. it sends every connecting client the retained messages of *all* subscriptions. Here it sends them only after a
SUBSCRIBE.
3. when a client comes back before its old connection is noticed, the old one's end marks the new one as gone.
4. a message that a subscriber has not acknowledged is forgotten. Here a persistent session gets it again.
5. silence beyond the keep-alive, and packets of any size, are accepted. Here they end the connection.

Knows nothing about our devices or database: `demo/broker.py` passes in the checks of logins and topics.
"""

# amqtt comes without type information, so what we derive from it is of type Any. mypy: disable-error-code="misc,
# no-any-return"

import asyncio
import contextlib
import logging
import struct
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Literal

from amqtt.adapters import ReaderAdapter, StreamReaderAdapter, StreamWriterAdapter, WriterAdapter
from amqtt.broker import Broker, RetainedApplicationMessage, Server
from amqtt.contexts import Action, BrokerConfig
from amqtt.errors import MQTTError
from amqtt.mqtt.connack import NOT_AUTHORIZED, SERVER_UNAVAILABLE, ConnackPacket
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.session import OutgoingApplicationMessage, Session

logger = logging.getLogger(__name__)

MESSAGE_LIMIT_BYTES = 2 * 1024 * 1024
LOGIN_TIMEOUT_S = 15.0
CLOSE_TIMEOUT_S = 2.0
BACKLOG_WINDOW_COUNT = 200
# The MQTT standard: a client is gone after one and a half times its keep-alive.
KEEP_ALIVE_FACTOR = 1.5


TopicAction = Literal["publish", "subscribe", "receive"]


class LoginAnswer(Enum):
    """The answer of the database about a login."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    CANNOT_TELL = "cannot tell"


LoginCheck = Callable[[str, str, str], Awaitable[LoginAnswer]]  # of client id, username and password
TopicRule = Callable[[str, str, TopicAction], bool]  # of username, topic or filter, and action


class LimitedReader(StreamReaderAdapter):
    """Ends the connection instead of collecting a packet above the limit in memory."""

    async def read(self, n: int = -1) -> bytes:
        if n > MESSAGE_LIMIT_BYTES:
            raise ConnectionAbortedError(f"packet of {n} bytes is above the limit of {MESSAGE_LIMIT_BYTES}")
        return await super().read(n)


class PatientWriter(StreamWriterAdapter):
    """Closes cleanly, but with a time limit: a device that lost its power never answers."""

    async def close(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await super().close()
        except (TimeoutError, OSError):
            self._writer.transport.abort()


class DeviceConnection(BrokerProtocolHandler):
    """One client's connection."""

    def handle_read_timeout(self) -> None:
        self._ending = asyncio.ensure_future(self.handle_connection_closed())

    async def mqtt_publish(
        self, topic: str, data: bytes | bytearray, qos: int | None, retain: bool, ack_timeout: int | None = None
    ) -> OutgoingApplicationMessage:
        """Send messages, and keep those that a persistent session did not acknowledge."""
        session = self.session
        is_settled = False
        try:
            message = await super().mqtt_publish(topic, data, qos, retain, ack_timeout)
            is_settled = True
            return message
        except TimeoutError:
            return OutgoingApplicationMessage(None, topic, qos, data, retain)
        finally:
            if not is_settled and qos and not retain and session is not None and not session.clean_session:
                session.retained_messages.put_nowait(RetainedApplicationMessage(None, topic, data, qos))

    async def send_backlog(self, session: Session) -> None:
        """Send the waiting messages of this session, now and whenever one is put back; ends by cancellation."""
        waiting = session.retained_messages
        while True:
            batch = [await waiting.get()]
            while len(batch) < BACKLOG_WINDOW_COUNT and not waiting.empty():
                batch.append(waiting.get_nowait())
            await asyncio.gather(
                *(self.mqtt_publish(item.topic, item.data, item.qos, retain=False) for item in batch),
                return_exceptions=True,
            )


class DeviceBroker(Broker):
    """amqtt's broker with our access rules and the five corrections above."""

    def __init__(self, config: BrokerConfig, check_login: LoginCheck, may_use_topic: TopicRule) -> None:
        super().__init__(config)
        self._check_login, self._may_use_topic = check_login, may_use_topic
        # For each connected client id: set when that connection has ended completely.
        self._connection_ended: dict[str, asyncio.Event] = {}

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        closing = PatientWriter(writer)
        try:
            await self._client_connected(listener_name, LimitedReader(reader), closing)
        except (OSError, ValueError, struct.error) as error:
            logger.info("A connection ended: %s", error)
        finally:
            await closing.close()

    async def _initialize_client_session(
        self, reader: ReaderAdapter, writer: WriterAdapter, remote_address: str, remote_port: int
    ) -> tuple[BrokerProtocolHandler, Session]:
        """Read CONNECT and check the login; touches no session."""
        try:
            async with asyncio.timeout(LOGIN_TIMEOUT_S):
                handler, session = await DeviceConnection.init_from_connect(reader, writer, self.plugins_manager)
                login = await self._check_login(session.client_id or "", session.username or "", session.password or "")
        except TimeoutError:
            raise MQTTError(f"no login within {LOGIN_TIMEOUT_S:.0f} s") from None
        if login is not LoginAnswer.ACCEPTED:
            logger.warning("Login of %r from %s: %s", session.username, remote_address, login.value)
            code = NOT_AUTHORIZED if login is LoginAnswer.REFUSED else SERVER_UNAVAILABLE
            await ConnackPacket.build(0, code).to_stream(writer)
            raise MQTTError(f"login {login.value}")
        if session.will_flag and not self._may(session, session.will_topic or "", Action.PUBLISH):
            session.will_flag = False
        session.keep_alive = round(session.keep_alive * KEEP_ALIVE_FACTOR)
        return handler, session

    async def _handle_client_session(
        self,
        reader: ReaderAdapter,
        writer: WriterAdapter,
        client_session: Session,
        handler: BrokerProtocolHandler,
        server: Server,
        listener_name: str,
    ) -> None:
        """Serve one logged-in client from CONNACK to its end."""
        client_id = client_session.client_id
        assert client_id is not None
        assert isinstance(handler, DeviceConnection)
        await self._end_older_connection(client_id)
        # No await from here to the registration: only one of two new clients with the same id may register.
        ended = self._connection_ended[client_id] = asyncio.Event()
        session = await self._new_or_known_session(client_session)
        self._sessions[client_id] = (session, handler)
        backlog = asyncio.ensure_future(asyncio.sleep(0))
        try:
            handler.attach(session, reader, writer)
            await handler.mqtt_connack_authorize(True)
            await handler.start()
            # Messages for this session are queued until here, so that none overtakes CONNACK or is sent twice.
            session.transitions.connect()
            backlog = asyncio.ensure_future(handler.send_backlog(session))
            await self._client_message_loop(session, handler)
        finally:
            backlog.cancel()
            await asyncio.gather(backlog, return_exceptions=True)
            if session.transitions.state != "disconnected":  # the loop ends in this way for a forbidden topic name
                await self._stop_handler(handler)
                session.transitions.disconnect()
            if self._connection_ended.get(client_id) is ended:
                del self._connection_ended[client_id]
            ended.set()

    async def _end_older_connection(self, client_id: str) -> None:
        while (ended := self._connection_ended.get(client_id)) is not None:
            _, handler = self._sessions.get(client_id, (None, None))
            if handler is not None:
                await handler.handle_connection_closed()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await ended.wait()

    async def _new_or_known_session(self, newcomer: Session) -> Session:
        client_id = newcomer.client_id or ""
        known, _ = self._sessions.get(client_id, (None, None))
        if known is None or known.clean_session or newcomer.clean_session:
            await self._delete_session(client_id)
            newcomer.parent = 0
            return newcomer
        for name in ("username", "keep_alive", "will_flag", "will_retain", "will_qos", "will_topic", "will_message"):
            setattr(known, name, getattr(newcomer, name))
        known.parent = 1
        return known

    async def _topic_filtering(self, session: Session, topic: str, action: Action) -> bool:
        # Never awaits: amqtt iterates over its subscriptions around this call and must not be interrupted.
        return self._may(session, topic, action)

    def _may(self, session: Session, topic: str, action: Action) -> bool:
        return self._may_use_topic(session.username or "", topic, action.value)
