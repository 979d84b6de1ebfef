"""The chart of accounts."""

from __future__ import annotations

from enum import StrEnum


class AccountType(StrEnum):
    """What an account counts. GUARANTEES section 6 says which facts move money between them."""

    AUTHORIZATIONS_RECEIVABLE = "authorizations_receivable"
    AUTHORIZATIONS_PAYABLE = "authorizations_payable"
    PROVIDER_CLEARING = "provider_clearing"
    MERCHANT_PENDING = "merchant_pending"
    MERCHANT_AVAILABLE = "merchant_available"
    MERCHANT_RECEIVABLE = "merchant_receivable"
    MERCHANT_RESERVE = "merchant_reserve"
    GATEWAY_FEES = "gateway_fees"
    REFUNDS_IN_TRANSIT = "refunds_in_transit"
    DISPUTES_HELD = "disputes_held"
    PAYOUTS_IN_TRANSIT = "payouts_in_transit"
    CASH = "cash"
    PROVIDER_FEES = "provider_fees"
    SUSPENSE = "suspense"
    WRITE_OFFS = "write_offs"


class Direction(StrEnum):
    """The side of an entry."""

    DEBIT = "debit"
    CREDIT = "credit"


# Accounts that grow by debits: what we hold or are owed. All others grow by credits: what we owe or have earned.
DEBIT_NORMAL = frozenset(
    {
        AccountType.AUTHORIZATIONS_RECEIVABLE,
        AccountType.PROVIDER_CLEARING,
        AccountType.MERCHANT_RECEIVABLE,
        AccountType.DISPUTES_HELD,
        AccountType.CASH,
        AccountType.PROVIDER_FEES,
        AccountType.SUSPENSE,
        AccountType.WRITE_OFFS,
    }
)
