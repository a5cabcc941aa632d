"""The Ed25519 key of this installation (RFC 8032), which signs what is published. The private key leaves no process."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.db import connection, transaction

from compliance.models import SigningKey
from lib.sealing import seal, unseal


def signed(statement: bytes) -> tuple[SigningKey, str]:
    """The installation's key and its signature in hexadecimal."""
    row, key = _key()
    return row, key.sign(statement).hex()


def is_signature(statement: bytes, signature: str, public_key: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(bytes.fromhex(signature), statement)
    except (InvalidSignature, ValueError):
        return False
    return True


@transaction.atomic
def _key() -> tuple[SigningKey, Ed25519PrivateKey]:
    """Made at the first signature, and again where SECRET_KEY does not open the last one: old public keys stay."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('compliance_signingkey'))")
    row = SigningKey.objects.order_by("-pk").first()
    private = unseal(row.sealed_private_key) if row else ""
    if row is not None and private:
        return row, Ed25519PrivateKey.from_private_bytes(bytes.fromhex(private))
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw().hex()
    sealed = seal(key.private_bytes_raw().hex())
    return SigningKey.objects.create(public_key=public, sealed_private_key=sealed), key
