"""Paths of refunds, below `/api/v1/`."""

from django.urls import path

from refunds.api import refunds

urlpatterns = [
    path("refunds", refunds.RefundsView.as_view()),
    path("refunds/<str:refund>", refunds.RefundView.as_view()),
    path("refunds/<str:refund>/cancel", refunds.CancelRefundView.as_view()),
]
