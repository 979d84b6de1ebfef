"""Reading payments."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet

from gateway.core.errors import NotFound
from gateway.core.partitions import prune_floor
from gateway.core.tenancy import Tenant
from payments.models import Operation, Order, Payment
from payments.selectors.operations import open_operation
from payments.states import OPEN, PaymentStatus

_SHOWN = ("payment_method", "provider_account")


def get_payment(tenant: Tenant, payment_id: UUID) -> Payment:
    """The merchant's payment. Raises `NotFound`."""
    payment = list_payments(tenant).filter(id=payment_id).first()
    if payment is None:
        raise NotFound("There is no such payment.")
    return payment


def list_payments(tenant: Tenant) -> QuerySet[Payment]:
    """The merchant's payments in this mode, unordered, with what their representation shows."""
    return Payment.objects.for_merchant(tenant).select_related(*_SHOWN)


def with_operations(payments: QuerySet[Payment]) -> QuerySet[Payment]:
    """The same payments, each with its `operation_ids`, oldest first: for lists."""
    children = Operation.objects.unscoped("children of payments that the caller already has")
    mine = children.filter(payment_id=OuterRef("pk")).order_by("id")
    return payments.annotate(operation_ids=ArraySubquery(mine.values("id")))


def payments_by_id(tenant: Tenant, ids: Sequence[UUID]) -> dict[UUID, Payment]:
    """Those of these payments that are the merchant's, each with its `operation_ids`."""
    return with_operations(list_payments(tenant)).in_bulk(ids)


def payments_of_order(order: Order) -> QuerySet[Payment]:
    """Every attempt to pay this order, unordered."""
    return list_payments(order.tenant).filter(order_id=order.id, id__gte=prune_floor(order.id))


def payment_by_id(payment_id: UUID) -> Payment:
    """The payment of any merchant, for work whose row is the authority. Raises `NotFound`."""
    rows = Payment.objects.unscoped("work and providers name the payment by its id").select_related(*_SHOWN)
    payment = rows.filter(id=payment_id).first()
    if payment is None:
        raise NotFound("There is no such payment.")
    return payment


def payment_for_update(payment_id: UUID) -> Payment:
    """The payment, locked. Lock its order first. Raises `NotFound`."""
    rows = Payment.objects.unscoped("whoever locks has read it for its merchant or acts for the provider")
    payment = rows.select_for_update(of=("self",)).select_related(*_SHOWN).filter(id=payment_id).first()
    if payment is None:
        raise NotFound("There is no such payment.")
    return payment


def waiting_challenges() -> QuerySet[Payment]:
    """Payments of all merchants that wait for their customer while the provider is asked nothing: for sweeps."""
    return _that_nobody_asks_about(Q(status=PaymentStatus.REQUIRES_ACTION))


def unwanted_authorizations() -> QuerySet[Payment]:
    """Payments of all merchants that came too late and that the provider is not asked to give back: for sweeps."""
    return _that_nobody_asks_about(Q(status=PaymentStatus.REQUIRES_CAPTURE, counts_toward_order=False))


def _that_nobody_asks_about(condition: Q) -> QuerySet[Payment]:
    reason = "the sweep looks after every merchant"
    asked = Operation.objects.unscoped(reason).filter(payment_id=OuterRef("pk"), status__in=OPEN)
    rows = Payment.objects.unscoped(reason)
    return rows.filter(condition, ~Exists(asked)).order_by("id")


def settled_payment(payment: Payment) -> Payment | None:
    """The payment as it is now, once nothing about it is under way; None before that. For `Prefer: wait`."""
    present = payment_by_id(payment.id)
    return None if present.status == "processing" or open_operation(present) else present
