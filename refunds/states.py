"""The machine of a refund, and the words for its reasons."""

from gateway.core.states import TransitionTable

PENDING, PROCESSING, SUCCEEDED, FAILED, CANCELED = "pending", "processing", "succeeded", "failed", "canceled"

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
