"""Ask again about what has no end and no work left: the net below the net."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from gateway.core.ids import lowest_id_at
from gateway.work.models import Work
from gateway.work.rules import WorkItem
from gateway.work.services.enqueue import enqueue_all
from payments.models import Operation
from payments.selectors.anomalies import subjects_of
from payments.selectors.orders import orders_with_a_queue
from payments.selectors.payments import unwanted_authorizations, waiting_challenges
from payments.services.change import CALL_OFF, EXPIRE_CHALLENGE
from payments.services.change import CARRY_OUT as CARRY_OUT_OPERATION
from payments.states import OPEN, UNRESOLVED
from refunds.selectors.refunds import refunds_unfinished
from refunds.states import CARRY_OUT as CARRY_OUT_REFUND
from refunds.states import OUTCOME_UNKNOWN

_YOUNGEST = timedelta(minutes=1)
_OLDEST = timedelta(days=80)  # inside the partitions that exist for certain
_AT_ONCE = 500


def sweep() -> int:
    """Give work to what waits for the provider's word, or for a timer, and has none; returns to how many.

    There should be none: the row is written with the operation or the refund, and leaves with its end. A person may have
    cleared the queue. What was given to a person is left to that person, unless the provider has heard of it after all.
    """
    now = timezone.now()
    operations = Operation.objects.unscoped("the sweep serves every merchant").filter(
        status__in=OPEN, id__lt=lowest_id_at(now - _YOUNGEST), id__gte=lowest_id_at(now - _OLDEST)
    )
    refunds = refunds_unfinished(made_before=now - _YOUNGEST)
    given_operations = subjects_of(kind=UNRESOLVED, subject_type="operation")
    given_refunds = subjects_of(kind=OUTCOME_UNKNOWN, subject_type="refund")
    items = [
        WorkItem(kind, getattr(row, subject), row.tenant)
        for kind, rows, subject in (
            (CARRY_OUT_OPERATION, operations.exclude(Exists(given_operations)).order_by("id"), "id"),
            (CARRY_OUT_REFUND, refunds.exclude(Exists(given_refunds), provider_reference=""), "id"),
            (EXPIRE_CHALLENGE, waiting_challenges(), "id"),
            (CALL_OFF, unwanted_authorizations(), "id"),
            (CALL_OFF, orders_with_a_queue(), "live_payment_id"),
        )
        for row in _without_work(rows, kind, subject)[:_AT_ONCE]
    ]
    with transaction.atomic():
        enqueue_all(items)
    return len(items)


def _without_work(rows: QuerySet[Any], kind: str, subject: str) -> QuerySet[Any]:
    return rows.filter(~Exists(Work.objects.filter(kind=kind, subject_id=OuterRef(subject))))
