"""Secrets of a one-machine installation: drawn once, by the first process, and readable by nobody else."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from lib.local import secrets as local_secrets
from lib.local.secrets import kept_secret
from tests.waiting import TIMEOUT_S

DRAW = """
import sys
from pathlib import Path
from lib.local.secrets import kept_secret
print(kept_secret(Path(sys.argv[1])))
"""


def test_a_secret_is_drawn_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "folder" / "secret"

    first, second = kept_secret(path), kept_secret(path)

    assert first == second
    assert len(first) == 64  # 48 bytes in base64
    assert path.stat().st_mode & 0o077 == 0
    assert [file.name for file in path.parent.iterdir()] == ["secret"]


def test_eight_processes_at_once_agree(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", DRAW, str(path)], stdout=subprocess.PIPE, text=True, cwd=settings.BASE_DIR
        )
        for _ in range(8)
    ]

    drawn = {process.communicate(timeout=TIMEOUT_S)[0].strip() for process in processes}

    assert drawn == {path.read_text()}
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]


def test_the_second_process_takes_the_secret_of_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    token_urlsafe = local_secrets.secrets.token_urlsafe

    def another_is_quicker(nbytes: int) -> str:
        path.write_text("of-the-first")
        return token_urlsafe(nbytes)

    monkeypatch.setattr(local_secrets.secrets, "token_urlsafe", another_is_quicker)

    assert kept_secret(path) == "of-the-first"


def test_a_folder_that_cannot_be_written_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ImproperlyConfigured, match=r"file/secret cannot be written.*set DATA_DIR"):
        kept_secret(tmp_path / "file" / "secret")


def test_production_draws_nothing(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="set SECRET_KEY to 50 random characters"):
        local_secrets.secret_key(tmp_path, False)

    assert list(tmp_path.iterdir()) == []
