"""`/api/v1/openapi.json`, `/api/docs` and `/api/docs/errors`: without any CDN, under the site's strict CSP."""

from functools import lru_cache

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View
from drf_spectacular.views import SpectacularSwaggerSplitView

from gateway.api.error_codes import every_error_code
from gateway.api.openapi import document


@lru_cache(maxsize=1)
def _document_bytes() -> bytes:
    return orjson.dumps(document())


@lru_cache(maxsize=1)
def _error_rows() -> list[dict[str, str]]:
    return [
        {
            "code": one.code,
            "status": str(one.status),
            "meaning": one.meaning.replace("`", ""),
            "retry": one.retry.replace("`", ""),
        }
        for one in every_error_code()
    ]


class OpenApiDocument(View):
    """The document itself; anybody may read it, from anywhere."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The OpenAPI 3.1 document as JSON."""
        anywhere = {"Access-Control-Allow-Origin": "*"}
        return HttpResponse(_document_bytes(), content_type="application/json", headers=anywhere)


class SwaggerPage(SpectacularSwaggerSplitView):
    """The browsable description: its script comes from a URL of its own, so that no inline script is needed."""

    url_name = "openapi-document"
    authentication_classes = ()
    template_name = "gateway_api/swagger.html"


class ErrorsPage(View):
    """Where the `type` of a problem leads."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Every error code, with an anchor each."""
        return render(request, "gateway_api/errors.html", {"rows": _error_rows()})
