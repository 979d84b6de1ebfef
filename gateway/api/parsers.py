"""The one format this API reads."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser

from gateway.api.errors import MalformedBody, RequestTooLarge
from gateway.api.json_body import read_json


class StrictJsonParser(BaseParser):
    """A JSON object of bounded size, read strictly (`gateway.api.json_body`)."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The object in the body; an empty body is an empty object."""
        limit: int = settings.API_MAX_BODY_BYTES
        raw: bytes = stream.read(limit + 1)
        if len(raw) > limit:
            raise RequestTooLarge(limit_bytes=limit)
        if not raw.strip():
            return {}
        body = read_json(raw)
        if not isinstance(body, dict):
            message = "The body must be a JSON object."
            raise MalformedBody(message)
        return body
