"""A key or password in a file is found, and an accepted one is not, wherever its line moves."""

from pathlib import Path

import pytest

from tests import secret_scan

# Put together here, so that this file holds none itself.
SECRETS = {
    "settings.py": f'SECRET_KEY = "{"k7Jq2mX9vL4pR8sT" * 2}"\n',
    "deploy.md": f"    DATABASE_URL=postgres://carbontrack:{'hunter2' + 'hunter2'}@db.internal:5432/carbontrack\n",
    "key.pem": f"-----BEGIN {'RSA ' + 'PRIVATE'} KEY-----\n",
    "aws.txt": f"AKIA{'ABCDEFGHIJKLMNOP'}\n",
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_found(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("\n" + SECRETS[name])

    found = secret_scan.found_in([name], tmp_path)

    assert {find[0] for find in found} == {name}
    assert set(found.values()) == {2}


def test_an_accepted_one_stays_accepted_when_its_line_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = tmp_path / "example.txt"
    example.write_text(SECRETS["deploy.md"])
    monkeypatch.setattr(secret_scan, "BASELINE", tmp_path / ".secrets.baseline")
    monkeypatch.setattr(secret_scan, "tracked_files", lambda: ["example.txt"])
    find = secret_scan.found_in
    monkeypatch.setattr(secret_scan, "found_in", lambda names: find(names, tmp_path))

    secret_scan.main(["--accept"])
    example.write_text("moved\n" * 5 + SECRETS["deploy.md"])
    assert secret_scan.main([]) == 0
    example.write_text(SECRETS["deploy.md"] + SECRETS["settings.py"])
    assert secret_scan.main([]) == 1
    assert capsys.readouterr().out.startswith("example.txt:2: ")
