"""One line of a settlement file becomes one posting, and what differs from our books an anomaly."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from gateway.core import crashpoints
from gateway.core.display import money_text
from gateway.ledger.models import Transaction
from gateway.ledger.rules import Line
from gateway.ledger.services.post import post
from payments.models import Anomaly
from payments.rules.ledger_accounts import provider_object_source
from payments.services.open_anomaly import open_anomaly
from reconciliation import states
from reconciliation.models import SettlementLine
from reconciliation.rules.settlement_postings import (
    DIFFERENCE,
    SETTLEMENT,
    movement_source,
    settled_lines,
    suspended_lines,
)
from reconciliation.selectors.booked import Booked, booked_movement, payment_of_movement
from reconciliation.selectors.settlements import line_for_update
from reconciliation.services.answer_unsettled import answer_unsettled

AMOUNT_DIFFERS, UNKNOWN, DUPLICATE = (
    "settlement_amount_differs",
    "settlement_unknown_line",
    "settlement_duplicate_line",
)


def post_settlement_line(*, line_id: UUID, now: datetime, has_asked: bool = False) -> UUID | None:
    """Post what the provider really settled, once; what our books do not have of it goes to suspense with an anomaly.

    Nothing is posted, and the payment is returned, where the provider has moved money of a payment of ours without our
    knowing: ask the provider about it, then come again with `has_asked`. Posting a line again changes nothing.
    """
    with transaction.atomic():
        line = line_for_update(line_id)
        if line.state != states.PENDING:
            return None
        booked = booked_movement(line)
        payment_id = booked.payment_id if booked else payment_of_movement(line)
        if booked is None and payment_id is not None and not has_asked:
            return payment_id
        settled = _settle(line, now)
        line.transaction_id, line.posted_at = settled.id, timezone.now()
        line.payment_id = payment_id
        if booked is not None:
            line.subject_type, line.subject_id, line.expected = booked.subject_type, booked.subject_id, booked.amount
        anomaly = _suspend(line, booked, now) if line.difference else None
        line.anomaly_id = anomaly.id if anomaly else None
        line.state = states.DIFFERENT if anomaly else states.MATCHED
        line.save()
        answer_unsettled(line=line, now=now)
        crashpoints.reach("settlement_before_line_commit")
    crashpoints.reach("settlement_after_line_commit")
    return None


def _settle(line: SettlementLine, now: datetime) -> Transaction:
    """The posting of *provider settles*. The movement's own source is taken once; a second line is its own source."""
    lines = settled_lines(line, gross=line.gross, fee=line.fee)
    movement = movement_source(line.provider_account_id, line.type, line.provider_object)
    settled = _post(line, (SETTLEMENT, movement, "settled"), lines, now)
    if settled is None:
        line.is_duplicate = True
        settled = _post(line, (SETTLEMENT, line.id, "settled_again"), lines, now)
    if settled is None:  # this line is locked and was pending: nobody can have posted it
        message = f"{line.public_id} was posted before it was posted"
        raise AssertionError(message)
    return settled


def _suspend(line: SettlementLine, booked: Booked | None, now: datetime) -> Anomaly:
    kind = DUPLICATE if line.is_duplicate else AMOUNT_DIFFERS if booked else UNKNOWN
    lines = suspended_lines(line, line.difference)
    if kind == UNKNOWN:
        # Like every fact of a provider that we have no object for: its source is the provider's object.
        source = provider_object_source(line.provider_account_id, line.provider_object)
        _post(line, ("provider_object", source, f"{kind}:{line.type}:{line.gross}"[:100]), lines, now)
    else:
        _post(line, (DIFFERENCE, line.id, kind), lines, now)
    return open_anomaly(
        tenant=line.tenant,
        kind=kind,
        subject_type="payment" if line.payment_id else "settlement_line",
        subject_id=line.payment_id or line.id,
        detail=_words(line, kind),
        amount=line.difference,
        currency=line.currency,
        provider_account_id=line.provider_account_id,
        provider_object=line.provider_object if kind == UNKNOWN else "",
        now=now,
    )


def _post(
    line: SettlementLine, source: tuple[str, UUID, str], lines: tuple[Line, ...], now: datetime
) -> Transaction | None:
    source_type, source_id, event = source
    return post(
        source_type=source_type,
        source_id=source_id,
        event=event,
        lines=lines,
        now=now,
        merchant_id=line.merchant_id,
        livemode=line.livemode,
        description=f"{line.type.replace('_', ' ')} {line.provider_object}: file {line.file.external_id}"[:200],
    )


def _words(line: SettlementLine, kind: str) -> str:
    where = f"Line {line.number} of file {line.file.external_id}"
    what = f"{line.type.replace('_', ' ')} {line.provider_object}"
    settled = money_text(line.gross, line.currency, "en")
    if kind == DUPLICATE:
        return f"{where} settles {what} with {settled}, and that movement was settled before."
    if kind == AMOUNT_DIFFERS:
        return (
            f"{where} settles {what} with {settled}; our books have {money_text(line.expected, line.currency, 'en')}."
        )
    return f"{where} settles {what} with {settled}, and our books have nothing of it."
