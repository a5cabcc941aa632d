"""Temporary TLS certificates of the demo broker: a CA made here, and a server certificate signed by it.

Not for production: real brokers have real certificates. The CA lives as long as DATA_DIR, so that a device that trusts
it still connects when this machine gets another address: in that case only the server certificate is replaced.
"""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lib.private_files import write_privately

AUTHORITY_VALID_FOR = timedelta(days=3650)
SERVER_VALID_FOR = timedelta(days=730)
RENEW_BEFORE = timedelta(days=30)
# A device's clock may lag behind ours; its TLS stack refuses a certificate "from the future".
BACKDATED_BY = timedelta(days=1)
ALWAYS_NAMED = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class BrokerCertificates:
    """Where the PEM files are. Clients get `ca_file`; `key_file` is for the broker alone (mode 0600)."""

    ca_file: Path
    certificate_file: Path
    key_file: Path


def ensure_certificates(data_dir: Path, addresses: tuple[str, ...] = ()) -> BrokerCertificates:
    """Certificates for this machine's own names and `addresses`; replaced only when the old ones do not fit."""
    folder = data_dir / "broker"
    files = BrokerCertificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    authority_key_file = folder / "ca.key"
    authority = _load_pair(files.ca_file, authority_key_file)
    if authority is None:
        authority = _issue("Carbon Track demo CA", AUTHORITY_VALID_FOR, None)
        _write_pair(files.ca_file, authority_key_file, authority)
    names = (*ALWAYS_NAMED, *addresses)
    server = _load_pair(files.certificate_file, files.key_file)
    if server is None or not _serves(server.certificate, authority.certificate, names):
        server = _issue("Carbon Track demo broker", SERVER_VALID_FOR, authority, names)
        _write_pair(files.certificate_file, files.key_file, server)
    return files


@dataclass(frozen=True, slots=True)
class _Pair:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def _load_pair(certificate_file: Path, key_file: Path) -> _Pair | None:
    """The pair in these files; None if one is missing, unreadable, of another pair, or about to expire."""
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    except (FileNotFoundError, ValueError, TypeError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        return None
    expires_soon = certificate.not_valid_after_utc - RENEW_BEFORE < datetime.now(UTC)
    return None if expires_soon else _Pair(certificate, key)


def _serves(server: x509.Certificate, authority: x509.Certificate, names: tuple[str, ...]) -> bool:
    try:
        server.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    held = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return all(_general_name(name) in held for name in names)


def _issue(common_name: str, valid_for: timedelta, authority: _Pair | None, names: tuple[str, ...] = ()) -> _Pair:
    """A new key with its certificate: a server certificate for these names, or a new CA when no authority is given."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    is_authority = authority is None
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED_BY)
        .not_valid_after(now + valid_for)
        .subject_name(subject)
        .issuer_name(authority.certificate.subject if authority else subject)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(is_authority, path_length=0 if is_authority else None), critical=True)
        .add_extension(_key_usage(signs_certificates=is_authority), critical=True)
    )
    if authority is None:
        extensions: list[x509.ExtensionType] = [x509.SubjectKeyIdentifier.from_public_key(key.public_key())]
    else:
        extensions = [
            x509.SubjectAlternativeName([_general_name(name) for name in names]),
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
        ]
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return _Pair(builder.sign(authority.key if authority else key, hashes.SHA256()), key)


def _write_pair(certificate_file: Path, key_file: Path, pair: _Pair) -> None:
    key_bytes = pair.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_privately(key_file, key_bytes)
    write_privately(certificate_file, pair.certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
