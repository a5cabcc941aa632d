"""The mails of a test. The product sends each in a thread of its own."""

import threading
from typing import Any

from django.core import mail

from accounts.adapter import MAIL_THREAD
from tests.waiting import TIMEOUT_S


def sent() -> list[Any]:
    """Waits for the mails that are on their way, so a test also sees one that must not come."""
    for thread in threading.enumerate():
        if thread.name == MAIL_THREAD:
            thread.join(timeout=TIMEOUT_S)
    return mail.outbox
