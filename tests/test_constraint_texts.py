"""What a constraint says can be said: Django formats the text, and a single percent sign in it is an error 500."""

import pytest
from django.apps import apps
from django.db.models import BaseConstraint

CONSTRAINTS = {
    f"{model._meta.label}.{constraint.name}": constraint
    for model in apps.get_models()
    for constraint in model._meta.constraints
}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_the_text_of_a_constraint_can_be_formatted(name: str) -> None:
    constraint: BaseConstraint = CONSTRAINTS[name]

    assert str(constraint.get_violation_error_message())
