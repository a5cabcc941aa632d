"""Private files: nobody else reads them, nobody reads half of one, and a spoilt one counts as none."""

import errno
from pathlib import Path

import pytest

from lib.private_files import read_object, write_privately


def test_a_private_file_replaces_the_old_one_and_is_ours_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret.json"

    write_privately(path, "{}")
    write_privately(path, b'{"a": 1}')

    assert path.stat().st_mode & 0o777 == 0o600
    assert read_object(path) == {"a": 1}
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", [None, "", "[1]", '{"a": '])
def test_a_missing_or_spoilt_file_is_an_empty_object(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "kept.json"
    if content is not None:
        path.write_text(content)

    assert read_object(path) == {}


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_privately(tmp_path / "progress.json", "old")

    def full(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_privately(tmp_path / "progress.json", "new")

    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
