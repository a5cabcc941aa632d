"""Signs of life: a row that others read, a datagram for the watchdog, and silence when the main loop hangs."""

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from lib import heartbeats, watchdog
from lib.heartbeats import SteadyBeat
from lib.models import Heartbeat
from tests.waiting import TIMEOUT_S

BASE_DIR = Path(__file__).resolve().parents[2]


@pytest.fixture
def notified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    """What systemd would hear."""
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(str(tmp_path / "notify"))
    heard.settimeout(TIMEOUT_S)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    return heard


@pytest.mark.django_db
def test_a_second_beat_replaces_the_first_and_forget_removes_it() -> None:
    heartbeats.beat("worker", "waits")
    heartbeats.beat("worker")

    (sign,) = heartbeats.signs_of_life()
    assert (sign.name, sign.problem) == ("worker", "")
    assert 0 <= sign.age_s < 5

    heartbeats.forget("worker")
    assert heartbeats.signs_of_life() == []


@pytest.mark.django_db
def test_a_process_that_is_gone_for_a_day_is_missed_no_more() -> None:
    for name, age in (("ingest-old", timedelta(hours=25)), ("ingest-new", timedelta(hours=23))):
        heartbeats.beat(name)
        Heartbeat.objects.filter(name=name).update(beat_at=timezone.now() - age)

    assert [sign.name for sign in heartbeats.signs_of_life()] == ["ingest-new"]


@pytest.mark.django_db
def test_a_beat_reaches_the_watchdog(notified: socket.socket) -> None:
    heartbeats.beat("worker")

    assert notified.recv(100) == watchdog.ALIVE


@pytest.mark.parametrize("address", ["", "/nobody/there", "@nobody-there"])
def test_without_a_watchdog_nothing_happens(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)

    watchdog.beat()


@pytest.mark.django_db
def test_a_main_loop_that_breaks_its_word_falls_silent(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    now_s = 0.0
    heart = SteadyBeat("worker", clock=lambda: now_s)
    heart.allow(60)
    now_s = 60.0
    heart.beat()
    assert Heartbeat.objects.count() == 1
    Heartbeat.objects.all().delete()

    now_s = 60.1
    with caplog.at_level(logging.ERROR):
        heart.beat()
        heart.beat()

    assert Heartbeat.objects.count() == 0
    assert [record.getMessage() for record in caplog.records] == [
        "The main loop of worker hangs: no heartbeat from now on. Where it is:"
    ]
    assert "test_a_main_loop_that_breaks_its_word_falls_silent" in capfd.readouterr().err
    heart.allow(60)
    heart.beat()
    assert Heartbeat.objects.count() == 1


def test_a_real_worker_beats_until_it_is_frozen_and_forgets_itself_at_the_end(notified: socket.socket) -> None:
    environment = os.environ | {"DISK_FLOOR_MB": "0"}
    worker = subprocess.Popen([sys.executable, str(BASE_DIR / "manage.py"), "run_worker"], env=environment)
    try:
        assert notified.recv(100) == watchdog.ALIVE

        worker.send_signal(signal.SIGSTOP)
        time.sleep(0.5)
        _drain(notified)
        notified.settimeout(1.5 * heartbeats.EVERY_S)
        with pytest.raises(TimeoutError):
            notified.recv(100)

        worker.send_signal(signal.SIGCONT)
        assert notified.recv(100) == watchdog.ALIVE
    finally:
        worker.terminate()
        assert worker.wait(TIMEOUT_S) == 0


def _drain(heard: socket.socket) -> None:
    heard.setblocking(False)
    try:
        while heard.recv(100):
            pass
    except BlockingIOError:
        pass
