"""QR codes: for a terminal, and as SVG or PNG. The caller chooses the text."""

import io

import qrcode
from qrcode.constants import ERROR_CORRECT_L, ERROR_CORRECT_M
from qrcode.image.svg import SvgPathImage

# Version 40 with the least redundancy, 8 bits a character.
MOST_BYTES = 2_953
SUFFIXES = (".svg", ".png")


def _code(text: str, border: int) -> qrcode.QRCode:
    """Long texts get less redundancy, because a coarser code is easier to scan than one with more error correction."""
    level = ERROR_CORRECT_L if len(text.encode()) > 300 else ERROR_CORRECT_M
    code = qrcode.QRCode(error_correction=level, border=border)
    code.add_data(text)
    code.make(fit=True)
    return code


def terminal_lines(text: str, *, encoding: str) -> list[str]:
    """The code in half blocks, two rows a line; empty for a console that cannot show them."""
    drawing = io.StringIO()
    _code(text, border=2).print_ascii(out=drawing, invert=True)
    try:
        drawing.getvalue().encode(encoding)
    except UnicodeEncodeError:
        return []
    return drawing.getvalue().splitlines()


def image(text: str, suffix: str) -> bytes:
    """The code as a file of that suffix, one of SUFFIXES."""
    code = _code(text, border=4)
    written = io.BytesIO()
    made = code.make_image(image_factory=SvgPathImage) if suffix == ".svg" else code.make_image()
    made.save(written)
    return written.getvalue()
