"""Wrong passwords: a stranger does not lock the owner out, many strangers do not guess fast, and both doors count."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.db import connection
from django.test import Client

from accounts import attempts
from accounts.jobs import forget_ended
from lib.limits import TooOftenError
from tests import make
from tests.accounts.test_api import log_in
from tests.cast import Cast
from tests.measuring import at_once

pytestmark = pytest.mark.django_db
STRANGER, NEIGHBOUR, OWNER = "203.0.113.9", "203.0.113.77", "198.51.100.7"
EMAIL = "hq@test.example"


def tried(address: str, password: str = "wrong", **extra: Any) -> int:
    return int(log_in(Client(REMOTE_ADDR=address), email=EMAIL, password=password, **extra).status_code)


def tried_on_page(address: str, password: str = "wrong") -> bool:
    answer = Client(REMOTE_ADDR=address).post("/accounts/login/", {"login": EMAIL, "password": password})
    return bool(answer.status_code == 302)


def test_five_wrong_passwords_of_a_stranger_lock_the_stranger_out_and_not_the_owner(cast: Cast) -> None:
    assert [tried(STRANGER) for _ in range(6)] == [401] * 5 + [429]
    assert tried(NEIGHBOUR) == 429  # of the same /24
    assert tried(OWNER, make.PASSWORD) == 200
    assert tried_on_page(OWNER, make.PASSWORD)


def test_page_and_api_are_counted_together(cast: Cast) -> None:
    for _ in range(3):
        assert not tried_on_page(STRANGER)

    assert [tried(STRANGER) for _ in range(3)] == [401, 401, 429]
    assert not tried_on_page(STRANGER, make.PASSWORD)
    assert tried_on_page(OWNER, make.PASSWORD)


def test_a_subscriber_of_ipv6_is_one_however_many_addresses_there_are(cast: Cast) -> None:
    statuses = [tried(f"2001:db8:1:2::{number:x}") for number in range(6)]

    assert statuses == [401] * 5 + [429]
    assert tried("2001:db8:1:3::1", make.PASSWORD) == 200


def test_the_answer_says_when_to_come_again(cast: Cast) -> None:
    for _ in range(5):
        tried(STRANGER)
    blocked = log_in(Client(REMOTE_ADDR=STRANGER), email=EMAIL)

    assert blocked.json()["code"] == "too_many_requests"
    assert 1 <= int(blocked["Retry-After"]) == blocked.json()["params"]["retry_after_s"] <= 300


def test_a_forged_proxy_header_is_no_other_network(cast: Cast) -> None:
    statuses = [
        log_in(
            Client(REMOTE_ADDR=STRANGER, headers={"X-Forwarded-For": f"192.0.2.{number}"}), email=EMAIL, password="x"
        ).status_code
        for number in range(6)
    ]

    assert statuses == [401] * 5 + [429]


def test_right_passwords_are_not_counted(cast: Cast) -> None:
    assert [tried(OWNER, make.PASSWORD) for _ in range(8)] == [200] * 8


def test_the_second_factor_counts_apart_from_the_password(cast: Cast) -> None:
    Authenticator.objects.create(user=cast.hq, type=Authenticator.Type.TOTP, data={"secret": "A" * 32})
    for _ in range(5):
        tried(STRANGER)

    codes = [tried(OWNER, make.PASSWORD, code="000000") for _ in range(6)]

    assert codes == [403] * 5 + [429]
    assert tried("192.0.2.1", make.PASSWORD, code="000000") == 429  # of the person, from anywhere
    assert tried("192.0.2.1") == 401  # wrong passwords are another count
    refused = log_in(Client(REMOTE_ADDR=OWNER), email=EMAIL, password=make.PASSWORD, code="000000")
    assert int(refused["Retry-After"]) == refused.json()["params"]["retry_after_s"] == 300


def _rows() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM shared_cache")
        return list(cursor.fetchall())


# --- From everywhere ---------------------------------------------------------------------------
def networks(first: int, count: int) -> list[str]:
    return [f"10.{number // 256}.{number % 256}.1" for number in range(first, first + count)]


def allowed(account: str, address: str) -> bool:
    try:
        attempts.begin(account, address)
    except TooOftenError:
        return False
    return True


def test_guesses_from_very_many_networks_are_slowed_to_one_in_ten_seconds(db: None) -> None:
    fast = [allowed(EMAIL, address) for address in networks(0, 100)]
    slowed = [allowed(EMAIL, address) for address in networks(100, 50)]

    assert all(fast)
    assert slowed == [True] + [False] * 49
    with pytest.raises(TooOftenError) as refused:
        attempts.begin(EMAIL, "198.18.0.9")
    assert refused.value.wait_s <= 10


def test_slowed_is_not_locked(db: None) -> None:
    attempts.begin(EMAIL, OWNER).was_right()  # the owner has been here before
    for address in networks(0, 150):
        allowed(EMAIL, address)

    assert allowed(EMAIL, OWNER)
    assert [allowed(EMAIL, "198.18.0.1"), allowed("other@test.example", "198.18.0.2")] == [False, True]
    with connection.cursor() as cursor:  # ten seconds later
        cursor.execute("UPDATE shared_cache SET expires = clock_timestamp() WHERE cache_key LIKE '%:slow'")
    assert allowed(EMAIL, "198.18.0.1")


def test_a_reset_begins_anew(cast: Cast) -> None:
    for _ in range(5):
        tried(OWNER)
    attempts.forget(EMAIL, OWNER)

    assert tried(OWNER, make.PASSWORD) == 200


@pytest.mark.django_db(transaction=True)
def test_of_thirty_guesses_at_once_five_are_tried() -> None:
    make.make_user(email=EMAIL)

    answers = at_once(30, lambda _number: allowed(EMAIL, STRANGER))

    assert sorted(answers) == [False] * 25 + [True] * 5


@pytest.mark.django_db(transaction=True)
def test_allauths_own_limits_let_as_many_in_as_they_say() -> None:
    """Mails to reset a password: five a minute for an address, by a lock that rests on `cache.add`."""
    assert sum(at_once(20, lambda _number: cache.add("lock", True, 10))) == 1
    cache.set("lock", True, -1)  # run out: Django's own then let two in
    assert sum(at_once(20, lambda _number: cache.add("lock", True, 10))) == 1


def test_a_full_cache_forgets_no_count(db: None) -> None:
    """Django's own threw a third of the rows away above 300."""
    for _ in range(5):
        allowed(EMAIL, STRANGER)
    for number in range(400):
        cache.set(f"filler-{number}", number, 600)

    assert cache.get("filler-0") == 0
    with pytest.raises(TooOftenError):
        attempts.begin(EMAIL, STRANGER)


def test_what_has_run_out_is_not_there_and_is_swept(db: None) -> None:
    cache.set("short", 1, 60)
    cache.set("long", 2, 6000)
    user = make.make_user()
    make.make_token(user, expiry=timedelta(seconds=-1))
    kept = make.make_token(user)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE shared_cache SET expires = clock_timestamp() WHERE cache_key LIKE '%short'")

    assert cache.get_many(["short", "long"]) == {"long": 2}
    assert not cache.touch("short", 60)
    assert cache.touch("long", 60)
    forget_ended()

    assert [key for (key,) in _rows()] == [":1:long"]
    assert user.auth_token_set.count() == 1
    assert kept
