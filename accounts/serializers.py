"""Shapes of people in the API."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import User
from accounts.permissions import first_membership
from lib.phones import LONGEST_TYPED


class UserSerializer(serializers.Serializer[Any]):
    """Who is signed in. `role` and `factory` are those of the first membership."""

    id = serializers.IntegerField(read_only=True)
    email = serializers.EmailField(read_only=True, allow_null=True)
    phone = serializers.CharField(read_only=True, allow_null=True)
    first_name = serializers.CharField(read_only=True)
    last_name = serializers.CharField(read_only=True)
    role = serializers.SerializerMethodField()
    factory = serializers.SerializerMethodField()

    def get_role(self, user: User) -> str | None:
        membership = first_membership(user)
        return membership.role if membership else None

    def get_factory(self, user: User) -> int | None:
        membership = first_membership(user)
        return membership.factory_id if membership else None


class LoginSerializer(serializers.Serializer[Any]):
    """E-mail or phone, with the password, and the code of a second factor where one is set up."""

    email = serializers.EmailField(required=False)
    phone = serializers.CharField(required=False, max_length=LONGEST_TYPED)
    password = serializers.CharField(trim_whitespace=False, max_length=1000)
    code = serializers.CharField(required=False, max_length=20)

    class Meta:
        swagger_schema_fields = {"example": {"email": "hq@demo.carbontrack.example", "password": "carbontrack-demo"}}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs.get("email")) == bool(attrs.get("phone")):
            raise serializers.ValidationError(
                _("Send either email or phone, with the password."), code="email_or_phone"
            )
        return attrs


class TokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="send it as `Authorization: Token <token>`")
    expiry = serializers.DateTimeField()
    user = UserSerializer()
