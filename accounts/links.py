"""Links that give a right: the random part, which is shown once, and its hash, which is stored."""

import hashlib
import secrets


def new_link_token() -> tuple[str, str]:
    """256 random bits for an address, and the hash that finds them again."""
    token = secrets.token_urlsafe(32)
    return token, link_digest(token)


def link_digest(token: str) -> str:
    # Nobody can guess 256 bits, so a plain hash is enough.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
