"""The way in: the link that the merchant sent."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from checkout.errors import SessionNotOpen
from checkout.presenters import bill, seller, web_address
from checkout.selectors.sessions import reusable_session
from checkout.services.create_session import create_session
from checkout.views.visits import guarded, missing
from gateway.api import ratelimit
from gateway.api.client_address import client_address
from gateway.core import clock, context
from gateway.core.context import Actor
from gateway.core.errors import NotFound
from gateway.core.ids import from_public
from merchants.selectors.merchant_by_id import merchant_by_id
from payments.models import Order
from payments.rules.checkout_links import is_checkout_token
from payments.selectors.orders import order_by_id


@require_safe
def enter(request: HttpRequest, order: str, token: str) -> HttpResponse:
    """Lead to the order's session: the one that is open, or a fresh one."""
    if not ratelimit.allow("ip", client_address(request)).allowed:
        return guarded(render(request, "checkout/busy.html", status=429))
    try:
        found = order_by_id(from_public("ord", order)) if is_checkout_token(order, token) else None
    except NotFound:
        found = None
    if found is None:
        return missing(request)
    tenant = found.tenant
    with (
        context.bound(actor=Actor("customer", order), merchant_id=tenant.merchant_id, livemode=tenant.livemode),
        clock.of_merchant(tenant.merchant_id, tenant.livemode),
    ):
        now = clock.now()
        session = reusable_session(found, now)
        if session is None:
            try:
                session = create_session(tenant=tenant, order_id=found.id, now=now)
            except SessionNotOpen:
                return _closed(request, found)
        return guarded(redirect("checkout:session", session.public_id))


def _closed(request: HttpRequest, order: Order) -> HttpResponse:
    merchant = merchant_by_id(order.merchant_id)
    shown = {
        **seller(merchant, livemode=order.livemode),
        "bill": bill(order),
        "order_status": order.status,
        "cancel_url": web_address(order.return_url or order.cancel_url),
    }
    if order.status == "paid":
        shown |= {"already_paid": True, "bill": bill(order) | {"amount": order.amount}}
    return guarded(render(request, "checkout/closed.html", shown))
