"""The objects as the API shows them: used by the API, by events and by stored answers, so that all say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from gateway.core.ids import to_public
from gateway.core.partitions import prune_floor
from gateway.core.times import rfc3339
from payments.models import Anomaly, Customer, Operation, Order, Payment, PaymentMethod, ProviderAccount, Token
from payments.rules.checkout_links import checkout_url
from payments.states import PAYABLE

Shown = dict[str, Any]
# What an anomaly may be about -> the prefix of that object's public id.
_SUBJECTS = {
    "payment": "pay",
    "operation": "opn",
    "refund": "rfd",
    "settlement_file": "stl",
    "settlement_line": "stn",
}


def order_object(order: Order) -> Shown:
    """An order."""
    return {
        "id": order.public_id,
        "object": "order",
        "livemode": order.livemode,
        "amount": order.amount,
        "amount_paid": order.amount_paid,
        "amount_refunded": order.amount_refunded,
        "amount_due": order.amount_due if order.status in PAYABLE else 0,
        "currency": order.currency,
        "status": str(order.status),
        "reference": order.reference or None,
        "description": order.description or None,
        "line_items": order.line_items,
        "customer": _public("cus", order.customer_id),
        "return_url": order.return_url or None,
        "cancel_url": order.cancel_url or None,
        "checkout_url": checkout_url(order),
        "latest_payment": _public("pay", order.latest_payment_id),
        "metadata": order.metadata,
        "version": order.version,
        "created_at": rfc3339(order.created_at),
        "expires_at": rfc3339(order.expires_at),
        "paid_at": rfc3339(order.paid_at),
    }


def listed_payment(payment: Any) -> Shown:
    """A payment of a list that was read `with_operations`."""
    return payment_object(payment, operations=payment.operation_ids)


def payment_object(payment: Payment, operations: Sequence[UUID] | None = None) -> Shown:
    """A payment. `operations` are its operations' ids where the caller has them already (lists)."""
    method = payment.payment_method
    account = payment.provider_account
    return {
        "id": payment.public_id,
        "object": "payment",
        "livemode": payment.livemode,
        "amount": payment.amount,
        "currency": payment.currency,
        "status": str(payment.status),
        "order": to_public("ord", payment.order_id),
        "customer": _public("cus", payment.customer_id),
        "payment_method": method.public_id if method else None,
        "payment_method_details": {"type": method.type, method.type: method.details} if method else None,
        "capture_method": str(payment.capture_method),
        "amount_authorized": payment.amount_authorized,
        "amount_capturable": payment.amount_capturable,
        "amount_captured": payment.amount_captured,
        "amount_refunded": payment.amount_refunded,
        "amount_disputed": payment.amount_disputed,
        "next_action": _public_action(payment.next_action),
        "failure": payment.failure,
        "provider": account.provider if account else None,
        "provider_reference": payment.provider_reference or None,
        "operations": [to_public("opn", one) for one in (operation_ids(payment) if operations is None else operations)],
        "risk": payment.risk,
        "three_d_secure": payment.three_d_secure,
        "statement_descriptor": payment.statement_descriptor or None,
        "return_url": payment.return_url or None,
        "setup_future_usage": payment.setup_future_usage or None,
        "late_success": payment.late_success,
        "metadata": payment.metadata,
        "version": payment.version,
        "created_at": rfc3339(payment.created_at),
        "expires_at": rfc3339(payment.expires_at),
        "captured_at": rfc3339(payment.captured_at),
        "canceled_at": rfc3339(payment.canceled_at),
    }


def operation_object(operation: Operation) -> Shown:
    """An operation: one request to the provider, with its route and outcome."""
    failed = bool(operation.code)
    return {
        "id": operation.public_id,
        "object": "operation",
        "livemode": operation.livemode,
        "payment": to_public("pay", operation.payment_id),
        "kind": str(operation.kind),
        "status": str(operation.status),
        "amount": operation.amount,
        "currency": operation.currency,
        "provider": operation.provider_account.provider,
        "provider_account": operation.provider_account.public_id,
        "provider_reference": operation.provider_reference or None,
        "purpose": operation.purpose or None,
        "final": operation.is_final,
        "code": operation.code or None,
        "decline_code": operation.decline_code or None,
        "message": (operation.message or None) if failed else None,
        "metadata": {},
        "version": operation.version,
        "created_at": rfc3339(operation.created_at),
        "sent_at": rfc3339(operation.sent_at),
        "resolved_at": rfc3339(operation.resolved_at),
    }


def token_object(token: Token) -> Shown:
    """A token, masked."""
    return {
        "id": token.public_id,
        "object": "token",
        "livemode": token.livemode,
        "type": token.type,
        token.type: token.details,
        "used": token.used_at is not None,
        "metadata": {},
        "version": token.version,
        "created_at": rfc3339(token.created_at),
        "expires_at": rfc3339(token.expires_at),
    }


def payment_method_object(method: PaymentMethod, *, is_default: bool | None = None) -> Shown:
    """A payment method, masked. `is_default` is read from its customer unless given."""
    if is_default is None:
        is_default = bool(method.customer and method.customer.default_payment_method_id == method.id)
    return {
        "id": method.public_id,
        "object": "payment_method",
        "livemode": method.livemode,
        "type": method.type,
        method.type: method.details,
        "customer": _public("cus", method.customer_id),
        "is_default": is_default,
        "is_saved": method.is_saved,
        "metadata": method.metadata,
        "version": method.version,
        "created_at": rfc3339(method.created_at),
    }


def customer_object(customer: Customer) -> Shown:
    """A customer."""
    return {
        "id": customer.public_id,
        "object": "customer",
        "livemode": customer.livemode,
        "name": customer.name or None,
        "email": customer.email or None,
        "phone": customer.phone or None,
        "description": customer.description or None,
        "default_payment_method": _public("pm", customer.default_payment_method_id),
        "erased": customer.erased_at is not None,
        "metadata": customer.metadata,
        "version": customer.version,
        "created_at": rfc3339(customer.created_at),
    }


def provider_account_object(account: ProviderAccount) -> Shown:
    """A provider account, without its secrets."""
    return {
        "id": account.public_id,
        "object": "provider_account",
        "livemode": account.livemode,
        "provider": account.provider,
        "name": account.name,
        "is_active": account.is_active,
        "is_default": account.is_default,
        "metadata": {},
        "version": account.version,
        "created_at": rfc3339(account.created_at),
    }


def anomaly_object(anomaly: Anomaly) -> Shown:
    """An anomaly, for events. `amount` is what stands in suspense because of it: negative where money went out."""
    prefix = _SUBJECTS.get(anomaly.subject_type)
    return {
        "id": anomaly.public_id,
        "object": "anomaly",
        "livemode": anomaly.livemode,
        "kind": anomaly.kind,
        "status": anomaly.status,
        "subject_type": anomaly.subject_type,
        "subject": to_public(prefix, anomaly.subject_id) if prefix else str(anomaly.subject_id),
        "detail": anomaly.detail,
        "amount": anomaly.amount,
        "currency": anomaly.currency or None,
        "resolution": anomaly.resolution or None,
        "posting": anomaly.posting or None,
        "version": anomaly.version,
        "created_at": rfc3339(anomaly.created_at),
        "resolved_at": rfc3339(anomaly.resolved_at),
    }


def operation_ids(payment: Payment) -> list[UUID]:
    """The ids of a payment's operations, oldest first."""
    rows = Operation.objects.unscoped("children of a payment that the caller already has")
    mine = rows.filter(payment_id=payment.id, id__gte=prune_floor(payment.id))
    return list(mine.order_by("id").values_list("id", flat=True))


def _public(prefix: str, value: UUID | None) -> str | None:
    return None if value is None else to_public(prefix, value)


def _public_action(action: Mapping[str, Any] | None) -> Shown | None:
    return None if action is None else {name: value for name, value in action.items() if name != "origin"}
