"""What payments and anomalies post, for the audit: nothing else of these sources may stand in the books."""

from __future__ import annotations

from gateway.ledger.rules import PostedFact
from gateway.ledger.states import AccountType as Account

_MEMO = frozenset({Account.AUTHORIZATIONS_RECEIVABLE, Account.AUTHORIZATIONS_PAYABLE})

FACTS = (
    PostedFact("operation", "authorized|authorization_reversed:.+", _MEMO),
    PostedFact("operation", "captured", frozenset({Account.PROVIDER_CLEARING, Account.MERCHANT_PENDING})),
    PostedFact("operation", "fee", frozenset({Account.MERCHANT_PENDING, Account.GATEWAY_FEES})),
    # The kind of the anomaly, and what tells this posting of it from the others.
    PostedFact("provider_object", "[a-z_]+:.+", frozenset({Account.PROVIDER_CLEARING, Account.SUSPENSE})),
    PostedFact(
        "anomaly",
        "resolved",
        frozenset({Account.SUSPENSE, Account.MERCHANT_PENDING, Account.MERCHANT_RECEIVABLE, Account.WRITE_OFFS}),
    ),
)
