"""Uploaded files: what they are told by, what the scanner says of them, and their small pictures."""

import io
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from PIL import Image

from lib.files import MOST_BYTES, ReceivedFile, checked, found_by_scanner, thumbnail_of

PDF = b"%PDF-1.7\nfire wood\n%%EOF\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
Scanner = Callable[[bytes], list[bytes]]


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(ValidationError) as caught:
        act()
    return str(caught.value.error_dict["file"][0].code)


@pytest.fixture
def scanner(settings: Any) -> Iterator[Scanner]:
    """A server that reads clamd's INSTREAM as clamd(8) describes it, and gives one answer to one connection."""
    server = socket.create_server(("127.0.0.1", 0))
    settings.CLAMD_ADDRESS = f"127.0.0.1:{server.getsockname()[1]}"
    threads = []

    def answering(answer: bytes) -> list[bytes]:
        seen: list[bytes] = []

        def serve() -> None:
            client, _address = server.accept()
            with client, client.makefile("rb") as stream:
                assert stream.read(10) == b"zINSTREAM\0"
                content = b""
                while size := struct.unpack("!I", stream.read(4))[0]:
                    content += stream.read(size)
                seen.append(content)
                client.sendall(answer)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return seen

    yield answering
    for thread in threads:
        thread.join(10)
    server.close()


@pytest.mark.parametrize(
    ("content", "code"),
    [(SVG, "unknown_type"), (b"", "unknown_type"), (PDF + b"x" * MOST_BYTES, "too_large"), (b"GIF89a", "unknown_type")],
)
def test_what_is_no_pdf_and_no_picture_is_refused_whatever_its_name(content: bytes, code: str) -> None:
    assert refusal(lambda: checked(ReceivedFile("stack.pdf", content), "file")) == code


def test_a_name_keeps_no_folder_and_no_markup() -> None:
    assert checked(ReceivedFile("../..\\<b>wood\r\n.pdf", PDF), "file").name == "_b_wood__.pdf"


def test_the_scanner_reads_the_whole_file_and_a_clean_one_passes(scanner: Scanner) -> None:
    content = PDF[:-7] + b" " * 200_000 + b"%%EOF\n"  # of several chunks
    seen = scanner(b"stream: OK\0")

    assert checked(ReceivedFile("a.pdf", content), "file").content == content
    assert seen == [content]


def test_what_the_scanner_finds_is_refused(scanner: Scanner) -> None:
    scanner(b"stream: Win.Test.EICAR_HDB-1 FOUND\0")

    assert refusal(lambda: checked(ReceivedFile("a.pdf", PDF), "file")) == "infected"


def test_without_an_answer_nothing_passes(scanner: Scanner, settings: Any) -> None:
    scanner(b"INSTREAM size limit exceeded. ERROR\0")
    assert refusal(lambda: checked(ReceivedFile("a.pdf", PDF), "file")) == "scanner_unavailable"

    settings.CLAMD_ADDRESS = "/nonexistent/clamd.ctl"
    assert refusal(lambda: checked(ReceivedFile("a.pdf", PDF), "file")) == "scanner_unavailable"
    settings.CLAMD_ADDRESS = ""
    assert found_by_scanner(PDF) == ""


def picture(size: tuple[int, int], kind: str = "JPEG", **how: Any) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, (120, 60, 20)).save(made, kind, **how)
    return made.getvalue()


def test_a_picture_is_made_small_upright_and_without_its_place() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "Phone of Kiprono"
    file = checked(ReceivedFile("a.jpg", picture((1600, 800), exif=exif)), "file")

    small = thumbnail_of(file, "file")

    assert small is not None
    assert Image.open(io.BytesIO(small)).size == (160, 320)
    assert b"Kiprono" not in small
    assert thumbnail_of(checked(ReceivedFile("a.pdf", PDF), "file"), "file") is None


def test_a_picture_that_would_fill_memory_or_is_none_is_refused() -> None:
    large = checked(ReceivedFile("a.png", picture((10_000, 5_000), "PNG")), "file")
    broken = checked(ReceivedFile("a.png", b"\x89PNG\r\n\x1a\n" + b"IEND\xaeB`\x82"), "file")

    assert refusal(lambda: thumbnail_of(large, "file")) == "too_many_pixels"
    assert refusal(lambda: thumbnail_of(broken, "file")) == "unreadable_picture"
