"""manage.py sync_broker: writes Mosquitto's password and ACL files from the registry."""

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from devices.broker import write_mosquitto_files


class Command(BaseCommand):
    help = "Write Mosquitto's password and ACL files. Touches only the two files named; then send it SIGHUP."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--password-file", type=Path, required=True)
        parser.add_argument("--acl-file", type=Path, required=True)
        parser.add_argument("--owner", help="system user that reads them, like mosquitto; needs root")

    def handle(self, *args: Any, **options: Any) -> None:
        files = options["password_file"], options["acl_file"]
        count = write_mosquitto_files(*files)
        if owner := options["owner"]:
            try:
                for file in files:
                    shutil.chown(file, owner)
            except (LookupError, PermissionError) as error:
                raise CommandError(f"owner={owner!r}: {error}; run as root, and name a user that exists") from None
        self.stdout.write(f"{count} devices may sign in. Reload the broker: kill -HUP <its process id>")
