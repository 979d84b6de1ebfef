"""What the search field of a list finds: ids of ours exactly, references and customers by their beginning."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from gateway.core.errors import NotFound
from gateway.core.ids import from_public
from gateway.core.tenancy import Tenant
from gateway.events.models import Event
from payments.models import Order, Payment
from refunds.models import Refund
from refunds.selectors.refunds import payment_id_of_refund
from webhooks.models import Delivery


def search_payments(rows: QuerySet[Payment], tenant: Tenant, words: str) -> QuerySet[Payment]:
    """By the id of a payment, order, customer or refund, the order's reference, the customer, or the last four digits."""
    if (payment_id := _id("pay", words)) is not None:
        return rows.filter(id=payment_id)
    if (order_id := _id("ord", words)) is not None:
        return rows.filter(order_id=order_id)
    if (customer_id := _id("cus", words)) is not None:
        return rows.filter(customer_id=customer_id)
    if words.startswith("rfd_"):
        refunded = payment_id_of_refund(tenant, words)
        return rows.none() if refunded is None else rows.filter(id=refunded)
    found = (
        Q(order__reference__istartswith=words)
        | Q(customer__name__icontains=words)
        | Q(customer__email__istartswith=words)
        | Q(provider_reference=words)
    )
    if len(words) == 4 and words.isascii() and words.isdigit():
        found |= Q(payment_method__details__last4=words)
    return rows.filter(found)


def search_orders(rows: QuerySet[Order], words: str) -> QuerySet[Order]:
    """By the id of an order or customer, the reference, the description, or the customer."""
    if (order_id := _id("ord", words)) is not None:
        return rows.filter(id=order_id)
    if (customer_id := _id("cus", words)) is not None:
        return rows.filter(customer_id=customer_id)
    return rows.filter(
        Q(reference__istartswith=words)
        | Q(description__icontains=words)
        | Q(customer__name__icontains=words)
        | Q(customer__email__istartswith=words)
    )


def search_refunds(rows: QuerySet[Refund], words: str) -> QuerySet[Refund]:
    """By the id of a refund, payment or order, or by the bank's reference."""
    if (refund_id := _id("rfd", words)) is not None:
        return rows.filter(id=refund_id)
    if (payment_id := _id("pay", words)) is not None:
        return rows.filter(payment_id=payment_id)
    if (order_id := _id("ord", words)) is not None:
        return rows.filter(order_id=order_id)
    return rows.filter(Q(provider_reference=words) | Q(order__reference__istartswith=words))


def search_deliveries(rows: QuerySet[Delivery], words: str) -> QuerySet[Delivery]:
    """By the id of a delivery, event or endpoint, or the beginning of the event's type."""
    if (delivery_id := _id("whd", words)) is not None:
        return rows.filter(id=delivery_id)
    if (event_id := _id("evt", words)) is not None:
        return rows.filter(event_id=event_id)
    if (endpoint_id := _id("we", words)) is not None:
        return rows.filter(endpoint_id=endpoint_id)
    return rows.filter(event_type__istartswith=words)


def search_events(rows: QuerySet[Event], words: str) -> QuerySet[Event]:
    """By the id of an event or of what it is about, or the beginning of its type."""
    if (event_id := _id("evt", words)) is not None:
        return rows.filter(id=event_id)
    for prefix in ("pay", "ord", "rfd", "cus", "we"):
        if (subject_id := _id(prefix, words)) is not None:
            return rows.filter(subject_id=subject_id)
    return rows.filter(type__istartswith=words)


def _id(prefix: str, words: str) -> UUID | None:
    try:
        return from_public(prefix, words)
    except NotFound:
        return None
