"""Every metric of the gateway, made once. Labels are small closed sets: never an id, a merchant or an address."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

WORK_DOORBELL_FAILURES = Counter("gateway_work_doorbell_failures", "Doorbells that the broker did not take.")
WORK_DONE = Counter("gateway_work_done", "Runs of work rows by what came out.", ["kind", "result"])
WORK_SECONDS = Histogram(
    "gateway_work_seconds", "How long a run took.", ["kind"], buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
)
WORK_QUARANTINED = Counter("gateway_work_quarantined", "Work rows put into quarantine: somebody must look.", ["kind"])
WORK_LEASES_LOST = Counter("gateway_work_leases_lost", "Runs that no longer owned their row at the end.", ["kind"])
PROVIDER_REQUESTS = Counter(
    "gateway_provider_requests", "Requests to providers by outcome.", ["provider", "verb", "outcome"]
)
OUTBOUND_REFUSED = Counter("gateway_outbound_refused", "Outbound requests that the policy refused.", ["code"])
DELIVERIES = Counter("gateway_deliveries", "Webhook delivery attempts by outcome.", ["outcome"])
REQUEST_LOG_FAILURES = Counter("gateway_request_log_failures", "API requests whose log row could not be written.")
