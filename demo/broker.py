"""The demo's MQTT broker: amqtt over TLS. Our database decides which clients may connect.

For one machine and for tests. Production uses a real broker (Mosquitto, EMQX, HiveMQ) with the same rules in
its own files. Sessions of connections are in `demo/broker_sessions.py`, certificates in
`demo/certificates.py`, the rules for devices in `devices/credentials.py`.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from amqtt.contexts import BrokerConfig, ListenerConfig
from amqtt.errors import BrokerError
from django.db import Error as DatabaseError
from django.db import close_old_connections

from demo.broker_sessions import DeviceBroker, LoginAnswer, TopicRule
from demo.certificates import BrokerCertificates
from devices.credentials import INGEST_USER, is_ingest

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
# One hour of the demo's 67 devices is 48,000 messages: the most memory that an absent subscriber may use.
SESSION_EXPIRY_S = 3600
LOGIN_THREADS = 4
STOP_TIMEOUT_S = 3.0
# A rotated or revoked password must not work for 5 s more.
LOGIN_CHECK_S = 2.0

LoginCheck = Callable[[str, str, str], bool]
LoginRecheck = Callable[[Mapping[str, str]], set[str]]  # of password by user name; who may not stay


class BrokerStartError(RuntimeError):
    """The broker could not start; the message says why and what to do."""


def _ask_database(check_login: LoginCheck, client_id: str, username: str, password: str) -> LoginAnswer:
    """Nothing is cached: a new device can connect at once, and a revoked device cannot."""
    # Otherwise another user could end the connection of ingest by using its client id.
    if client_id.startswith(INGEST_USER) and not is_ingest(username):
        return LoginAnswer.REFUSED
    close_old_connections()
    try:
        return LoginAnswer.ACCEPTED if check_login(client_id, username, password) else LoginAnswer.REFUSED
    except DatabaseError as error:
        logger.warning("Cannot check a login, the database does not answer: %s", error)
        return LoginAnswer.CANNOT_TELL
    finally:
        close_old_connections()


def _ask_again(ended_logins: LoginRecheck, open_logins: Mapping[str, str]) -> set[str]:
    close_old_connections()
    try:
        return ended_logins(open_logins)
    except DatabaseError as error:
        logger.debug("Cannot check the open logins, the database does not answer: %s", error)
        return set()
    finally:
        close_old_connections()


async def _cut_ended_logins(broker: DeviceBroker, ended_logins: LoginRecheck, threads: ThreadPoolExecutor) -> None:
    """End the connections whose password was rotated or revoked since; ends by cancellation."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(LOGIN_CHECK_S)
        if open_logins := broker.open_logins():
            ended = await loop.run_in_executor(threads, _ask_again, ended_logins, open_logins)
            await broker.end_connections({(name, open_logins[name]) for name in ended})


async def serve(
    bind_address: str,
    port: int,
    certificates: BrokerCertificates,
    *,
    check_login: LoginCheck,
    ended_logins: LoginRecheck,
    may_use_topic: TopicRule,
    stop: asyncio.Event,
    on_started: Callable[[], None] = lambda: None,
) -> None:
    """Run the broker until `stop` is set.

    `check_login(client_id, username, password)` and `ended_logins` may be slow. `may_use_topic(username, topic,
    action)` is called for each message in the event loop: it must not touch the database.
    """
    amqtt_logger = logging.getLogger("amqtt")
    logging.getLogger("transitions").setLevel(logging.WARNING)
    amqtt_logger.setLevel(logging.CRITICAL)  # it would print a traceback for a port that is taken
    with ThreadPoolExecutor(LOGIN_THREADS, thread_name_prefix="login") as threads:
        config = _broker_config(bind_address, port, certificates)
        loop = asyncio.get_running_loop()

        async def ask_in_thread(client_id: str, username: str, password: str) -> LoginAnswer:
            return await loop.run_in_executor(threads, _ask_database, check_login, client_id, username, password)

        broker = DeviceBroker(config, ask_in_thread, may_use_topic)
        try:
            await broker.start()
        except BrokerError as error:
            raise BrokerStartError(
                f"The MQTT broker cannot listen on {bind_address} port {port} ({error}): set MQTT_PORT to a free port."
            ) from error
        amqtt_logger.setLevel(logging.ERROR)
        logger.info("MQTT broker listens on %s port %d (TLS)", bind_address, port)
        on_started()
        cutting = asyncio.create_task(_cut_ended_logins(broker, ended_logins, threads))
        await stop.wait()
        cutting.cancel()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await broker.shutdown()
        except TimeoutError:
            logger.warning("Some clients did not let go within %.0f s", STOP_TIMEOUT_S)


def _broker_config(bind_address: str, port: int, certificates: BrokerCertificates) -> BrokerConfig:
    addresses = [bind_address]
    if bind_address not in {LOOPBACK, "localhost", "0.0.0.0"}:
        addresses.append(LOOPBACK)  # our own ingest connects here
    listeners = {
        "default" if index == 0 else address: ListenerConfig(
            bind=f"{address}:{port}", ssl=True, certfile=certificates.certificate_file, keyfile=certificates.key_file
        )
        for index, address in enumerate(addresses)
    }
    # We use no plugins of amqtt, so there are no anonymous logins and no $SYS topics. Our rules are in DeviceBroker.
    return BrokerConfig(listeners=listeners, session_expiry_interval=SESSION_EXPIRY_S, plugins={})
