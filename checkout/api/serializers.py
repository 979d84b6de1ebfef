"""What checkout's endpoints take and show."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from gateway.api.serializers import MetadataField, StrictSerializer, TextField, TypeIdField

LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


class WebAddressField(TextField):
    """An http or https address, without credentials in it."""

    default_error_messages = {"not_a_web_address": "Write an http or https address."}

    def to_internal_value(self, data: object) -> str:
        """The address."""
        text = super().to_internal_value(data)
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            self.fail("not_a_web_address")
        return text


@extend_schema_field({"type": "string", "maxLength": 20, "pattern": f"^{LANGUAGE_TAG.pattern}$", "example": "en-GB"})
class LocaleField(TextField):
    """A language tag (BCP 47). Where we do not have the language, the page is in the one that the browser asks for."""

    default_error_messages = {"not_a_language_tag": "Write a language tag, e.g. en or pt-BR."}

    def to_internal_value(self, data: object) -> str:
        """The tag."""
        text = super().to_internal_value(data)
        if not LANGUAGE_TAG.fullmatch(text):
            self.fail("not_a_language_tag")
        return text


class CreateSessionInput(StrictSerializer):
    """A new session."""

    order = TypeIdField("ord")
    success_url = WebAddressField(required=False, max_length=2000)
    cancel_url = WebAddressField(required=False, max_length=2000)
    locale = LocaleField(required=False, max_length=20)
    metadata = MetadataField(required=False)


class ExpireSessionInput(StrictSerializer):
    """Nothing is asked."""


class SessionShown(serializers.Serializer[object]):
    """A checkout session."""

    id = serializers.CharField()
    object = serializers.CharField()
    livemode = serializers.BooleanField()
    order = serializers.CharField()
    status = serializers.ChoiceField(choices=["open", "processing", "complete", "expired"])
    url = serializers.CharField(help_text="The hosted page: send the customer there.")
    success_url = serializers.CharField(allow_null=True)
    cancel_url = serializers.CharField(allow_null=True)
    locale = serializers.CharField(allow_null=True)
    attempts = serializers.IntegerField(help_text="How often the customer has pressed Pay.")
    metadata = MetadataField()
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    completed_at = serializers.DateTimeField(allow_null=True)
