"""Every path of the site."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path
from django.utils.functional import lazy
from django.views.generic import RedirectView

from dashboard.views.session import StaffSignIn
from gateway.api.docs import ErrorsPage, SwaggerPage
from webhooks.api.inbox import receive as receive_provider_webhook

handler400 = "gateway.api.error_handlers.bad_request"
handler500 = "gateway.api.error_handlers.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("gateway.observability.urls")),
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("img/mark.svg"))),
    path("", RedirectView.as_view(pattern_name="dashboard:home")),
    path("dashboard/", include("dashboard.urls")),
    # One way in for everybody, with one set of limits: staff sign in where merchants do.
    path("staff/login/", StaffSignIn.as_view()),
    path("staff/", admin.site.urls),
    path("api/v1/", include("config.api_urls")),
    path("api/payments/", include("config.integration_routes")),
    path("webhooks/<str:provider>/<str:account>", receive_provider_webhook, name="provider-webhook"),
    path("api/docs", SwaggerPage.as_view(), name="api-docs"),
    path("api/docs/errors", ErrorsPage.as_view(), name="error-codes"),
    path("auth/", include("merchants.api.auth_urls")),
    path("", include("checkout.urls")),
]
