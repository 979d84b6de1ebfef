"""The tail of every service here: rows, events, audit, then the work that remains, in one order, always.

A service locks an order and a payment, opens a `Change`, alters the rows as the rules say, names the events, and closes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.audit.services.record import record
from gateway.core.tenancy import MerchantOwned, Tenant
from gateway.events.services.emit import emit
from gateway.work.rules import WorkItem
from gateway.work.services.enqueue import enqueue_all
from payments.models import Order, Payment
from payments.selectors.operations import authorize_operation
from payments.selectors.orders import order_for_update
from payments.selectors.payments import payment_by_id, payment_for_update
from payments.selectors.representations import Shown, order_object, payment_object
from payments.states import PAYMENT, PaymentStatus, VoidPurpose

CARRY_OUT = "payments.carry_out_operation"
SYNC = "payments.sync_payment"
EXPIRE_CHALLENGE = "payments.expire_challenge"
CALL_OFF = "payments.call_off"
EXPIRE_ORDER = "payments.expire_order"
REFUND_LATE_SUCCESS = "refunds.refund_late_success"


@dataclass(slots=True)
class _Tracked:
    row: Order | Payment
    before: Mapping[str, Any] | None  # field values when tracking began; None for a row that is not written yet
    shown_before: Shown


class Change:
    """One business change of an order and its payments, under their locks (order first, then payment)."""

    def __init__(self, *, tenant: Tenant, now: datetime) -> None:
        self.tenant, self.now = tenant, now
        self._tracked: dict[UUID, _Tracked] = {}
        self._events: list[tuple[str, UUID]] = []
        self._work: list[WorkItem] = []
        self._touched = False

    def touch(self) -> None:
        """Something that is not tracked was written (an operation): there is a change to record."""
        self._touched = True

    def track(self, row: Order | Payment, *, new: bool = False) -> None:
        """Write this row at the end if it has changed (or insert it, `new`)."""
        if row.id not in self._tracked:
            self._tracked[row.id] = _Tracked(row, None if new else _values(row), {} if new else _shown(row))

    def move(self, payment: Payment, status: PaymentStatus) -> None:
        """The payment's next status, if the transition table has the arrow; raises `IllegalTransition` else."""
        PAYMENT.require(payment.status, status)
        payment.status = status

    def event(self, event_type: str, row: Order | Payment) -> None:
        """Tell this fact about a tracked row, as the row will be when the change is closed."""
        self._events.append((event_type, row.id))

    def later(self, kind: str, subject_id: UUID, run_at: datetime | None = None) -> None:
        """Work that remains; `run_at` is real time."""
        self._work.append(WorkItem(kind, subject_id, self.tenant, run_at))

    def close(self, action: str, subject: MerchantOwned, data: dict[str, Any] | None = None) -> None:
        """Write the rows, the events, the audit row and the work. Nothing but remembering the answer may follow.

        Where nothing changed, nothing is written: hearing the same news twice leaves no trace.
        """
        written = [_write(tracked) for tracked in self._tracked.values()]
        if not (self._touched or self._events or self._work or any(written)):
            return
        shown = {row_id: _shown(self._tracked[row_id].row, full=True) for row_id in {one for _, one in self._events}}
        for event_type, row_id in sorted(self._events, key=_follows):
            tracked = self._tracked[row_id]
            emit(
                type=event_type,
                tenant=self.tenant,
                subject_type=shown[row_id]["object"],
                subject_id=row_id,
                data_object=shown[row_id],
                amount=tracked.row.amount,
                currency=tracked.row.currency,
                status=str(tracked.row.status),
                data_key_id=tracked.row.data_key_id,
                previous=_previous(tracked.shown_before, shown[row_id]),
                now=self.now,
            )
        record(
            action=action,
            subject_type=_subject_type(subject),
            subject_id=subject.id,
            tenant=self.tenant,
            data=data,
        )
        enqueue_all(self._work)


class PaymentChange(Change):
    """A change of one payment under its locks; `order` and `payment` are the locked, present rows."""

    def __init__(self, *, payment_id: UUID, now: datetime) -> None:
        order = order_for_update(payment_by_id(payment_id).order_id)
        payment = payment_for_update(payment_id)
        super().__init__(tenant=payment.tenant, now=now)
        self.order, self.payment = order, payment
        self.track(order)
        self.track(payment)

    @property
    def is_live(self) -> bool:
        """Whether the order belongs to this payment for now."""
        return self.order.live_payment_id == self.payment.id

    def void_that_is_due(self) -> VoidPurpose | None:
        """Why the payment must be given back: it came too late for its order, or another attempt waits for its end."""
        payment = self.payment
        if payment.status == PaymentStatus.REQUIRES_CAPTURE and not payment.counts_toward_order:
            return VoidPurpose(payment.late_reason)
        if payment.status == PaymentStatus.REQUIRES_ACTION and self.is_live and self.order.next_payment_id is not None:
            return VoidPurpose.NEW_ATTEMPT
        return None

    def authorize_id(self) -> UUID:
        """The id of the payment's authorize operation, under which its memo was posted."""
        operation = authorize_operation(self.payment)
        return operation.id if operation else self.payment.id


def _values(row: Order | Payment) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def _write(tracked: _Tracked) -> bool:
    if tracked.before is None:
        tracked.row.save(force_insert=True)
        return True
    changed = [name for name, value in _values(tracked.row).items() if tracked.before[name] != value]
    if changed:
        tracked.row.version += 1
        tracked.row.save(update_fields=[*changed, "version"])
    return bool(changed)


def _shown(row: Order | Payment, *, full: bool = False) -> Shown:
    if isinstance(row, Order):
        return order_object(row)
    return payment_object(row) if full else payment_object(row, operations=())


def _previous(before: Shown, after: Shown) -> Shown | None:
    changed = {name: value for name, value in before.items() if name != "operations" and after[name] != value}
    return changed or None


def _follows(event: tuple[str, UUID]) -> bool:
    """An order changes because its payment did: the cause is told first. (An order is created before its payment.)"""
    return event[0].startswith("order.") and event[0] != "order.created"


def _subject_type(subject: MerchantOwned) -> str:
    return str(subject._meta.model_name)
