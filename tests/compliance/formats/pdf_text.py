"""What a person reads in a PDF, by pdftotext (poppler-utils)."""

import subprocess


def text_of(pdf: bytes) -> str:
    """In the order in which it was written, so that a cell of several lines stays together."""
    done = subprocess.run(["pdftotext", "-raw", "-enc", "UTF-8", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


def squeezed(text: str) -> str:
    """Without anything that a line break adds or takes away."""
    return "".join(text.split())
