"""A file is sent while its rows are read."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.test import AsyncRequestFactory, RequestFactory

from lib.exports import csv_response


def test_a_head_reads_no_rows() -> None:
    """Not through the test client, which drops the body unread as no server does."""
    rows = iter([{"n": 1}])

    response: Any = csv_response(RequestFactory().head("/"), rows, ["n"], "numbers")

    assert response.getvalue() == b"n,exported_by,exported_at\r\n"
    assert next(rows) == {"n": 1}


@pytest.mark.django_db(transaction=True)
def test_a_server_sends_a_file_while_it_is_read() -> None:
    async def first_part() -> tuple[str, int]:
        def rows() -> Iterator[dict[str, int]]:
            for number in range(3_000):
                read.append(number)
                yield {"n": number}

        read: list[int] = []
        request = AsyncRequestFactory().get("/")
        response: Any = csv_response(request, rows(), ["n"], "numbers")
        async for part in response:
            return part.decode(), len(read)
        raise AssertionError

    text, count = async_to_sync(first_part)()

    header, *rows = csv.reader(io.StringIO(text))
    assert header == ["n", "exported_by", "exported_at"]
    assert [row[0] for row in rows] == [str(number) for number in range(1_000)]
    assert count == 1_000


@pytest.mark.django_db(transaction=True)
def test_of_a_reader_who_goes_the_rows_that_left_are_told_at_once() -> None:
    """A server closes the response in the thread of the request, which may ask the database."""

    async def gone_after_the_first_part() -> list[int]:
        told: list[int] = []
        response: Any = csv_response(AsyncRequestFactory().get("/"), ({"n": n} for n in range(3_000)), ["n"], "numbers")
        response.read.sent = told.append
        parts = aiter(response)
        await anext(parts)
        await sync_to_async(response.close)()
        return list(told)  # as it is before the loop ends

    assert async_to_sync(gone_after_the_first_part)() == [1_000]
