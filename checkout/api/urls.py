"""Paths below `/api/v1/`."""

from __future__ import annotations

from django.urls import path

from checkout.api.sessions import CheckoutSessionDetail, CheckoutSessionExpiry, CheckoutSessions

urlpatterns = [
    path("checkout/sessions", CheckoutSessions.as_view()),
    path("checkout/sessions/<str:session>", CheckoutSessionDetail.as_view()),
    path("checkout/sessions/<str:session>/expire", CheckoutSessionExpiry.as_view()),
]
