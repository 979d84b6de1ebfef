"""What is under way is reserved, single, and carried by a row of work."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation, selected
from payments.states import UNRESOLVED

NAME = "payments.operations_in_order"
DESCRIPTION = (
    "A payment has at most one open operation, with its reserve, and what waits has work, or a person, that ends it."
)

_OPEN = "('created', 'sent', 'unknown')"
_MANY = f"""
SELECT payment_id, count(*) || ' operations are open' FROM payments_operation
WHERE status IN {_OPEN} GROUP BY payment_id HAVING count(*) > 1
"""  # noqa: S608  (constants only)
_RESERVES = f"""
SELECT p.id, p.amount_capture_pending || ' is reserved, open captures are ' || coalesce(sum(o.amount), 0)
FROM payments_payment p
LEFT JOIN payments_operation o ON o.payment_id = p.id AND o.kind = 'capture' AND o.status IN {_OPEN}
GROUP BY p.id, p.amount_capture_pending HAVING p.amount_capture_pending <> coalesce(sum(o.amount), 0)
"""  # noqa: S608
_FORGOTTEN = f"""
SELECT o.id, 'is ' || o.status || ' and no work is left that would carry it out'
FROM payments_operation o
LEFT JOIN work_work w ON w.kind = 'payments.carry_out_operation' AND w.subject_id = o.id
WHERE o.status IN {_OPEN} AND w.id IS NULL AND NOT EXISTS (
    SELECT FROM payments_anomaly a
    WHERE a.kind = '{UNRESOLVED}' AND a.subject_type = 'operation' AND a.subject_id = o.id
)
"""  # noqa: S608
_PROCESSING = f"""
SELECT p.id, 'is processing and nobody is being asked'
FROM payments_payment p JOIN payments_order r ON r.id = p.order_id
WHERE p.status = 'processing' AND r.next_payment_id IS DISTINCT FROM p.id
  AND NOT EXISTS (SELECT FROM payments_operation o WHERE o.payment_id = p.id AND o.status IN {_OPEN})
"""  # noqa: S608
# Without an end a challenge would keep its order for ever, a late authorisation the customer's money.
_ENDLESS = f"""
SELECT p.id, 'is ' || p.status || ', nobody is being asked and no work is left that would end it'
FROM payments_payment p
LEFT JOIN work_work w ON w.subject_id = p.id
 AND w.kind = CASE p.status WHEN 'requires_action' THEN 'payments.expire_challenge' ELSE 'payments.call_off' END
WHERE (p.status = 'requires_action' OR p.status = 'requires_capture' AND NOT p.counts_toward_order) AND w.id IS NULL
  AND NOT EXISTS (SELECT FROM payments_operation o WHERE o.payment_id = p.id AND o.status IN {_OPEN})
"""  # noqa: S608
_QUEUED = """
SELECT r.id, 'has a payment queued and no work is left that would start or end it'
FROM payments_order r LEFT JOIN work_work w ON w.kind = 'payments.call_off' AND w.subject_id = r.live_payment_id
WHERE r.next_payment_id IS NOT NULL AND w.id IS NULL
"""


def violations() -> Iterator[Violation]:
    """Payments whose operations are too many, unreserved or forgotten."""
    for query in (_MANY, _RESERVES, _FORGOTTEN, _PROCESSING, _ENDLESS, _QUEUED):
        yield from selected(query)
