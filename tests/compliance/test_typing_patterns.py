"""Hints on how a log is typed: who sees them, what they say, how one is put aside."""

from datetime import UTC, date, datetime

import pytest
from django.apps import apps

from compliance.models import TypingNote
from compliance.typing_patterns import typing_hints
from tests.cast import AsUser, Cast
from tests.compliance.typed_log import write_typed_log

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
HINT = "October 2026: 100 % of the entries of firewood are multiples of 10, in the twelve months before 0 %."


@pytest.fixture
def typed(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Cast:
    write_typed_log(cast.litein, date(2026, 10, 1))
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    return cast


def test_hints_name_what_is_unlike_the_year_before(typed: Cast) -> None:
    hints = typing_hints(typed.litein, NOW)

    assert {(hint.month, hint.item) for hint in hints} == {(date(2026, 10, 1), "firewood stere")}
    assert any(hint.sentence.startswith(HINT) for hint in hints)
    assert not any(word in hint.sentence.lower() for hint in hints for word in ("fraud", "anomal", "suspic"))
    assert typing_hints(typed.momul, NOW) == []


def test_only_headquarters_sees_them(typed: Cast, as_user: AsUser) -> None:
    page = f"/factories/{typed.litein.pk}/"

    assert HINT in as_user(typed.hq).get(page).content.decode()
    for person in (typed.litein_manager, typed.auditor, typed.installer):
        assert "multiples of" not in as_user(person).get(page).content.decode()
        assert as_user(person).get(f"{page}typing-hints/").status_code == 403
        assert as_user(person).get(f"/api{page}typing-hints/").status_code == 403


def test_a_hint_is_put_aside_with_a_note_that_is_kept(typed: Cast, as_user: AsUser) -> None:
    hq, path = as_user(typed.hq), f"/factories/{typed.litein.pk}/typing-hints/"
    hint = next(one for one in hq.get(f"/api{path}").json()["results"] if one["pattern"] == "round_ten")
    assert (hint["share"], hint["usual_share"], hint["count"], hint["note"]) == (1.0, 0.0, 12, None)
    what = {name: hint[name] for name in ("month", "item", "pattern")}

    empty = hq.post(path, what | {"note": " "})
    assert "This field is required." in empty.content.decode()
    assert hq.post(path, what | {"note": "Lorries of 10 since October."}).status_code == 302
    answer = hq.post(f"/api{path}", what | {"note": "Lorries of 10 m3."}, content_type="application/json").json()

    assert (answer["note"], answer["noted_by"]) == ("Lorries of 10 m3.", typed.hq.email)
    assert "multiples of 10" not in hq.get(f"/factories/{typed.litein.pk}/").content.decode()
    assert TypingNote.objects.get().note == "Lorries of 10 m3."
    events = apps.get_model("compliance", "TypingNoteEvent").objects.order_by("pgh_id")
    assert [event.note for event in events] == ["Lorries of 10 since October.", "Lorries of 10 m3."]
    for month in ("2026-09-01", "2026-10-02", "2026-12-01", "0001-01-01"):
        gone = hq.post(f"/api{path}", what | {"month": month, "note": "x"}, content_type="application/json")
        assert (gone.status_code, gone.json()["code"]) == (404, "no_such_hint")
    gone = hq.post(path, what | {"month": "2026-09-01", "note": "x"})
    assert "There is no such hint any more" in gone.content.decode()


def test_the_audit_log_shows_notes_to_headquarters_only(typed: Cast, as_user: AsUser) -> None:
    hint = next(iter(typing_hints(typed.litein, NOW)))
    note = {"month": f"{hint.month}", "item": hint.item, "pattern": str(hint.found.pattern), "note": "Lorries of 10."}
    as_user(typed.hq).post(f"/factories/{typed.litein.pk}/typing-hints/", note)

    seen = [as_user(who).get("/api/audit/?kind=typingnote").json()["results"] for who in (typed.hq, typed.auditor)]

    assert [len(rows) for rows in seen] == [1, 0]
