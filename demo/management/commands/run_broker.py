"""`manage.py run_broker`: the embedded MQTT broker of the demo, until SIGTERM or Ctrl-C."""

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demo.addresses import lan_addresses
from demo.broker import BrokerStartError, serve
from demo.certificates import ensure_certificates
from demo.topic_rules import TopicRules


class Command(BaseCommand):
    help = (
        "Run the embedded MQTT broker (TLS, MQTT 3.1.1) on HTTP_BIND and MQTT_PORT. Reads device logins from "
        "the database, writes certificates to DATA_DIR/broker. For one machine: production has a real one."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            asyncio.run(_serve_until_signal())
        except BrokerStartError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            pass  # Windows, where asyncio takes no signal handlers


async def _serve_until_signal() -> None:
    certificates = ensure_certificates(settings.DATA_DIR, lan_addresses(settings.HTTP_BIND))
    stop, rules = asyncio.Event(), TopicRules()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(name, stop.set)
        except NotImplementedError:
            break
    await serve(
        settings.HTTP_BIND,
        settings.MQTT_PORT,
        certificates,
        check_login=rules.check_login,
        ended_logins=rules.ended_logins,
        may_use_topic=rules.may_use_topic,
        stop=stop,
    )
