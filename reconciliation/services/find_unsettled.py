"""What was captured or refunded days ago and is in no settlement file."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from gateway.core import clock
from gateway.core.display import money_text
from gateway.core.ids import lowest_id_at
from payments.models import Anomaly, Operation
from payments.services.open_anomaly import open_anomaly
from reconciliation import states
from reconciliation.models import SettlementFile, SettlementLine
from reconciliation.services.answer_unsettled import NOT_SETTLED, answer_unsettled
from refunds import states as refund_states
from refunds.models import Refund

SETTLED_WITHIN = timedelta(days=5)
_LOOKED_BACK = timedelta(days=30)
_AT_ONCE = 500
_Row = TypeVar("_Row", Operation, Refund)
_ALL = "reconciliation looks after every merchant"


def find_unsettled() -> int:
    """Open an anomaly for each, once ever; how many. Only where a provider has sent files at all; a bounded look back.

    A line that is posted while this looks may find no anomaly to close yet: those that were settled meanwhile, now or
    in an earlier run, are closed at the end.
    """
    until = timezone.now() - SETTLED_WITHIN
    since = until - _LOOKED_BACK
    accounts = SettlementFile.objects.unscoped(_ALL).filter(state=states.IMPORTED).values("provider_account")
    captures = Operation.objects.unscoped(_ALL).filter(
        captured_amount__gt=0, id__gte=lowest_id_at(since), id__lt=lowest_id_at(until), provider_account__in=accounts
    )
    refunds = Refund.objects.unscoped(_ALL).filter(
        status=refund_states.SUCCEEDED, succeeded_at__gte=since, succeeded_at__lt=until, provider_account__in=accounts
    )
    found = 0
    for operation in _unheard_of(captures):
        _report(operation, "operation", operation.captured_amount)
        found += 1
    for refund in _unheard_of(refunds):
        _report(refund, "refund", refund.amount)
        found += 1
    _close_answered()
    return found


def _unheard_of(rows: QuerySet[_Row]) -> QuerySet[_Row]:
    lines = SettlementLine.objects.unscoped(_ALL).filter(subject_id=OuterRef("id"))
    told = Anomaly.objects.unscoped(_ALL).filter(kind=NOT_SETTLED, subject_id=OuterRef("id"))
    return rows.filter(~Exists(lines), ~Exists(told)).order_by("id")[:_AT_ONCE]


def _close_answered() -> None:
    lines = SettlementLine.objects.unscoped(_ALL).filter(subject_id=OuterRef("subject_id"))
    answered = Anomaly.objects.unscoped(_ALL).filter(Exists(lines), kind=NOT_SETTLED, resolved_at=None)
    for anomaly in answered.order_by("id")[:_AT_ONCE]:
        line = SettlementLine.objects.for_merchant(anomaly.tenant).filter(subject_id=anomaly.subject_id)
        with clock.of_merchant(anomaly.merchant_id, anomaly.livemode):
            answer_unsettled(line=line.select_related("file").order_by("id")[0], now=clock.now())


def _report(row: Operation | Refund, subject_type: str, amount: int) -> None:
    what = "captured" if subject_type == "operation" else "refunded"
    with clock.of_merchant(row.merchant_id, row.livemode):
        open_anomaly(
            tenant=row.tenant,
            kind=NOT_SETTLED,
            subject_type=subject_type,
            subject_id=row.id,
            detail=(
                f"{money_text(amount, row.currency, 'en')} was {what} as {row.public_id} more than "
                f"{SETTLED_WITHIN.days} days ago and is in no settlement file."
            ),
            provider_account_id=row.provider_account_id,
            now=clock.now(),
        )
