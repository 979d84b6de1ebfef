"""Paths below `/api/v1/`."""

from __future__ import annotations

from django.urls import path

from payments.api import customers, orders, payment_methods, payments, tokens

urlpatterns = [
    path("orders", orders.Orders.as_view()),
    path("orders/<str:order>", orders.OrderDetail.as_view()),
    path("orders/<str:order>/cancel", orders.OrderCancellation.as_view()),
    path("orders/<str:order>/payments", orders.OrderPayments.as_view()),
    path("tokens", tokens.Tokens.as_view()),
    path("customers", customers.Customers.as_view()),
    path("customers/<str:customer>", customers.CustomerDetail.as_view()),
    path("customers/<str:customer>/payments", customers.CustomerPayments.as_view()),
    path("customers/<str:customer>/payment_methods", customers.CustomerPaymentMethods.as_view()),
    path("payment_methods", payment_methods.PaymentMethods.as_view()),
    path("payment_methods/<str:payment_method>", payment_methods.PaymentMethodDetail.as_view()),
    path("payment_methods/<str:payment_method>/attach", payment_methods.PaymentMethodAttachment.as_view()),
    path("payment_methods/<str:payment_method>/detach", payment_methods.PaymentMethodDetachment.as_view()),
    path("payments", payments.Payments.as_view()),
    path("payments/<str:payment>", payments.PaymentDetail.as_view()),
    path("payments/<str:payment>/confirm", payments.PaymentConfirmation.as_view()),
    path("payments/<str:payment>/capture", payments.PaymentCapture.as_view()),
    path("payments/<str:payment>/cancel", payments.PaymentCancellation.as_view()),
    path("payments/<str:payment>/operations", payments.PaymentOperations.as_view()),
    path("payments/<str:payment>/events", payments.PaymentEvents.as_view()),
]
