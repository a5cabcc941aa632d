"""`manage.py run_demo`: the whole system on one machine, until Ctrl-C."""

import os
import time
from contextlib import suppress
from typing import Any, TextIO, cast

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from demo import filling, firmware_node, instance, parts, preflight, world
from demo.addresses import LOOPBACK_NAMES, shown_address
from demo.ready_block import ready_block
from demo.supervisor import Part, PartFailedError, Supervisor
from lib import environment
from lib.local import ports as local_ports
from lib.local import secrets as local_secrets
from lib.local.postgres import LocalPostgres, LocalPostgresError
from mqtt_ingest.management.commands.publish_reading import mosquitto_pub_line
from mqtt_ingest.spare_device import plausible_message, spare_device

READY_TIMEOUT_S = 300.0


class Command(BaseCommand):
    help = (
        "Run everything on this machine: database, MQTT broker, web, ingest, worker and a simulated fleet. "
        "Keeps all state in DATA_DIR; listens on HTTP_PORT and MQTT_PORT of HTTP_BIND. Ctrl-C stops it all."
    )
    # The checks need a database, which starts only below.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            instance.refuse_second(settings.DATA_DIR)  # before the ports, because the other run holds them
            preflight.check()
            instance.hold(settings.DATA_DIR)  # after the check of the disk, because it writes a file
            local_ports.publish(settings.DATA_DIR, http_port=settings.HTTP_PORT, mqtt_port=settings.MQTT_PORT)
        except (preflight.NotReadyError, instance.AlreadyRunningError) as error:
            raise CommandError(str(error)) from error
        try:
            with Supervisor(settings.DATA_DIR / "logs", self._say) as supervisor:
                self._run(supervisor)
        except (PartFailedError, LocalPostgresError) as error:
            raise CommandError(str(error)) from error
        finally:
            local_ports.withdraw(settings.DATA_DIR)
            instance.release(settings.DATA_DIR)
        self._say("Stopped.")

    def _run(self, supervisor: Supervisor) -> None:
        password = _demo_password()
        # The parts, and the seeding in this process, must know that this is the demo.
        os.environ.update(CARBONTRACK_DEMO="1", DEMO_PASSWORD=password, PYTHONUNBUFFERED="1")
        settings.DEMO, settings.DEMO_PASSWORD = True, password
        if settings.HTTP_BIND not in LOOPBACK_NAMES and not settings.MQTT_PUBLIC_HOST:
            # The address for devices on the network.
            os.environ["MQTT_PUBLIC_HOST"] = settings.MQTT_PUBLIC_HOST = shown_address(settings.HTTP_BIND)
        self._say("Starting the database ...")
        server = LocalPostgres(settings.DATA_DIR)
        with supervisor.interruptible():
            server.ensure_initialised()
        supervisor.start(parts.postgres_part(server))
        with supervisor.interruptible():
            logins, mosquitto_line = self._prepare_database(server, password)
        with firmware_node.building(supervisor.log_dir):
            filling.fill_history(supervisor, self._say)
            connections.close_all()
            self._start_parts(supervisor)
            self._say(
                ready_block(
                    f"http://{shown_address(settings.HTTP_BIND)}:{settings.HTTP_PORT}/",
                    is_on_network=settings.HTTP_BIND not in LOOPBACK_NAMES,
                    logins=logins,
                    password=password,
                    mosquitto_line=mosquitto_line,
                    firmware=firmware_node.sentence(),
                    log_dir=supervisor.log_dir,
                )
            )
            supervisor.watch()

    def _start_parts(self, supervisor: Supervisor) -> None:
        self._say("Starting broker, web, ingest, worker and devices ...")
        for part in _parts_after_the_database():
            supervisor.start(part)
        ready_url = f"{parts.own_url(settings.HTTP_BIND, settings.HTTP_PORT)}readyz"
        if not supervisor.wait_until(lambda: parts.answers_http(ready_url), timeout_s=READY_TIMEOUT_S):
            raise PartFailedError(
                f"{ready_url} did not say ready within {READY_TIMEOUT_S:.0f} s; see {supervisor.log_dir}."
            )

    def _prepare_database(self, server: LocalPostgres, password: str) -> tuple[list[tuple[str, str]], str]:
        """Tables and the simulated world; returns the demo logins and a `mosquitto_pub` line to try."""
        server.ensure_database()
        call_command("migrate", verbosity=0, interactive=False)
        logins = world.seed(cast(TextIO, self.stdout), password)
        mosquitto_line = mosquitto_pub_line(spare_device(), plausible_message(time.time_ns() // 1_000_000))
        connections.close_all()
        return logins, mosquitto_line

    def _say(self, text: str) -> None:
        with suppress(OSError):  # it may go to a file on a full disk
            self.stdout.write(text)
            self.stdout.flush()


def _demo_password() -> str:
    """The password of all demo accounts: the known one on this machine, a random one if others can reach us."""
    is_chosen = bool(environment.text("DEMO_PASSWORD", ""))
    if is_chosen or settings.HTTP_BIND in LOOPBACK_NAMES:
        return str(settings.DEMO_PASSWORD)
    return local_secrets.kept_secret(settings.DATA_DIR / "demo_password", nbytes=12)


def _parts_after_the_database() -> list[Part]:
    made = [
        parts.broker_part(settings.MQTT_PORT, settings.MQTT_CA_FILE),
        parts.watched_part("ingest_mqtt"),
        parts.watched_part("run_worker"),
        parts.web_part(settings.HTTP_BIND, settings.HTTP_PORT),
    ]
    if settings.DEMO_FLEET > 0:
        made.append(parts.watched_part("simulate"))
    return [*made, parts.command_part(firmware_node.COMMAND)] if firmware_node.can_run() else made
