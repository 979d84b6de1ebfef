"""Paths below `/auth/`."""

from django.urls import path

from merchants.api.sessions import TokenPair, TokenRefresh, TokenRevocation

urlpatterns = [
    path("token", TokenPair.as_view()),
    path("token/refresh", TokenRefresh.as_view()),
    path("token/revoke", TokenRevocation.as_view()),
]
