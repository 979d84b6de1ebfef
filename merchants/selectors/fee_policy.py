"""What the gateway charges a merchant."""

from dataclasses import dataclass
from uuid import UUID

from merchants.models import Merchant
from merchants.models.merchant import FeeOnRefund


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """A share in basis points (200 is 2 %) plus a fixed amount of minor units, per capture.

    `is_returned` says whether a refund brings it back, in proportion.
    """

    basis_points: int
    fixed: int
    is_returned: bool = False

    def fee_on(self, amount: int) -> int:
        """The fee on this amount of minor units: rounded half up, and never more than the amount.

        >>> FeePolicy(200, 0).fee_on(4999), FeePolicy(290, 30).fee_on(10), FeePolicy(200, 0).fee_on(25)
        (100, 10, 1)
        """
        return min(amount, (amount * self.basis_points + 5_000) // 10_000 + self.fixed)


def fee_policy(merchant_id: UUID) -> FeePolicy:
    """The policy of this merchant. Raises Merchant.DoesNotExist."""
    columns = ("fee_basis_points", "fee_fixed", "fee_on_refund")
    basis_points, fixed, on_refund = Merchant.objects.values_list(*columns).get(pk=merchant_id)
    return FeePolicy(basis_points, fixed, on_refund == FeeOnRefund.RETURN)
