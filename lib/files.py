"""Files that people upload as proof: bounded, known by their own bytes, scanned, never shown inside our pages.

Only PDF, PNG and JPEG: an SVG or an HTML page can hold a script. With `CLAMD_ADDRESS` each file is scanned before it is
stored, and refused while the scanner does not answer.
"""

import hashlib
import io
import re
import socket
import struct
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

MOST_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 40_000_000  # a JPEG is decoded at a fraction of them, a PNG as a whole: 120 MB
THUMBNAIL_PX = 320
PDF, PNG, JPEG = CONTENT_TYPES = ("application/pdf", "image/png", "image/jpeg")
_SCAN_WITHIN_S = 20.0
_CHUNK_BYTES = 64 * 1024
_one_picture_at_a_time = threading.Lock()  # a process decodes no second one meanwhile


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file as it was uploaded: its name is the sender's, its content is not trusted."""

    name: str
    content: bytes

    @classmethod
    def read(cls, upload: Any) -> Self:
        """Of an uploaded file, no more than shows that it is too large."""
        return cls(upload.name or "", upload.read(MOST_BYTES + 1))


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may be stored."""

    name: str
    content_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def content_type_of(content: bytes) -> str | None:
    """By the bytes alone, whatever the name says: PDF, PNG or JPEG; None for anything else."""
    if re.match(rb"%PDF-[12]\.\d", content) and b"%%EOF" in content[-1024:]:
        return PDF
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content.endswith(b"IEND\xaeB`\x82"):
        return PNG
    if content.startswith(b"\xff\xd8\xff") and content.rstrip(b"\0").endswith(b"\xff\xd9"):
        return JPEG
    return None


def checked(file: ReceivedFile, field: str) -> Checked:
    """Raises ValidationError on `field`: the file is too large, of another type, infected, or cannot be scanned now."""
    if len(file.content) > MOST_BYTES:
        words = _("The file has more than %(most)d MB. Scan it in grey or at 150 dpi.") % {"most": MOST_BYTES // 2**20}
        raise _refused(field, "too_large", words)
    found = content_type_of(file.content)
    if found is None:
        words = _("This file is no PDF, PNG or JPEG, whatever its name says. Scan or photograph the document.")
        raise _refused(field, "unknown_type", words)
    try:
        problem = found_by_scanner(file.content)
    except OSError:
        words = _("The scanner for harmful files does not answer, so nothing was stored. Try again in some minutes.")
        raise _refused(field, "scanner_unavailable", words) from None
    if problem:
        words = _("The scanner found %(problem)s in this file. Nothing was stored.") % {"problem": problem}
        raise _refused(field, "infected", words)
    name = re.sub(r"[^\w. -]", "_", file.name.rpartition("/")[2].rpartition("\\")[2])[-120:]
    return Checked(name or "file", found, file.content)


def _refused(field: str, code: str, words: str) -> ValidationError:
    return ValidationError({field: ValidationError(words, code=code)})


def found_by_scanner(content: bytes) -> str:
    """The name of what clamd finds; empty for a clean file, or where no scanner is configured.

    Raises OSError where it does not answer, or answers anything else. Source: clamd(8), command INSTREAM.
    """
    address = settings.CLAMD_ADDRESS
    if not address:
        return ""
    with _connected(address) as connection:
        connection.sendall(b"zINSTREAM\0")
        for start in range(0, len(content), _CHUNK_BYTES):
            chunk = content[start : start + _CHUNK_BYTES]
            connection.sendall(struct.pack("!I", len(chunk)) + chunk)
        connection.sendall(struct.pack("!I", 0))
        answer = b""
        while not answer.endswith(b"\0") and (part := connection.recv(4096)):
            answer += part
    if answer == b"stream: OK\0":
        return ""
    infected = re.fullmatch(rb"stream: (.{1,200}) FOUND\0", answer)
    if infected is None:
        raise OSError(f"clamd answered {answer[:200]!r}")
    return infected[1].decode("ascii", "replace")


def _connected(address: str) -> socket.socket:
    if Path(address).is_absolute():
        local = socket.socket(socket.AF_UNIX)
        local.settimeout(_SCAN_WITHIN_S)
        local.connect(address)
        return local
    host, _colon, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=_SCAN_WITHIN_S)


def thumbnail_of(file: Checked, field: str) -> bytes | None:
    """A small JPEG of a picture, without what the camera wrote about place and owner; None of a PDF.

    Raises ValidationError on `field` for a picture that cannot be decoded, or has too many pixels.
    """
    if file.content_type == PDF:
        return None
    with _one_picture_at_a_time:
        try:
            with Image.open(io.BytesIO(file.content), formats=("PNG", "JPEG")) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    words = _("The picture has %(pixels)d million pixels, more than %(most)d. Make it smaller.")
                    sizes = {"pixels": picture.width * picture.height // 10**6, "most": MOST_PIXELS // 10**6}
                    raise _refused(field, "too_many_pixels", words % sizes)
                picture.draft("RGB", (2 * THUMBNAIL_PX, 2 * THUMBNAIL_PX))
                small = ImageOps.exif_transpose(picture).convert("RGB")
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            words = _("This picture cannot be read. Open it on your computer and save it again.")
            raise _refused(field, "unreadable_picture", words) from None
    small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    made = io.BytesIO()
    small.save(made, "JPEG", quality=70)
    return made.getvalue()


def as_download(content: bytes | memoryview, content_type: str, name: str) -> HttpResponse:
    """A browser shows nothing of it inside our pages, and guesses no other type."""
    response = HttpResponse(bytes(content), content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["X-Content-Type-Options"] = "nosniff"
    return response
