"""What refunds post, for the audit: nothing else of this source may stand in the books."""

from __future__ import annotations

from gateway.ledger.rules import PostedFact
from gateway.ledger.states import AccountType as Account

_MERCHANTS = frozenset({Account.MERCHANT_PENDING, Account.MERCHANT_AVAILABLE, Account.MERCHANT_RECEIVABLE})

FACTS = (
    PostedFact("refund", "opened|failed|canceled", _MERCHANTS | {Account.REFUNDS_IN_TRANSIT}),
    PostedFact(
        "refund", "succeeded|success_reversed", frozenset({Account.REFUNDS_IN_TRANSIT, Account.PROVIDER_CLEARING})
    ),
    PostedFact("refund", "fee_returned|fee_return_reversed", _MERCHANTS | {Account.GATEWAY_FEES}),
)
