"""The embedded PostgreSQL server, by starting and killing real ones."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest

from lib.local.postgres import LocalPostgres, LocalPostgresError
from tests.waiting import TIMEOUT_S

BASE_DIR = Path(__file__).resolve().parents[3]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalPostgres]:
    """A running server; started again or stopped by the test as it likes."""
    with LocalPostgres(tmp_path / "var", fsync=False) as started:
        yield started


def ask(server: LocalPostgres, statement: str) -> Any:
    connection = psycopg2.connect(**server.connection_settings())
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone() if cursor.description else None
    finally:
        connection.close()


def test_a_new_server_stores_utf8_sorts_alike_everywhere_and_keeps_time_in_utc(server: LocalPostgres) -> None:
    found = ask(
        server,
        "SELECT pg_encoding_to_char(encoding), datlocprovider, datlocale, current_setting('timezone'), "
        "current_setting('listen_addresses') FROM pg_database WHERE datname = current_database()",
    )

    assert found == ("UTF8", "b", "C.UTF-8", "UTC", "")


def test_the_server_never_runs_as_root(server: LocalPostgres) -> None:
    assert server.process is not None

    user_ids = psutil.Process(server.process.pid).uids()

    assert 0 not in user_ids
    assert os.geteuid() in {0, user_ids.real}


def test_only_its_owner_can_reach_the_socket(server: LocalPostgres) -> None:
    assert server.socket_dir.stat().st_mode & 0o077 == 0
    assert server.home.stat().st_mode & 0o066 == 0


def test_committed_rows_survive_kill_9(server: LocalPostgres) -> None:
    ask(server, "CREATE TABLE kept (number int); INSERT INTO kept VALUES (42)")
    assert server.process is not None
    server.process.kill()
    server.process.wait()

    server.start()
    server.wait_ready()

    assert ask(server, "SELECT number FROM kept") == (42,)


def test_a_second_server_on_the_same_folder_is_refused_in_one_sentence(server: LocalPostgres) -> None:
    assert server.process is not None
    second = LocalPostgres(server.data_dir)

    with pytest.raises(LocalPostgresError, match=rf"process {server.process.pid}\) already serves .*DATA_DIR"):
        second.start()

    assert second.process is None


def test_a_stale_lock_file_with_a_reused_process_id_does_not_block_the_start(server: LocalPostgres) -> None:
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    lock_file = server.cluster_dir / "postmaster.pid"
    _, _, rest = lock_file.read_text().partition("\n")
    # The id of a live process of the server's own user, the only kind that PostgreSQL itself stumbles over.
    with subprocess.Popen(["sleep", "60"], **as_owner_of(server.cluster_dir)) as innocent:
        lock_file.write_text(f"{innocent.pid}\n{rest}")

        server.start()
        server.wait_ready()

        assert ask(server, "SELECT 1") == (1,)
        assert innocent.poll() is None
        innocent.kill()


def test_a_lock_file_that_a_full_disk_left_empty_does_not_block_the_start(server: LocalPostgres) -> None:
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    (server.cluster_dir / "postmaster.pid").write_text("")

    server.start()
    server.wait_ready()

    assert ask(server, "SELECT 1") == (1,)


def as_owner_of(folder: Path) -> dict[str, Any]:
    return {"user": folder.stat().st_uid} if os.geteuid() == 0 else {}


def test_stopping_leaves_no_process_and_no_socket(server: LocalPostgres) -> None:
    assert server.process is not None
    main_process = psutil.Process(server.process.pid)
    family = [main_process, *main_process.children(recursive=True)]

    server.stop()

    _, alive = psutil.wait_procs(family, timeout=TIMEOUT_S)
    assert alive == []
    assert list(server.socket_dir.iterdir()) == []


def test_what_a_kill_during_the_making_left_is_removed(tmp_path: Path) -> None:
    server = LocalPostgres(tmp_path, fsync=False)
    half_made = tmp_path / "postgres" / "data.new-killed"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")

    server.ensure_initialised()
    made_at_ns = (server.cluster_dir / "PG_VERSION").stat().st_mtime_ns
    server.ensure_initialised()

    assert sorted(path.name for path in server.home.iterdir()) == ["data"]
    assert (server.cluster_dir / "PG_VERSION").stat().st_mtime_ns == made_at_ns


def test_a_folder_of_another_version_is_refused(tmp_path: Path) -> None:
    server = LocalPostgres(tmp_path)
    server.cluster_dir.mkdir(parents=True)
    (server.cluster_dir / "PG_VERSION").write_text("17\n")

    with pytest.raises(LocalPostgresError, match=r"PostgreSQL 17, the installed server is 18"):
        server.ensure_initialised()


def test_a_path_too_long_or_odd_for_a_socket_is_served_through_a_short_one(tmp_path: Path) -> None:
    awkward = tmp_path / "long and, odd" / ("x" * 100)

    with LocalPostgres(awkward, fsync=False) as server:
        assert ask(server, "SELECT 1") == (1,)
        assert server.socket_dir.is_relative_to("/tmp")
        assert server.socket_dir.parent.stat().st_uid == os.geteuid()
        assert server.socket_dir.parent.stat().st_mode & 0o066 == 0
    server.socket_dir.rmdir()
    server.socket_dir.parent.rmdir()


def test_a_short_socket_folder_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    server = LocalPostgres(tmp_path / ("x" * 100), fsync=False)
    server.ensure_initialised()
    trap = tmp_path / "trap"
    trap.mkdir()
    server.socket_dir.parent.symlink_to(trap)

    try:
        with pytest.raises(LocalPostgresError, match="is not ours"):
            server.start()
    finally:
        server.socket_dir.parent.unlink()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_the_server_stops_when_its_starter_is_killed(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from lib.local.postgres import LocalPostgres
        server = LocalPostgres(Path(sys.argv[1]), fsync=False)
        server.ensure_initialised()
        process = server.start()
        server.wait_ready()
        print(process.pid, flush=True)
        time.sleep(600)
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], cwd=BASE_DIR, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        postgres = psutil.Process(int(starter.stdout.readline()))
        family = [postgres, *postgres.children(recursive=True)]

        starter.send_signal(signal.SIGKILL)

        _, alive = psutil.wait_procs(family, timeout=TIMEOUT_S)
        assert alive == []
