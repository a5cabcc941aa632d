"""A file of more rows than are read at once, from the server that is deployed."""

import csv
import urllib.request

import pytest

from accounts.models import AccessRequest
from tests import make
from tests.cast import Cast
from tests.end_to_end.browser import web_server
from tests.waiting import TIMEOUT_S

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_file_of_three_portions_comes_whole(cast: Cast) -> None:
    AccessRequest.objects.bulk_create(
        AccessRequest(phone=f"+2548{n:08}", place="x", organisation=cast.organisation) for n in range(2_500)
    )
    headers = {"Authorization": f"Token {make.make_token(cast.hq)}"}

    with web_server() as running:
        asked = urllib.request.Request(f"{running.url}/api/registrations/?as=csv", headers=headers)
        with urllib.request.urlopen(asked, timeout=TIMEOUT_S) as answer:
            rows = list(csv.reader(answer.read().decode().splitlines()))

    assert len(rows) == 1 + 2_500
