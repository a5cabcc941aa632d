"""Scope and right: what each membership reaches, and that a token only ever narrows it."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import ApiToken, Membership, User
from accounts.permissions import get_visible, may, organisations_of, require, visible_to
from accounts.roles import ROLE_ACTIONS, SCOPE_ACTIONS, Action, Role, Scope
from factories.models import Factory
from tests import make

pytestmark = pytest.mark.django_db


def names(user: User, action: Action | None = None) -> set[str]:
    fresh = User.objects.get(pk=user.pk)  # memberships are read once a request
    seen = visible_to(fresh, Factory.objects.all(), factory_path="", action=action)
    return set(seen.values_list("name", flat=True))


@pytest.fixture
def group() -> dict[str, Factory]:
    """Three factories of one organisation in two counties, one in the first county of another organisation."""
    tea, other = make.make_organisation(name="Tea"), make.make_organisation(name="Other")
    return {
        "Litein": make.make_factory(organisation=tea, name="Litein", county="Kericho"),
        "Momul": make.make_factory(organisation=tea, name="Momul", county="Kericho"),
        "Kapset": make.make_factory(organisation=tea, name="Kapset", county="Bomet"),
        "Foreign": make.make_factory(organisation=other, name="Foreign", county="Kericho"),
    }


def test_a_membership_of_a_factory_reaches_that_one(group: dict[str, Factory]) -> None:
    user = make.make_user()
    make.make_membership(user=user, role=Role.FACTORY_MANAGER, factory=group["Litein"])

    assert names(user) == {"Litein"}


def test_a_membership_of_a_county_reaches_that_county_of_its_organisation(group: dict[str, Factory]) -> None:
    user = make.make_user()
    make.make_membership(user=user, role=Role.AUDITOR, organisation=group["Litein"].organisation, county="Kericho")

    assert names(user) == {"Litein", "Momul"}
    user = User.objects.get(pk=user.pk)
    assert may(user, Action.VIEW_READINGS, group["Momul"])
    assert not may(user, Action.VIEW_READINGS, group["Kapset"])
    assert not may(user, Action.VIEW_READINGS, group["Foreign"])


def test_a_membership_of_an_organisation_reaches_all_of_it(group: dict[str, Factory]) -> None:
    user = make.make_user()
    make.make_membership(user=user, role=Role.HQ_MANAGER, organisation=group["Litein"].organisation)

    assert names(user) == {"Litein", "Momul", "Kapset"}


def test_a_membership_that_names_a_factory_of_others_reaches_nothing(group: dict[str, Factory]) -> None:
    user = make.make_user()
    Membership.objects.create(
        user=user, organisation=group["Litein"].organisation, factory=group["Foreign"], role=Role.HQ_MANAGER
    )

    assert names(user) == set()
    assert not may(User.objects.get(pk=user.pk), Action.VIEW_FACTORY, group["Foreign"])


def test_each_role_counts_where_it_was_given(group: dict[str, Factory]) -> None:
    user = make.make_user()
    make.make_membership(user=user, role=Role.AUDITOR, organisation=group["Litein"].organisation)
    make.make_membership(user=user, role=Role.INSTALLER, factory=group["Momul"])

    assert names(user, Action.MANAGE_DEVICES) == {"Momul"}
    assert names(user, Action.VIEW_READINGS) == {"Litein", "Momul", "Kapset"}
    user = User.objects.get(pk=user.pk)
    assert not may(user, Action.MANAGE_DEVICES, group["Litein"])
    require(user, Action.MANAGE_DEVICES, group["Momul"])


def test_users_without_a_role_and_former_users_see_nothing(group: dict[str, Factory]) -> None:
    gone = make.make_user(is_active=False)
    make.make_membership(user=gone, role=Role.HQ_MANAGER, organisation=group["Litein"].organisation)

    assert names(gone) == set()
    assert not may(AnonymousUser(), Action.VIEW_FACTORY)
    assert not visible_to(AnonymousUser(), Factory.objects.all(), factory_path="").exists()


def test_out_of_scope_is_not_found_and_without_the_right_is_forbidden(group: dict[str, Factory]) -> None:
    user = make.make_user()
    make.make_membership(user=user, role=Role.FACTORY_MANAGER, factory=group["Litein"])
    factories = Factory.objects.all()

    with pytest.raises(Http404):
        get_visible(user, factories, Action.VIEW_FACTORY, factory_path="", pk=group["Momul"].pk)
    with pytest.raises(PermissionDenied):
        get_visible(user, factories, Action.EDIT_FACTORY, factory_path="", pk=group["Litein"].pk)
    found = get_visible(user, factories, Action.VIEW_FACTORY, factory_path="", pk=group["Litein"].pk)
    assert found == group["Litein"]


def test_only_a_role_in_the_whole_organisation_gives_the_whole_organisation(group: dict[str, Factory]) -> None:
    user = make.make_user()
    tea = group["Litein"].organisation
    make.make_membership(user=user, role=Role.HQ_MANAGER, factory=group["Foreign"])
    make.make_membership(user=user, role=Role.HQ_MANAGER, organisation=tea)

    assert organisations_of(user, Action.EDIT_FACTORY) == [tea.pk]


def test_an_integrator_writes_by_token_scope_and_never_by_session(group: dict[str, Factory]) -> None:
    user = make.make_user()
    make.make_membership(user=user, role=Role.INTEGRATOR, organisation=group["Litein"].organisation)
    by_session = may(user, Action.WRITE_READINGS, group["Litein"])
    user.api_token = ApiToken(scopes=[Scope.READ])
    by_read_token = may(user, Action.WRITE_READINGS, group["Litein"])
    user.api_token = ApiToken(scopes=[Scope.WRITE_EMISSIONS])
    by_write_token = may(user, Action.WRITE_READINGS, group["Litein"])

    assert (by_session, by_read_token, by_write_token) == (False, False, True)


def test_a_token_of_one_factory_reaches_no_other(group: dict[str, Factory]) -> None:
    user = make.make_user()
    make.make_membership(user=user, role=Role.HQ_MANAGER, organisation=group["Litein"].organisation)
    user.api_token = ApiToken(scopes=[Scope.ALL], factory=group["Litein"])

    seen = visible_to(user, Factory.objects.all(), factory_path="")

    assert set(seen) == {group["Litein"]}
    assert may(user, Action.EDIT_FACTORY, group["Litein"])
    assert not may(user, Action.EDIT_FACTORY, group["Momul"])


def test_a_token_of_a_factory_out_of_reach_reaches_nothing(group: dict[str, Factory]) -> None:
    user = make.make_user()
    make.make_membership(user=user, role=Role.HQ_MANAGER, organisation=group["Litein"].organisation)
    user.api_token = ApiToken(scopes=[Scope.ALL], factory=group["Foreign"])

    assert not visible_to(user, Factory.objects.all(), factory_path="").exists()


def test_nobody_writes_with_a_token_that_reads() -> None:
    writing = {Action.EDIT_FACTORY, Action.WRITE_READINGS, Action.MANAGE_DEVICES}

    assert not SCOPE_ACTIONS[Scope.READ] & writing
    assert not ROLE_ACTIONS[Role.AUDITOR] & writing
    assert not ROLE_ACTIONS[Role.FACTORY_MANAGER] & writing


class TestScopeAndRightAgree(TestCase):
    """Whatever memberships somebody has, the list and the single question give the same answer."""

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(data=st.data())
    def test_visible_to_and_may_agree(self, data: st.DataObject) -> None:
        counties = ["Kericho", "Bomet"]
        organisations = [make.make_organisation() for _ in range(2)]
        factories = [
            make.make_factory(organisation=o, county=c) for o in organisations for c in counties for _ in range(2)
        ]
        user = make.make_user()
        for _ in range(data.draw(st.integers(0, 3))):
            organisation = data.draw(st.sampled_from(organisations))
            scope = data.draw(
                st.sampled_from([{}, {"county": "Kericho"}, {"factory": data.draw(st.sampled_from(factories))}])
            )
            role = data.draw(st.sampled_from(list(Role)))
            whole = {"county": "", "factory": None}
            Membership.objects.get_or_create(user=user, organisation=organisation, role=role, **(whole | scope))
        scopes = data.draw(st.none() | st.lists(st.sampled_from(list(Scope)), min_size=1))
        if scopes is not None:
            bound = data.draw(st.none() | st.sampled_from(factories))
            user.api_token = ApiToken(scopes=scopes, factory=bound)

        for action in Action:
            seen = set(visible_to(user, Factory.objects.all(), factory_path="", action=action))
            allowed = {factory for factory in factories if may(user, action, factory)}
            assert seen == allowed
            assert may(user, action) or not allowed
            assert seen <= set(visible_to(user, Factory.objects.all(), factory_path=""))
