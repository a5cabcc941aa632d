"""What a page of the audit log costs over 950,000 events and reads, beside an almost empty page in the same run.

`make bench ARGS="-k audit"`. Prints medians and 95th percentiles in milliseconds; asserts only that rows were shown, as
machines differ. A minute of filling comes first.
"""

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from factories.models import Factory
from production.models import ProductionEntry
from tests import make
from tests.bench.page_times import time_page

SITES, PEOPLE = 67, 70
ENTRIES, PRODUCTIONS, READS, TOKENS = 400_000, 100_000, 300_000, 150_000
OF_HISTORY = {"pgh_id", "pgh_created_at", "pgh_context_id", "pgh_label", "pgh_obj_id", "id", "factory_id"}
CONTEXTS = """
    INSERT INTO pghistory_context (id, created_at, updated_at, metadata)
    SELECT ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, now() - n * interval '3.9 minutes', now(),
           jsonb_build_object('user', (%(people)s::int[])[CASE WHEN n %% 50 = 0 THEN 1 ELSE 1 + n %% %(count)s END])
    FROM generate_series(1, %(rows)s) n
"""
# Every fiftieth event by one busy person; the last sites of the list have none.
EVENTS = """
    INSERT INTO {table} (pgh_created_at, pgh_context_id, pgh_label, id, pgh_obj_id, factory_id, {columns})
    SELECT now() - n * interval '3.9 minutes', ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
           CASE WHEN n %% 20 = 0 THEN 'update' ELSE 'insert' END, 1000000 + n / 2, 1000000 + n / 2,
           (%(sites)s::int[])[1 + n %% {sites_used}], {columns_of_one}
    FROM generate_series(1, %(rows)s) n, (SELECT * FROM {table} LIMIT 1) one
"""
DATA_READS = """
    INSERT INTO audit_dataread (user_id, token, organisation_id, factory_id, kind, path, device, hour, first_at,
                                last_at, times, rows)
    SELECT (%(people)s::int[])[1 + n %% %(count)s], '', %(organisation)s, NULL, 'readings', '/api/emissions/', 'd' || n,
           date_trunc('hour', at), at, at, 3, 100
    FROM generate_series(1, %(rows)s) n, LATERAL (SELECT now() - n * interval '5 minutes' AS at) moment
"""
TOKEN_EVENTS = """
    INSERT INTO accounts_apitokenevent (pgh_created_at, pgh_label, token_key, created, expiry, name, scopes, user_id,
                                        is_sign_in)
    SELECT now() - n * interval '10 minutes', 'insert', left(md5(n::text), 15), now(), now(), '', ARRAY['all'],
           (%(people)s::int[])[1 + n %% %(count)s], true
    FROM generate_series(1, %(rows)s) n
"""

# Who is no member yet has no rows here. The history refuses changes, so its triggers are off for this one.
MEMBERS_FROM_THE_START = """
    SET LOCAL session_replication_role = replica;
    UPDATE accounts_membershipevent SET pgh_created_at = now() - interval '4 years';
    SET LOCAL session_replication_role = origin
"""


def fill(sites: list[Factory], people: list[User]) -> None:
    from energy.models import EnergyEntry

    make.make_energy_entry(sites[0])
    make.make_production(sites[0])
    given = {"people": [one.pk for one in people], "count": len(people), "organisation": sites[0].organisation_id}
    with connection.cursor() as cursor:
        cursor.execute(CONTEXTS, given | {"rows": ENTRIES})
        for model, rows in ((EnergyEntry, ENTRIES), (ProductionEntry, PRODUCTIONS)):
            events = model.events.rel.related_model  # type: ignore[attr-defined]
            names = [f.column for f in events._meta.concrete_fields if f.column not in OF_HISTORY]
            statement = EVENTS.format(
                table=events._meta.db_table,
                columns=", ".join(f'"{name}"' for name in names),
                columns_of_one=", ".join(f'one."{name}"' for name in names),
                sites_used=len(sites) - 3,
            )
            cursor.execute(statement, {"sites": [site.pk for site in sites], "rows": rows})
        cursor.execute(DATA_READS, given | {"rows": READS})
        cursor.execute(TOKEN_EVENTS, given | {"rows": TOKENS})
        cursor.execute(MEMBERS_FROM_THE_START)
        cursor.execute("ANALYZE")


@pytest.mark.django_db
def test_pages_of_the_audit_log() -> None:
    organisation = make.make_organisation()
    sites = [make.make_factory(organisation=organisation) for _ in range(SITES)]
    people = [make.make_user() for _ in range(PEOPLE)]
    for person in people:
        make.make_membership(user=person, role=Role.HQ_MANAGER, organisation=organisation)
    fill(sites, people)
    client = Client()
    client.force_login(people[0])
    busy, usual = people[0].pk, people[-1].pk
    pages = {
        "newest": "",
        "entries": "kind=energyentry",
        "tokens": "kind=apitoken",
        "reads": "act=read",
        "changed": "act=changed",
        "one site": f"factory={sites[0].pk}",
        "a site without events": f"factory={sites[-1].pk}",
        "a busy person": f"by={busy}",
        "a person": f"by={usual}",
        "a person at a site": f"by={usual}&factory={sites[0].pk}",
        "two years ago": "last=2024-12-01",
    }

    figures = {"yardstick: styleguide, no query": time_page(client, "/styleguide/")}
    figures |= {name: time_page(client, f"/audit/?{asked}") for name, asked in pages.items()}

    for name, page in figures.items():
        print(f"{name:>32}: {page}, {page.rows} rows")  # noqa: T201
    assert figures["newest"].rows > 0
    assert figures["a busy person"].rows > 0
