"""Every path of the public API, below `/api/v1/`."""

from django.urls import URLPattern, URLResolver, include, path

from gateway.api.docs import OpenApiDocument
from gateway.api.queue_status import QueueStatus

urlpatterns: list[URLPattern | URLResolver] = [
    path("openapi.json", OpenApiDocument.as_view(), name="openapi-document"),
    path("queue/status", QueueStatus.as_view()),
    path("", include("merchants.api.urls")),
    path("", include("payments.api.urls")),
    path("", include("refunds.api.urls")),
    path("", include("webhooks.api.urls")),
    path("", include("checkout.api.urls")),
]
