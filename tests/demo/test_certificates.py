"""The demo's certificates: checked by a TLS handshake, and by the causes of their renewal."""

import socket
import ssl
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from demo import certificates
from demo.certificates import BrokerCertificates, ensure_certificates


def handshake(files: BrokerCertificates, server_name: str) -> str | None:
    """Connect over TLS under this name; the client trusts `ca_file` alone. Returns the TLS version."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(files.certificate_file, files.key_file)
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            with serving.wrap_socket(theirs, server_side=True):
                pass
        except (ssl.SSLError, OSError):
            theirs.close()  # the client refused us: what one test wants

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        trusting = ssl.create_default_context(cafile=files.ca_file)
        with trusting.wrap_socket(ours, server_hostname=server_name) as connection:
            return connection.version()
    finally:
        ours.close()
        thread.join()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "192.168.7.20"])
def test_a_client_that_trusts_the_ca_accepts_the_server_under_each_name(tmp_path: Path, name: str) -> None:
    files = ensure_certificates(tmp_path, ("192.168.7.20",))

    assert handshake(files, name) in {"TLSv1.2", "TLSv1.3"}


def test_a_name_that_is_not_in_the_certificate_is_refused_by_the_client(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path)

    with pytest.raises(ssl.SSLCertVerificationError, match=r"192\.168\.7\.20"):
        handshake(files, "192.168.7.20")


def test_good_certificates_are_kept(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, ("192.168.7.20",))
    before = files.certificate_file.read_bytes()

    ensure_certificates(tmp_path)

    assert files.certificate_file.read_bytes() == before


def test_a_new_address_gets_a_new_certificate_under_the_same_ca(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path)
    authority, server = files.ca_file.read_bytes(), files.certificate_file.read_bytes()

    ensure_certificates(tmp_path, ("192.168.7.20",))

    assert files.ca_file.read_bytes() == authority
    assert files.certificate_file.read_bytes() != server
    assert handshake(files, "192.168.7.20")


def test_a_certificate_about_to_expire_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "SERVER_VALID_FOR", certificates.RENEW_BEFORE - timedelta(days=1))
    files = ensure_certificates(tmp_path)
    before = files.certificate_file.read_bytes()
    monkeypatch.undo()

    ensure_certificates(tmp_path)

    assert files.certificate_file.read_bytes() != before


@pytest.mark.parametrize("name", ["ca.pem", "server.pem", "server.key", "ca.key"])
def test_a_damaged_file_is_replaced(tmp_path: Path, name: str) -> None:
    files = ensure_certificates(tmp_path)
    (tmp_path / "broker" / name).write_text("half a fi")

    ensure_certificates(tmp_path)

    assert handshake(files, "localhost")


def test_keys_are_for_the_owner_alone(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path)

    assert files.key_file.stat().st_mode & 0o077 == 0
    assert (tmp_path / "broker" / "ca.key").stat().st_mode & 0o077 == 0
