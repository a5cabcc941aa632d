"""How often a password may be tried. The page and the API ask here, by `AccountAdapter`.

1. One account from one network: 5 wrong passwords in 5 minutes. A stranger elsewhere so locks nobody out.
2. One address: 10 wrong passwords in a minute, whatever the account.
3. One account from everywhere, against guesses from very many networks: after 100 wrong passwords in an hour strangers'
   networks have one attempt in 10 seconds together. That slows and never locks: 8,640 guesses a day at most for a
   password of ten characters that is on no list, while its owner comes in from networks of before as ever, from a new
   one after some attempts, or by a reset.
"""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from django.core.cache import cache

from lib import limits

WRONG_PER_NETWORK, PERIOD_S = 5, 300
WRONG_PER_ADDRESS, ADDRESS_PERIOD_S = 10, 60
WRONG_FROM_EVERYWHERE, WIDE_PERIOD_S = 100, 3600
SLOW_PERIOD_S = 10
KNOWN_FOR = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A password that is being tried, counted as wrong until it turns out right."""

    keys: tuple[str, ...]
    known_key: str

    def was_right(self) -> None:
        limits.give_back(*self.keys)
        cache.set(self.known_key, True, KNOWN_FOR.total_seconds())


def begin(account: str, address: str) -> Attempt:
    """Count an attempt at `account`, a login as typed. Raises TooOftenError."""
    of_network, of_address, of_account = _keys(account, address)
    known_key = f"known:{of_network}"
    limits.take(of_address, WRONG_PER_ADDRESS, ADDRESS_PERIOD_S)
    limits.take(of_network, WRONG_PER_NETWORK, PERIOD_S)
    if cache.get(known_key):
        return Attempt((of_address, of_network), known_key)
    if limits.count_shared(of_account, WIDE_PERIOD_S).count > WRONG_FROM_EVERYWHERE:
        limits.take(f"{of_account}:slow", 1, SLOW_PERIOD_S)
    return Attempt((of_address, of_network, of_account), known_key)


def forget(account: str, address: str) -> None:
    """Forget the wrong passwords of an account, because its owner has reset the password."""
    limits.forget(*_keys(account, address))


def _keys(account: str, address: str) -> tuple[str, str, str]:
    # A key has a limited length, and a login as typed has not; nor need it be readable in the table.
    digest = sha256(account.encode()).hexdigest()
    network = limits.network_of(address, ipv4_bits=24)
    return f"password:{digest}:{network}", f"password:{limits.network_of(address)}", f"password:{digest}"
