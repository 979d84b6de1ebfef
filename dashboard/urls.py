"""Paths of the dashboard, below `/dashboard/`."""

from __future__ import annotations

from django.urls import path

from dashboard.views import (
    anomalies,
    api_keys,
    deliveries,
    endpoints,
    events,
    home,
    orders,
    payment_actions,
    payments,
    refunds,
    session,
    settlements,
)

app_name = "dashboard"

urlpatterns = [
    path("", home.Home.as_view(), name="home"),
    path("first-order", home.FirstOrder.as_view(), name="first-order"),
    path("sign-in", session.SignIn.as_view(), name="sign-in"),
    path("sign-out", session.SignOut.as_view(), name="sign-out"),
    path("mode", session.ModeSwitch.as_view(), name="mode"),
    path("merchant", session.MerchantSwitch.as_view(), name="merchant"),
    path("payments", payments.PaymentList.as_view(), name="payments"),
    path("payments/<str:payment>", payments.PaymentDetail.as_view(), name="payment"),
    path("payments/<str:payment>/refund", payment_actions.Refund.as_view(), name="payment-refund"),
    path("payments/<str:payment>/capture", payment_actions.Capture.as_view(), name="payment-capture"),
    path("payments/<str:payment>/cancel", payment_actions.Cancel.as_view(), name="payment-cancel"),
    path("orders", orders.OrderList.as_view(), name="orders"),
    path("orders/<str:order>", orders.OrderDetail.as_view(), name="order"),
    path("orders/<str:order>/cancel", orders.OrderCancel.as_view(), name="order-cancel"),
    path("refunds", refunds.RefundList.as_view(), name="refunds"),
    path("refunds/<str:refund>/cancel", refunds.RefundCancel.as_view(), name="refund-cancel"),
    path("settlements", settlements.SettlementList.as_view(), name="settlements"),
    path("settlements/import", settlements.SettlementImport.as_view(), name="settlement-import"),
    path("settlements/<str:file>", settlements.SettlementDetail.as_view(), name="settlement"),
    path("anomalies", anomalies.AnomalyList.as_view(), name="anomalies"),
    path("anomalies/<str:anomaly>", anomalies.AnomalyDetail.as_view(), name="anomaly"),
    path("anomalies/<str:anomaly>/resolve", anomalies.AnomalyResolve.as_view(), name="anomaly-resolve"),
    path("api-keys", api_keys.ApiKeyList.as_view(), name="api-keys"),
    path("api-keys/create", api_keys.ApiKeyCreate.as_view(), name="api-key-create"),
    path("api-keys/<str:key>/rotate", api_keys.ApiKeyRotate.as_view(), name="api-key-rotate"),
    path("api-keys/<str:key>/revoke", api_keys.ApiKeyRevoke.as_view(), name="api-key-revoke"),
    path("webhooks", endpoints.EndpointList.as_view(), name="endpoints"),
    path("webhooks/create", endpoints.EndpointCreate.as_view(), name="endpoint-create"),
    path("webhooks/<str:endpoint>", endpoints.EndpointDetail.as_view(), name="endpoint"),
    path("webhooks/<str:endpoint>/edit", endpoints.EndpointEdit.as_view(), name="endpoint-edit"),
    path("webhooks/<str:endpoint>/rotate", endpoints.EndpointRotate.as_view(), name="endpoint-rotate"),
    path("webhooks/<str:endpoint>/test", endpoints.EndpointTest.as_view(), name="endpoint-test"),
    path("webhooks/<str:endpoint>/status", endpoints.EndpointStatus.as_view(), name="endpoint-status"),
    path("webhooks/<str:endpoint>/delete", endpoints.EndpointDelete.as_view(), name="endpoint-delete"),
    path("deliveries", deliveries.DeliveryList.as_view(), name="deliveries"),
    path("deliveries/<str:delivery>", deliveries.DeliveryDetail.as_view(), name="delivery"),
    path("deliveries/<str:delivery>/resend", deliveries.DeliveryResend.as_view(), name="delivery-resend"),
    path("events", events.EventList.as_view(), name="events"),
    path("events/<str:event>", events.EventDetail.as_view(), name="event"),
]
