"""The machines of endpoints, deliveries and inbox events."""

from gateway.core.states import TransitionTable

ENABLED, PAUSED, DISABLED, DELETED = "enabled", "paused", "disabled", "deleted"
PENDING, DELIVERING, DELIVERED, FAILED, DISCARDED = "pending", "delivering", "delivered", "failed", "discarded"
UNFINISHED = (PENDING, DELIVERING)
RECEIVED, PROCESSED, ABANDONED = "received", "processed", "abandoned"

ENDPOINT = TransitionTable(
    "webhook_endpoint",
    {
        ENABLED: {PAUSED, DISABLED, DELETED},
        PAUSED: {ENABLED, DISABLED, DELETED},
        DISABLED: {ENABLED, DELETED},
        DELETED: set(),
    },
)

# From delivering back to pending: the next try, or the worker died. From an end: a person or a replay asks; a
# delivered event may be sent again with the same number and `webhook-id`.
DELIVERY = TransitionTable(
    "delivery",
    {
        PENDING: {DELIVERING, DISCARDED},
        DELIVERING: {DELIVERED, FAILED, PENDING, DISCARDED},
        DELIVERED: {PENDING},
        FAILED: {PENDING},
        DISCARDED: {PENDING},
    },
)

INBOX = TransitionTable("inbox_event", {RECEIVED: {PROCESSED, ABANDONED}, PROCESSED: set(), ABANDONED: {PROCESSED}})
