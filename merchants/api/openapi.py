"""How our credentials are described in the OpenAPI document."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Key id and secret, as HTTP Basic or as a pair of headers."""

    target_class = "merchants.api.authentication.ApiKeyAuthentication"
    name = ["apiKeyBasic", "apiKeyId", "apiKeySecret"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        """The three schemes; the last two go together."""
        return [
            {"type": "http", "scheme": "basic", "description": "User name: the key's id. Password: its secret."},
            {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
            {"type": "apiKey", "in": "header", "name": "X-Api-Secret"},
        ]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        """Basic, or both headers."""
        return [{"apiKeyBasic": []}, {"apiKeyId": [], "apiKeySecret": []}]


class PersonScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The access token of a person."""

    target_class = "merchants.api.authentication.PersonAuthentication"
    name = "personToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """A bearer JWT."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "From POST /auth/token."}
