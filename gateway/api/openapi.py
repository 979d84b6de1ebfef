"""The OpenAPI document is generated from the views: what they need, what they answer, what may go wrong."""

from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from gateway.api.views import GatewayView

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="1 to 255 printable ASCII characters, new for every intended operation. Kept for 30 days.",
)
_PREFER = OpenApiParameter(
    "Prefer",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="`wait=10` holds the answer, for at most that many seconds (30 at most), until the state has settled.",
)
_LIST = [
    OpenApiParameter("limit", OpenApiTypes.INT, description="1 to 100; 20 unless told."),
    OpenApiParameter("cursor", OpenApiTypes.STR, description="`next_cursor` of the page before."),
]
_SHAPE = [
    OpenApiParameter("fields", OpenApiTypes.STR, description="Only these fields, comma separated, with dotted paths."),
    OpenApiParameter("expand", OpenApiTypes.STR, description="Show these objects in the place of their ids."),
]
PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. `code` is stable; `docs/errors.md` lists every one.",
    "required": ["type", "title", "status", "detail", "code", "errors", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
        "request_id": {"type": "string"},
    },
    "additionalProperties": True,
}
_COMMON = {
    "400": "The request is not valid; `errors` names the fields.",
    "401": "The credentials are missing or wrong.",
    "403": "This credential may not do that.",
    "429": "Too many requests; see `Retry-After`.",
    "503": "Temporarily unavailable. It may have been carried out: repeat it with its key; see `Retry-After`.",
}


class _Envelope:
    """What drf-spectacular asks of a paginator."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["object", "data", "has_more", "next_cursor"],
            "properties": {
                "object": {"const": "list"},
                "data": schema,
                "has_more": {"type": "boolean"},
                "next_cursor": {"type": ["string", "null"]},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[Any]:
        return []


class GatewaySchema(AutoSchema):
    """Adds to every operation of a `GatewayView` the parameters and problems that the base view gives it."""

    def get_tags(self) -> list[str]:
        """The resource: the first part of the path below `/api/v1/`, or below `/api/` where a path has no version."""
        parts = [part for part in self.path.split("/") if part and not part.startswith("{")]
        if parts[:1] == ["api"]:
            parts = parts[2:] if parts[1:2] == ["v1"] else parts[1:]
        return [parts[0] if parts else "gateway"]

    def get_summary(self) -> str:
        """The first sentence of the description, for lists of operations."""
        sentence: str = self.get_description().split("\n\n")[0].replace("\n", " ").split(". ")[0]
        return sentence.removesuffix(".")

    def get_override_parameters(self) -> list[Any]:
        """The headers and query parameters that the base view reads."""
        view = self.view
        if not isinstance(view, GatewayView):
            return []
        if self.method == "POST":
            key_needed = getattr(view, "idempotency_key", None)
            if key_needed is None:
                return []
            key = OpenApiParameter(**{**vars(_IDEMPOTENCY_KEY), "required": key_needed == "required"})
            return [key, _PREFER] if getattr(view, "can_wait", False) else [key]
        if self.method == "GET":
            filters = [view.filters] if view.filters is not None else []
            return [*filters, *_LIST, *_SHAPE] if self._is_list_view() else list(_SHAPE)
        return []

    def _get_paginator(self) -> Any:
        """Lists come in our envelope."""
        return _Envelope()

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        """The operation with its problems."""
        operation = super().get_operation(*args, **kwargs)
        if operation is None or not isinstance(self.view, GatewayView):
            return operation
        responses = operation["responses"]
        texts = dict(_COMMON)
        if "{" in self.path:
            texts["404"] = "There is no such object for this merchant and mode."
        if self.method == "POST" and getattr(self.view, "idempotency_key", None):
            texts["409"] = "The object's state, or a request that still runs, refuses this."
            texts["422"] = "The idempotency key was used for another request."
        for status, text in texts.items():
            responses.setdefault(
                status, {"description": text, "content": {"application/problem+json": {"schema": _PROBLEM}}}
            )
        operation["responses"] = dict(sorted(responses.items()))
        if permission := self.view.permission_for(str(self.method)):
            operation["x-required-permission"] = permission
        return operation


def finish(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A postprocessing hook: adds the schema that every problem response names, drops the generator's own notes."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    _drop(result, "x-spec-enum-id")
    return result


def _drop(node: Any, name: str) -> None:
    if isinstance(node, dict):
        node.pop(name, None)
        for part in node.values():
            _drop(part, name)
    elif isinstance(node, list):
        for part in node:
            _drop(part, name)


def document() -> dict[str, Any]:
    """The OpenAPI document of the whole API."""
    generator: Any = SchemaGenerator()  # type: ignore[no-untyped-call]
    made: dict[str, Any] = generator.get_schema(request=None, public=True)
    return made
