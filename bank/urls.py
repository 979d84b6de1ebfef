"""Every address of the bank."""

from django.urls import path

from bank.views import accounts, challenge, payments, settlements, witness

urlpatterns = [
    path("", challenge.front_page),
    path("health", accounts.health),
    path("v1/accounts", accounts.accounts),
    path("v1/account", accounts.account),
    path("v1/status", accounts.status),
    path("v1/tokens", payments.tokens),
    path("v1/tokens/<str:token_id>", payments.token),
    path("v1/payments", payments.payments),
    path("v1/payments/<str:payment_id>", payments.payment),
    path("v1/payments/<str:payment_id>/captures", payments.captures),
    path("v1/payments/<str:payment_id>/void", payments.voids),
    path("v1/payments/<str:payment_id>/refunds", payments.refunds),
    path("v1/void_if_absent", payments.void_by_key),
    path("v1/settlements", settlements.settlements),
    path("v1/settlements/<str:name>", settlements.settlement),
    path("v1/journal", witness.journal),
    path("v1/faults", witness.faults),
    path("v1/faults/release", witness.released),
    path("challenge/<str:challenge_id>", challenge.page),
    path("assets/<str:name>", challenge.asset),
]

handler404 = "bank.views.frame.not_found"
handler500 = "bank.views.frame.server_error"
