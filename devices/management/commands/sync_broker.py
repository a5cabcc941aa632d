"""manage.py sync_broker: brings the registry's logins to Mosquitto, by its plugin or by files."""

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from devices.broker import compare, is_dynamic, write_dynsec_file, write_mosquitto_files
from devices.dynsec import BrokerUnreachableError


class Command(BaseCommand):
    help = (
        "Without options, with MQTT_ACCESS=DYNSEC: compare the broker with the registry and mend what can be mended. "
        "--rebuild FILE writes the plugin's whole file, while Mosquitto is stopped. --password-file and --acl-file "
        "write the files of MQTT_ACCESS=FILES; then send Mosquitto SIGHUP."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rebuild", type=Path, metavar="FILE", help="the plugin's file, from stored hashes")
        parser.add_argument("--dry-run", action="store_true", help="compare, and mend nothing")
        parser.add_argument("--password-file", type=Path)
        parser.add_argument("--acl-file", type=Path)
        parser.add_argument("--owner", help="system user that reads them, like mosquitto; needs root")

    def handle(self, *args: Any, **options: Any) -> None:
        files = [options["password_file"], options["acl_file"]]
        if rebuilt := options["rebuild"]:
            count = write_dynsec_file(rebuilt)
            self._hand_over([rebuilt], options["owner"])
            self.stdout.write(f"{count} devices may sign in once Mosquitto starts with {rebuilt}.")
        elif all(files):
            count = write_mosquitto_files(*files)
            self._hand_over(files, options["owner"])
            self.stdout.write(f"{count} devices may sign in. Reload the broker: kill -HUP <its process id>")
        elif is_dynamic() and not any(files):
            self._compare(repair=not options["dry_run"])
        else:
            raise CommandError(
                "MQTT_ACCESS is not DYNSEC: give --password-file and --acl-file, or --rebuild FILE for the plugin"
            )

    def _compare(self, *, repair: bool) -> None:
        try:
            found = compare(repair=repair)
        except BrokerUnreachableError as error:
            raise CommandError(str(error)) from error
        for each in found:
            self.stdout.write(f"{each.username}: {each.what}{' (mended)' if each.is_mended else ''}")
        left = sum(not each.is_mended for each in found)
        self.stdout.write(f"{len(found)} differences between registry and broker, {left} left.")
        if left:
            raise CommandError("Registry and broker differ, see above.")

    def _hand_over(self, files: list[Path], owner: str | None) -> None:
        if not owner:
            return
        try:
            for file in files:
                shutil.chown(file, owner)
        except (LookupError, PermissionError) as error:
            raise CommandError(f"owner={owner!r}: {error}; run as root, and name a user that exists") from None
