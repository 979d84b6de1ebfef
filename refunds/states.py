"""The machine of a refund, and the words for its reasons."""

from gateway.core.states import TransitionTable

PENDING, PROCESSING, SUCCEEDED, FAILED, CANCELED = "pending", "processing", "succeeded", "failed", "canceled"

# Nobody knows yet where the money ends.
UNFINISHED = (PENDING, PROCESSING)
# The kind of work that brings a refund to its end.
CARRY_OUT = "refunds.carry_out_refund"
# The anomaly of a refund whose outcome the provider can no longer tell: a person has to, and no worker asks again.
OUTCOME_UNKNOWN = "refund_outcome_unknown"

REFUND = TransitionTable(
    "refund",
    {
        PENDING: {PROCESSING, CANCELED},
        PROCESSING: {SUCCEEDED, FAILED},
        SUCCEEDED: {FAILED},
        FAILED: set(),
        CANCELED: set(),
    },
)

REASONS = ("requested_by_customer", "duplicate", "fraudulent", "order_closed", "other")
