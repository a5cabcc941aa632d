"""Every figure of the demo's API at one moment, so that a change is compared with what was before it.

    python -m tests.figures dump BEFORE.json            70 sites, 13 months, in a database of its own: two minutes
    python -m tests.figures compare BEFORE.json AFTER.json

`compare` fails where a number, a code, a date or a key differs. Changed sentences are listed, and are no failure.
"""

# ruff: noqa: T201  # this is a program that prints
import argparse
import itertools
import json
import multiprocessing
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

import django
from django.test import Client
from django.utils import timezone

NOW = datetime(2026, 11, 30, 9, 17, 20, tzinfo=UTC)
ASKING = ("hq@demo.carbontrack.example", "manager@demo.carbontrack.example", "mine@demo.carbontrack.example")
METRICS = ("co2e_intensity", "energy_intensity", "logged_biogenic_intensity")
PERIODS = ("12m", "2026", "2025", "2026-11", "2026-10", "2026-03")
RANKING = "/api/factories/leaderboard/"
LISTS = ("/api/factories/?page_size=1000", "/api/targets/?page_size=1000")
SITE = "/api/factories/{pk}/intensity/?from=2025-11-01&to="
OF_A_SITE = (SITE + "2026-11-30", SITE + "2026-12-01&resolution=month")
PROCESSES = 2
SHOWN = 40
Figures = dict[str, Any]


# --- Dump ---
def answers(
    metrics: Iterable[str] = METRICS, periods: Iterable[str] = PERIODS, site_limit: int | None = None
) -> Figures:
    """What the API answers, by who asks what; and the days as they are stored."""
    from accounts.models import User
    from compliance.models import SiteDay
    from emissions.models import EmissionDay
    from factories.models import Factory

    figures: Figures = {"site days": _rows(SiteDay, "factory", "day"), "emission days": _rows(EmissionDay, "pk")}
    for email in ASKING:
        client = _client(User.objects.get(email=email))
        figures |= {f"{email} {url}": _answer(client, url) for url in LISTS}
        for metric, period in itertools.product(metrics, periods):
            for url, answer in _by_group(client, f"{RANKING}?metric={metric}&period={period}&group="):
                figures[f"{email} {url}"] = answer
    overseer = _client(_overseer())
    for pk in Factory.objects.order_by("pk").values_list("pk", flat=True)[:site_limit]:
        figures |= {url: _answer(overseer, url) for url in (url.format(pk=pk) for url in OF_A_SITE)}
    return figures


def _by_group(client: Client, url: str) -> Iterator[tuple[str, Any]]:
    """The ranking of all, and of each group that this answer offers."""
    of_all = _answer(client, f"{url}all")
    for group in of_all[1].get("groups", ["all"]):
        yield f"{url}{group}", of_all if group == "all" else _answer(client, url + quote(group))


def _client(user: Any) -> Client:
    client = Client(HTTP_HOST="localhost")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def _answer(client: Client, url: str) -> list[Any]:
    response = client.get(url)
    is_json = response["Content-Type"].startswith("application/json")
    return [response.status_code, response.json() if is_json else response.content.decode()]


def _overseer() -> Any:
    """A user who sees every site; no demo account does."""
    from accounts.roles import Role
    from factories.models import Organisation
    from tests import make

    user = make.make_user()
    for organisation in Organisation.objects.all():
        make.make_membership(user=user, organisation=organisation, role=Role.HQ_MANAGER)
    return user


def _rows(model: Any, *order: str) -> list[dict[str, str]]:
    columns = [one.attname for one in model._meta.concrete_fields if one.attname != "id" and "_at" not in one.attname]
    return [
        {name: str(value) for name, value in row.items()} for row in model.objects.order_by(*order).values(*columns)
    ]


def fill(number: int, of: int) -> None:
    """The history of every `of`-th site."""
    from demo import history

    history.fill(history.Share(number, of), NOW)


def dump(path: Path) -> None:
    """Make the demo's world in a database that is thrown away, and write its figures down."""
    import tests.environment

    os.environ |= {"DJANGO_SETTINGS_MODULE": "carbontrack.settings", "CARBONTRACK_DEMO": "1"}
    # From the first import on: a default of a field is the function that `timezone.now` is then.
    with mock.patch.object(timezone, "now", return_value=NOW):
        django.setup()
        from django.core.management import call_command
        from django.db import connections

        from demo import history, world
        from lib.local.postgres import LocalPostgres
        from tests import database, make

        folder = tests.environment.DATA_DIR
        try:
            with database.running(LocalPostgres(folder, fsync=False)):
                call_command("migrate", verbosity=0, interactive=False)
                world.seed(sys.stderr, make.PASSWORD)
                history.prepare()
                connections.close_all()
                forked = multiprocessing.get_context("fork")  # the clock stands still in them, too
                with ProcessPoolExecutor(PROCESSES, mp_context=forked) as pool:
                    list(pool.map(partial(fill, of=PROCESSES), range(PROCESSES)))
                figures = answers()
                connections.close_all()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    path.write_text(json.dumps(figures, indent=0, sort_keys=True))
    print(f"{sum(1 for _ in leaves(figures)):,} values in {len(figures):,} answers")


# --- Compare ---
@dataclass(slots=True)
class Comparison:
    value_count: int = 0
    figures: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    old, new = dict(leaves(before)), dict(leaves(after))
    result = Comparison(value_count=len(old.keys() & new.keys()))
    for place in sorted(old.keys() | new.keys()):
        was, now = (str(values[place]) if place in values else "nothing" for values in (old, new))
        if was != now:
            kind = result.texts if is_sentence(old.get(place)) and is_sentence(new.get(place)) else result.figures
            kind.append(f"{place}: {was} -> {now}")
    return result


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Each value that holds no others, and where it stands."""
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(part, f"{place} > {key}" if place else str(key))
    else:
        yield place, value


def is_sentence(value: object) -> bool:
    return isinstance(value, str) and " " in value.strip()


def report(result: Comparison) -> int:
    for title, lines in (("Changed sentences", result.texts), ("DIFFERENT", result.figures)):
        for line in (f"{title}: {len(lines):,}", *lines[:SHOWN]):
            print(line)
    print(f"{result.value_count:,} values compared")
    return 1 if result.figures else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.figures", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("dump").add_argument("path", type=Path)
    comparing = commands.add_parser("compare")
    comparing.add_argument("paths", type=Path, nargs=2, metavar=("BEFORE.json", "AFTER.json"))
    asked = parser.parse_args()
    if asked.command == "dump":
        dump(asked.path)
        return 0
    return report(compare(*(json.loads(path.read_text()) for path in asked.paths)))


if __name__ == "__main__":
    sys.exit(main())
