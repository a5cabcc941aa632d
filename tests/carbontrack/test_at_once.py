"""Equal calls that come at once: a double tap, a retry, two people. One of them wins, and none is an error of ours."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoDbBlocker

from accounts.models import Invitation, Membership, User
from energy.models import LocalUnit
from tests import database, make, shared
from tests.carbontrack.api_world import World, make_world
from tests.carbontrack.test_examples import NOT_SIGNED_IN, operations, send, the_schema, url_of
from tests.measuring import at_once
from tests.mqtt_ingest.firmware import use_key

pytestmark = pytest.mark.django_db(transaction=True)
WRITES = [operation["operationId"] for method, _path, operation in operations() if method != "GET"]


@pytest.fixture(scope="module")
def committed_world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Made and committed once; each test leaves its rows as they were."""
    with django_db_blocker.unblock():
        shared.end()  # rows of the tests before may still be there: this begins before what a test itself asks for
        world = make_world()
        with database.going_back():
            yield world


@pytest.fixture
def world(committed_world: World, transactional_db: None, settings: Any) -> World:
    use_key(settings)
    return committed_world


def four_times(world: World, name: str) -> list[int]:
    method, path, operation = next(found for found in operations() if found[2]["operationId"] == name)
    url = url_of(world, path, the_schema()["paths"][path], operation)
    if name in world.before:
        world.before[name]()
    person = world.people.get(name, world.hq)
    headers = {} if name in NOT_SIGNED_IN else {"Authorization": f"Token {make.make_token(person)}"}

    def call(number: int) -> int:
        return int(send(Client(headers=headers, raise_request_exception=False), method, url, operation).status_code)

    return sorted(at_once(4, call))


@pytest.mark.parametrize("name", WRITES)
def test_four_equal_calls_at_once_are_no_500(name: str, world: World) -> None:
    statuses = four_times(world, name)

    assert statuses[0] < 300, statuses
    assert statuses[-1] < 500, statuses


def test_four_equal_local_units_are_one(world: World) -> None:
    statuses = four_times(world, "local-units_create")

    assert statuses == [201, 400, 400, 400]
    assert LocalUnit.objects.filter(name="lorry").count() == 1


def test_four_who_accept_one_invitation_are_one(world: World) -> None:
    statuses = four_times(world, "invitations_accept")

    assert statuses == [201, 409, 409, 409]
    assert User.objects.filter(email="chepkoech@tea.example").count() == 1
    assert Invitation.objects.filter(accepted_at__isnull=False).count() == 1


def test_a_person_who_accepts_three_invitations_at_once_is_one_member(world: World) -> None:
    tokens = [
        make.make_invitation(world.hq, world.hq.memberships.get().organisation.factories.first()) for _ in range(3)
    ]
    joins = make.make_user()
    browser = {"Authorization": f"Token {make.make_token(joins)}"}

    def accept(number: int) -> int:
        body = {"token": tokens[number]}
        return (
            Client(headers=browser).post("/api/invitations/accept/", body, content_type="application/json").status_code
        )

    assert at_once(3, accept) == [201, 201, 201]
    assert Membership.objects.filter(user=joins).count() == 1
