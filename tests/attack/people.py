"""Attacks on accounts: taking over an address, links that outlive their right, tokens, lock-out."""

from __future__ import annotations

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import requests

from tests.attack.instance import STRANGERS_ADDRESS, Instance, Visitor
from tests.attack.tries import Attack, Tries

CLOSES_WITHIN_S = 20.0
STREAMS_A_USER = 20
MANY = 60


def _own_factory(instance: Instance) -> int:
    return int(instance.program("manager@demo.carbontrack.example").get("/api/me/").json()["factory"])


def another_address(instance: Instance, tries: Tries) -> None:
    person = instance.new_person("factory_manager", factory=_own_factory(instance))
    browser = instance.browser(person.phone, person.password)
    wanted = f"{secrets.token_hex(6)}@taken.example"
    browser.submit("/accounts/email/", email=wanted, action_add="")
    browser.submit("/accounts/email/", email=wanted, action_primary="")
    now = instance.program(person.phone, person.password).get("/api/me/").json()["email"]
    tries.held(now is None, f"a session alone made {now!r} the address of an account")

    invited = instance.hq.post("/api/invitations/", json={"role": "hq_manager", "email": wanted})
    link = invited.json()["link"].rstrip("/").split("/")[-1]
    took = instance.program(person.phone, person.password).post("/api/invitations/accept/", json={"token": link})
    tries.refused(took, [403], "the invitation of an address that was never proved")


def password_link_after_a_change(instance: Instance, tries: Tries) -> None:
    person = instance.new_person("factory_manager", factory=_own_factory(instance))
    link = instance.hq.post(f"/api/members/{person.membership}/password-link/").json()["link"]
    invited = instance.other_hq.post("/api/invitations/", json={"role": "hq_manager"}).json()["link"]
    token = invited.rstrip("/").split("/")[-1]
    joined = instance.program(person.phone, person.password).post("/api/invitations/accept/", json={"token": token})
    assert joined.status_code == 201, joined.text

    new = secrets.token_urlsafe(16)
    path = link.removeprefix(instance.base)
    instance.anonymous().submit(path, password=new, password1=new, password2=new)
    stolen = instance.anonymous().post("/api/login/", json={"phone": person.phone, "password": new})
    tries.refused(stolen, [401], "a password link used after its person joined another organisation")


def invitation_of_a_demoted_manager(instance: Instance, tries: Tries) -> None:
    boss = instance.new_person("hq_manager")
    link = instance.program(boss.phone, boss.password).post("/api/invitations/", json={"role": "hq_manager"})
    token = link.json()["link"].rstrip("/").split("/")[-1]
    ended = instance.hq.delete(f"/api/members/{boss.membership}/")
    assert ended.status_code == 204, ended.text
    account = {"phone": "+447700900399", "password": secrets.token_urlsafe(16)}
    took = instance.anonymous().post("/api/invitations/accept/", json={"token": token, **account})
    tries.refused(took, [403, 409], "an invitation whose issuer was removed")


def tokens_after_a_new_password(instance: Instance, tries: Tries) -> None:
    person = instance.new_person("auditor")
    token = Visitor(instance.base, token=instance.token(person.phone, person.password))
    browser = instance.browser(person.phone, person.password)
    new = secrets.token_urlsafe(16)
    browser.submit("/accounts/password/change/", oldpassword=person.password, password1=new, password2=new)
    tries.refused(token.get("/api/me/"), [401], "the token of a sign-in with the old password")


def narrow_tokens(instance: Instance, tries: Tries) -> None:
    person = instance.new_person("hq_manager")
    full = instance.program(person.phone, person.password)
    made = [full.post("/api/tokens/", json={"name": f"no {number}"}) for number in (1, 2)]
    assert [answer.status_code for answer in made] == [201, 201], made[0].text
    named = [answer.json() for answer in made]
    narrow = Visitor(instance.base, token=named[0]["token"])
    seen = {row["id"] for row in narrow.get("/api/tokens/").json().get("results", [])}
    tries.held(seen <= {named[0]["id"]}, f"a named token lists others: {sorted(seen)}")
    tries.refused(narrow.delete(f"/api/tokens/{named[1]['id']}/"), [403, 404], "a named token revokes another")
    tries.refused(narrow.post("/api/logoutall/"), [403], "a token that only reads ends all sign-ins")
    tries.refused(narrow.post("/api/tokens/", json={"name": "more"}), [401, 403], "a named token makes another")
    for path in ("/api/energy-entries/", "/api/emissions/", "/api/production/"):
        tries.refused(narrow.post(path, json={}), [403], f"a token that only reads writes to {path}")


def lock_out(instance: Instance, tries: Tries) -> None:
    person = instance.new_person("auditor")
    strangers = [instance.anonymous(STRANGERS_ADDRESS) for _ in range(12)]
    for stranger in strangers:
        stranger.post("/api/login/", json={"phone": person.phone, "password": "wrong"})
        stranger.sign_in(person.phone, "wrong")
    owner = instance.anonymous()
    tries.held(owner.sign_in(person.phone, person.password).status_code == 302, "strangers locked the owner out (page)")
    entered = instance.anonymous().post("/api/login/", json={"phone": person.phone, "password": person.password})
    tries.refused(entered, [200], "strangers locked the owner out (API)")


def guessing_behind_invented_proxies(instance: Instance, tries: Tries) -> None:
    stranger = instance.anonymous("127.77.7.7")
    statuses = []
    for number in range(MANY):
        headers = {"X-Forwarded-For": f"10.1.{number}.7"}
        body = {"email": "mine@demo.carbontrack.example", "password": f"guess {number}"}
        statuses.append(stranger.post("/api/login/", json=body, headers=headers).status_code)
    tries.count += MANY - 1
    tries.held(429 in statuses, f"{MANY} guesses with invented X-Forwarded-For were never limited")
    tries.held(set(statuses) <= {401, 429}, f"guesses answered {sorted(set(statuses))}")


def who_has_an_account(instance: Instance, tries: Tries) -> None:
    known = "auditor@demo.carbontrack.example"
    unknown = f"{secrets.token_hex(6)}@nobody.example"
    for path, field in (("/accounts/password/reset/", "email"), ("/accounts/login/", "login")):
        answers = []
        for login in (known, unknown):
            answer = instance.anonymous().submit(path, **{field: login, "password": "wrong"})
            answers.append((answer.status_code, answer.headers.get("Location"), answer.text.count("errorlist")))
        tries.held(answers[0] == answers[1], f"{path} tells who has an account: {answers}")
    bodies = [
        instance.anonymous().post("/api/login/", json={"email": login, "password": "wrong"}).text
        for login in (known, unknown)
    ]
    tries.held(bodies[0] == bodies[1], f"/api/login/ tells who has an account: {bodies}")
    tries.held(f"To: {unknown}" not in instance.log("web"), "a reset for an unknown address sent a mail")


def stored_by_browsers(instance: Instance, tries: Tries) -> None:
    browser = instance.browser("hq@demo.carbontrack.example")
    for path in ("/morning/", "/factories/", "/members/", "/tokens/", "/leaderboard/", "/accounts/email/", "/api/me/"):
        kept = browser.get(path).headers.get("Cache-Control", "")
        tries.held("no-store" in kept, f"{path} may be stored: Cache-Control {kept!r}")


def stream_after_its_token(instance: Instance, tries: Tries) -> None:
    person = instance.new_person("auditor")
    token = Visitor(instance.base, token=instance.token(person.phone, person.password))
    stream = token.get("/api/emissions/stream/", stream=True)
    assert stream.status_code == 200, stream.text
    is_over = threading.Event()

    def read() -> None:
        with suppress(requests.RequestException, AttributeError):
            for _chunk in stream.iter_content(1):
                pass
        is_over.set()

    threading.Thread(target=read, daemon=True).start()
    Visitor(instance.base, token=instance.token(person.phone)).post("/api/logout/")
    tries.held(is_over.wait(CLOSES_WITHIN_S), f"a stream was open {CLOSES_WITHIN_S:.0f} s after its token ended")


def too_many_streams(instance: Instance, tries: Tries) -> None:
    person = instance.new_person("auditor")
    token = instance.token(person.phone, person.password)

    def open_one(_number: int) -> requests.Response:
        return Visitor(instance.base, token=token).get("/api/emissions/stream/", stream=True)

    with ThreadPoolExecutor(2 * STREAMS_A_USER) as threads:
        answers = list(threads.map(open_one, range(2 * STREAMS_A_USER)))
    statuses = [answer.status_code for answer in answers]
    for answer in answers:
        answer.close()
    tries.count += len(answers) - 2
    tries.held(statuses.count(200) <= STREAMS_A_USER, f"{statuses.count(200)} streams of one user at once")
    tries.held(set(statuses) <= {200, 429, 503}, f"streams answered {sorted(set(statuses))}")


def the_same_at_once(instance: Instance, tries: Tries) -> None:
    factory = _own_factory(instance)
    manager = instance.token("manager@demo.carbontrack.example")
    unit = {"factory": factory, "energy_type": "firewood", "name": f"cart {secrets.token_hex(3)}"}
    unit |= {"amount": "2", "unit": "stere"}

    def make(_number: int) -> requests.Response:
        return Visitor(instance.base, token=manager).post("/api/local-units/", json=unit)

    answers = _at_once(make, 4)
    tries.held(all(code in (200, 201, 400, 409) for code in answers), f"four equal local units answered {answers}")
    tries.held(answers.count(201) == 1, f"four equal local units made {answers.count(201)}")

    invited = instance.hq.post("/api/invitations/", json={"role": "auditor"}).json()["link"].rstrip("/").split("/")[-1]

    def accept(_number: int) -> requests.Response:
        account = {"email": f"{secrets.token_hex(6)}@attack.example", "password": secrets.token_urlsafe(16)}
        return instance.anonymous().post("/api/invitations/accept/", json={"token": invited, **account})

    answers = _at_once(accept, 3)
    tries.held(sorted(answers) == [201, 409, 409], f"three accepts of one invitation answered {answers}")


def _at_once(call: Any, count: int) -> list[int]:
    gate = threading.Barrier(count)

    def one(number: int) -> int:
        gate.wait()
        return int(call(number).status_code)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


ATTACKS = (
    Attack("Take another address with a session alone, then the invitation of its owner", another_address),
    Attack("Use a password link after its person joined another organisation", password_link_after_a_change),
    Attack("Use the invitation of a manager who was removed", invitation_of_a_demoted_manager),
    Attack("Go on with a token after the password changed", tokens_after_a_new_password),
    Attack("Do with a named token what it is not for", narrow_tokens),
    Attack("Lock an owner out by wrong passwords from another network", lock_out),
    Attack("Guess passwords behind invented proxies", guessing_behind_invented_proxies),
    Attack("Find out who has an account", who_has_an_account),
    Attack("Read personal pages from a browser's store", stored_by_browsers),
    Attack("Go on reading a stream after its token ended", stream_after_its_token),
    Attack("Open more streams than a user may, all at once", too_many_streams),
    Attack("Send the same at once", the_same_at_once),
)
