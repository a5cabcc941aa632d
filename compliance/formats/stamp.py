"""What stands on a copy of a report and is no part of its content: a report gets it after its content is frozen."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stamp:
    mark: str = ""  # across each page, like DRAFT or NOT VERIFIED
    verify_url: str = ""  # where a reader checks the digest; a QR code in the PDF


NONE = Stamp()
