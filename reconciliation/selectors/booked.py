"""What our books have of a movement that a provider settles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db.models import Sum

from gateway.core.errors import NotFound
from gateway.core.ids import from_public
from gateway.ledger.selectors.transactions import entries_of
from gateway.ledger.states import AccountType, Direction
from payments.models import Operation, Payment
from payments.rules.ledger_accounts import provider_object_source
from payments.selectors.provider_references import payment_id_of_reference
from reconciliation import states
from reconciliation.models import SettlementLine
from refunds.models import Refund
from refunds.selectors.refunds import refund_by_reference

_Row = TypeVar("_Row", Operation, Refund)
CAPTURE, REFUND, REFUND_RETURNED = "capture", "refund", "refund_returned"


@dataclass(frozen=True, slots=True)
class Booked:
    """The movement as our ledger has it, signed like the line: what leaves the merchant is negative."""

    amount: int
    subject_type: str = ""
    subject_id: UUID | None = None
    payment_id: UUID | None = None


def booked_movement(line: SettlementLine) -> Booked | None:
    """What provider_clearing holds because of this movement, suspense included; None when we have not booked it.

    The provider's dates are never looked at: a movement is matched by our id that is echoed, then by the provider's.
    """
    subject = _subject(line)
    amount = 0
    if subject is not None and subject.subject_id is not None:
        amount += _signed(line.type, _moves(line, subject.subject_type, subject.subject_id))
    for name in {line.provider_object, line.our_id} - {""}:
        source = provider_object_source(line.provider_account_id, name)
        amount += _signed(line.type, _moves(line, "provider_object", source))
    if amount:
        return Booked(amount, *(_about(subject) if subject else ("", None, _payment_of(line))))
    return _without_a_name(line) if subject is None else None


def payment_of_movement(line: SettlementLine) -> UUID | None:
    """The payment of ours that the movement belongs to, by any of its names; None for a stranger's."""
    subject = _subject(line)
    return subject.payment_id if subject else _payment_of(line)


def _subject(line: SettlementLine) -> Booked | None:
    if line.type == CAPTURE:
        operation = _by_our_id(line, Operation)
        return Booked(0, "operation", operation.id, operation.payment_id) if operation else None
    if line.type in (REFUND, REFUND_RETURNED):
        refund = _by_our_id(line, Refund) or refund_by_reference(line.provider_account_id, line.provider_object)
        return Booked(0, "refund", refund.id, refund.payment_id) if refund else None
    return None


def _about(subject: Booked) -> tuple[str, UUID | None, UUID | None]:
    return subject.subject_type, subject.subject_id, subject.payment_id


def _by_our_id(line: SettlementLine, model: type[_Row]) -> _Row | None:
    try:
        row_id = from_public(model.ID_PREFIX, line.our_id)
    except NotFound:
        return None
    rows = model.objects.for_merchant(line.tenant)
    return rows.filter(id=row_id, provider_account_id=line.provider_account_id, currency=line.currency).first()


def _payment_of(line: SettlementLine) -> UUID | None:
    try:
        named = from_public(Payment.ID_PREFIX, line.payment_public_id)
    except NotFound:
        return payment_id_of_reference(line.provider_account, line.provider_payment)
    rows = Payment.objects.for_merchant(line.tenant).filter(id=named)
    return rows.values_list("id", flat=True).first()


def _moves(line: SettlementLine, source_type: str, source_id: UUID) -> Iterator[tuple[str, int]]:
    """(event, debits less credits) of everything posted to clearing about this source, in the line's currency."""
    entries = entries_of(source_type=source_type, source_id=source_id).filter(
        account__type=AccountType.PROVIDER_CLEARING,
        account__provider_account_id=line.provider_account_id,
        currency=line.currency,
    )
    rows = entries.values("transaction__event", "direction").annotate(total=Sum("amount")).order_by()
    for event, direction, total in rows.values_list("transaction__event", "direction", "total"):
        yield event, total if direction == Direction.DEBIT else -total


def _signed(movement_type: str, moves: Iterator[tuple[str, int]]) -> int:
    """A refund that came back is posted under names of its own: its way out and its way back are two movements."""
    is_return = movement_type == REFUND_RETURNED
    return sum(amount for event, amount in moves if _came_back(event) is is_return)


def _came_back(event: str) -> bool:
    return event == "success_reversed" or event.endswith(":0") or "_returned:" in event


def _without_a_name(line: SettlementLine) -> Booked | None:
    """A capture that was made without us: suspense holds it under the provider's payment, together with its like."""
    if line.type != CAPTURE or not line.provider_payment:
        return None
    source = provider_object_source(line.provider_account_id, line.provider_payment)
    held = sum(amount for event, amount in _moves(line, "provider_object", source) if event.startswith("external_"))
    earlier = SettlementLine.objects.for_merchant(line.tenant).filter(
        provider_account_id=line.provider_account_id, provider_payment=line.provider_payment, type=CAPTURE,
        currency=line.currency, is_duplicate=False, subject_id=None,
    )  # fmt: skip
    settled = earlier.exclude(state=states.PENDING).aggregate(total=Sum("expected"))["total"] or 0
    left = min(line.gross, held - settled)
    return Booked(left, payment_id=_payment_of(line)) if left > 0 else None
