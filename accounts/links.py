"""Links that carry a right: the random part, which is shown once, and its hash, which is kept."""

import hashlib
import secrets


def new_link_token() -> tuple[str, str]:
    """256 random bits as they stand in an address, and the hash by which they are found again."""
    token = secrets.token_urlsafe(32)
    return token, link_digest(token)


def link_digest(token: str) -> str:
    # Nothing that is guessed can meet 256 bits, so a plain hash is enough.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
