"""Health and metrics over HTTP."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from gateway.observability import health, metrics


@require_safe
@never_cache
def deep_health(_request: HttpRequest) -> HttpResponse:
    """Every check. 503 when a critical one fails; `degraded` is still 200, because payments go on."""
    return _answer(health.run_checks())


@require_safe
@never_cache
def live(_request: HttpRequest) -> HttpResponse:
    """This process answers. It asks nobody else: a restart would not bring a database back."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def ready(_request: HttpRequest) -> HttpResponse:
    """This process may be given requests: the database answers and has every migration."""
    return _answer(health.run_checks(health.READINESS))


@require_safe
@never_cache
def prometheus(request: HttpRequest) -> HttpResponse:
    """The metrics; with `METRICS_TOKEN` set, only to who sends it as a bearer token."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not constant_time_compare(given, settings.METRICS_TOKEN):
            return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)


def _answer(results: list[health.CheckResult]) -> HttpResponse:
    status = health.overall(results)
    body = {"status": status, "checks": {result.name: result.shown() for result in results}}
    return JsonResponse(body, status=503 if status == "down" else 200)
