"""Generated requests, right and wrong, against the whole schema: no 5xx, and no answer that the schema denies.

Each request is rolled back, so that one which signs everybody out does not end the search. In CI the same
requests each time (tests/environment.py); developers' runs look for new ones.
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.roles import Role, Scope
from accounts.tokens import NAMED_SCOPES
from tests import make
from tests.carbontrack.api_world import World, make_world
from tests.carbontrack.test_examples import names, the_schema
from tests.cast import with_token
from tests.shared import shared

pytestmark = pytest.mark.django_db
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Requests of each kind and operation: by HQ, who get furthest; so many of them by each of the others too.
OF_HQ = {GenerationMode.POSITIVE: 5, GenerationMode.NEGATIVE: 4}
OF_OTHERS = {GenerationMode.POSITIVE: 2, GenerationMode.NEGATIVE: 1}
NOT_SENT = {"Host", "Content-Length", "User-Agent", "Accept-Encoding", "Connection", "Authorization", "Cookie"}


def operations() -> dict[str, Any]:
    loaded = schemathesis.openapi.from_dict(the_schema())
    found = [result.ok() for result in loaded.get_all_operations()]
    return {operation.definition.raw["operationId"]: operation for operation in found}


@pytest.fixture(scope="module")
def loaded_operations() -> dict[str, Any]:
    return operations()


def make_askers() -> tuple[World, dict[str, Client]]:
    """HQ, every other role, the superuser without one, an integrator's tokens that read and that write, and nobody."""
    world = make_world()
    organisation = world.hq.memberships.get().organisation
    users = {role: make.make_user() for role in (Role.INSTALLER, Role.AUDITOR, Role.INTEGRATOR)}
    for role, user in users.items():
        make.make_membership(user=user, role=role, organisation=organisation)
    users[Role.FACTORY_MANAGER] = organisation.memberships.get(role=Role.FACTORY_MANAGER).user
    writes = [scope for scope in NAMED_SCOPES if scope is not Scope.READ]
    return world, {
        Role.HQ_MANAGER: world.client,
        **{role: with_token(make.make_token(user)) for role, user in users.items()},
        "superuser": with_token(make.make_token(make.make_user(is_superuser=True, is_staff=True))),
        "token that reads": with_token(make.make_token(users[Role.INTEGRATOR], Scope.READ)),
        "token that writes": with_token(make.make_token(users[Role.INTEGRATOR], Scope.READ, *writes)),
        "nobody": Client(raise_request_exception=False),
    }


kept_askers = shared("kept_askers", make_askers)


@pytest.fixture
def world(kept_askers: tuple[World, dict[str, Client]]) -> World:
    return kept_askers[0]


@pytest.fixture
def who_ask(kept_askers: tuple[World, dict[str, Client]]) -> dict[str, Client]:
    for client in kept_askers[1].values():
        client.cookies.clear()
    return kept_askers[1]


def send(client: Client, case: Any) -> Response:
    """The case through Django's own test client: same thread, same connection, same transaction."""
    asked = requests.Request(**case.as_transport_kwargs(base_url="http://testserver/api")).prepare()
    body = asked.body or b""
    answer: Any = client.generic(
        str(asked.method),
        str(asked.path_url),
        body.encode() if isinstance(body, str) else body,
        content_type=asked.headers.get("Content-Type", "application/json"),
        headers={name: value for name, value in asked.headers.items() if name not in NOT_SENT},
    )
    sent = {name.lower(): [value] for name, value in answer.items()}
    return Response(answer.status_code, sent, answer.getvalue(), asked, 0.01, verify=False)


def with_rows_that_are_there(case: Any, values: dict[str, Any]) -> None:
    for name in case.path_parameters or {}:
        if name in values:
            case.path_parameters[name] = values[name]


def refuse_unless_it_holds(case: Any, answer: Response) -> None:
    # What has no body has no type.
    checks = [check for check in CHECKS if answer.content or check is not content_type_conformance]
    if (case.query or {}).get("as") in ("json", "pact"):
        # A file in JSON: OpenAPI 2 states one shape, that of the answer. The file has a schema in compliance/formats/.
        checks = [check for check in checks if check is not response_schema_conformance]
    case.validate_response(answer, checks=checks)


@pytest.mark.parametrize("name", names())
def test_no_request_breaks_the_api_or_its_schema(
    name: str,
    world: World,
    who_ask: dict[str, Client],
    loaded_operations: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lib.limits.CountedThrottle.allow_request", lambda *_args: True)
    operation = loaded_operations[name]
    rows = world.path_values.get(operation.path.split("/")[1], {})
    values = {parameter: value() if callable(value) else value for parameter, value in rows.items()}
    answers: list[int] = []

    def search(mode: GenerationMode) -> None:
        askers = itertools.chain([list(who_ask.values())] * OF_OTHERS[mode], itertools.repeat([world.client]))

        @contextlib.contextmanager
        def again_by_the_same(client: Client) -> Iterator[None]:
            """A finding is tried once more before it is told."""
            nonlocal askers
            try:
                yield
            except BaseException:
                askers = itertools.repeat([client])
                raise

        @settings(
            max_examples=OF_HQ[mode],
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        @given(case=operation.as_strategy(generation_mode=mode), is_row=st.booleans())
        def one(case: Any, is_row: bool) -> None:
            if is_row:
                with_rows_that_are_there(case, values)
            for client in next(askers):
                with again_by_the_same(client):
                    with transaction.atomic():
                        answer = send(client, case)
                        transaction.set_rollback(True)
                    answers.append(answer.status_code)
                    refuse_unless_it_holds(case, answer)

        one()

    for mode in OF_HQ:
        if mode is GenerationMode.POSITIVE or _has_parameters(operation):  # else nothing could be wrong
            search(mode)

    assert len(answers) >= len(who_ask)


def _has_parameters(operation: Any) -> bool:
    return bool(operation.body) or any(operation.iter_parameters())


def test_the_search_sees_an_answer_that_the_schema_denies(world: World, loaded_operations: dict[str, Any]) -> None:
    operation = loaded_operations["me"]
    asked = requests.Request("GET", "http://testserver/api/me/").prepare()
    body = json.dumps({"id": "seven"}).encode()
    wrong = Response(200, {"content-type": ["application/json"]}, body, asked, 0.01, verify=False)
    broken = Response(500, {"content-type": ["application/json"]}, b"{}", asked, 0.01, verify=False)

    for answer in (wrong, broken):
        with pytest.raises(FailureGroup, match=r"(?i)schema|server error"):
            refuse_unless_it_holds(operation.Case(), answer)
