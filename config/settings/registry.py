"""Upward calls, resolved by name: the tables by which a lower floor reaches a higher one. A test resolves every entry."""

from typing import Any

# kind of work -> {"handler": dotted function, "queue": ..., "lease_s": ..., "transactional": ..., "timer": ...}
WORK_HANDLERS: dict[str, dict[str, Any]] = {
    "events.fan_out": {"handler": "gateway.events.handlers.fan_out"},
    "events.consume": {"handler": "gateway.events.handlers.consume"},
    "payments.carry_out_operation": {
        "handler": "payments.handlers.provider_work.carry_out_operation",
        "queue": "payments",
        "lease_s": 30,
        "transactional": False,
    },
    "payments.sync_payment": {
        "handler": "payments.handlers.provider_work.sync_payment",
        "queue": "payments",
        "lease_s": 30,
        "transactional": False,
    },
    "payments.expire_challenge": {
        "handler": "payments.handlers.timers.expire_challenge",
        "queue": "payments",
        "timer": True,
    },
    "payments.call_off": {"handler": "payments.handlers.timers.call_off", "queue": "payments", "timer": True},
    "payments.expire_order": {"handler": "payments.handlers.timers.expire_order", "queue": "payments", "timer": True},
    "refunds.carry_out_refund": {
        "handler": "refunds.handlers.carry_out_refund",
        "queue": "refunds",
        "lease_s": 30,
        "transactional": False,
    },
    "refunds.refund_late_success": {"handler": "refunds.handlers.refund_late_success", "queue": "refunds"},
    # The lease outlives the longest exchange (15 s) by as much again.
    "webhooks.deliver": {
        "handler": "webhooks.handlers.deliver.deliver",
        "queue": "webhooks",
        "lease_s": 30,
        "transactional": False,
    },
    "webhooks.process_inbox": {"handler": "webhooks.handlers.process_inbox.process_inbox", "queue": "payments"},
    "reconciliation.list_settlement_files": {
        "handler": "reconciliation.handlers.list_settlement_files",
        "lease_s": 30,
        "transactional": False,
    },
    "reconciliation.import_settlement_file": {
        "handler": "reconciliation.handlers.import_settlement_file",
        "lease_s": 60,
        "transactional": False,
    },
    "checkout.expire_session": {"handler": "checkout.handlers.expire_session", "timer": True},
}
# consumer -> {"handler": dotted function, "types": event types or ["*"]}
EVENT_CONSUMERS: dict[str, dict[str, Any]] = {
    "refunds": {"handler": "refunds.consumers.follow_customer", "types": ["customer.deleted"]},
    "webhooks": {"handler": "webhooks.consumers.fan_out_deliveries", "types": ["*"]},
    "checkout": {
        "handler": "checkout.consumers.follow_order",
        "types": [
            "payment.succeeded",
            "payment.authorized",
            "payment.failed",
            "payment.canceled",
            "payment.expired",
            "order.paid",
            "order.canceled",
            "order.expired",
        ],
    },
}
# provider -> dotted class of its adapter
PROVIDERS: dict[str, str] = {"simulated_bank": "payments.providers.simulated_bank.adapter.SimulatedBank"}
# what a provider shows of refunds and disputes: (payment_id, fact, now), under the payment's locks
PROVIDER_OBSERVATION_HANDLERS: list[str] = [
    "refunds.services.observe_refunds.observe_refunds",
]
# What the oracle compares beyond what its own floor knows: functions that give differences as sentences.
ORACLE_PARTS: list[str] = [
    "webhooks.selectors.witness.delivery_differences",
    "reconciliation.services.compare_settlements.compare_settlements",
]
# What may stand in the ledger: tuples of `gateway.ledger.rules.PostedFact`, of whoever posts.
LEDGER_FACTS: list[str] = [
    "payments.rules.ledger_facts.FACTS",
    "refunds.rules.ledger_facts.FACTS",
    "reconciliation.rules.settlement_postings.FACTS",
]
INVARIANTS: list[str] = [
    "gateway.audit.invariants",
    "gateway.ledger.invariants.trial_balance",
    "gateway.ledger.invariants.balanced_transactions",
    "gateway.ledger.invariants.consistent_references",
    "gateway.ledger.invariants.known_facts",
    "gateway.ledger.invariants.true_checkpoints",
    "payments.invariants.amounts_match_ledger",
    "payments.invariants.orders_match_payments",
    "payments.invariants.operations_in_order",
    "payments.invariants.no_orphans",
    "payments.invariants.postings_have_sources",
    "payments.invariants.suspense_is_explained",
    "refunds.invariants.no_orphans",
    "refunds.invariants.payments_match_refunds",
    "refunds.invariants.postings_have_sources",
    "refunds.invariants.rows_match_ledger",
    "checkout.invariants.no_orphans",
    "reconciliation.invariants.lines_match_ledger",
    "webhooks.invariants.gapless_sequences",
    "webhooks.invariants.no_orphans",
    "webhooks.invariants.one_delivery_per_event",
    "webhooks.invariants.unfinished_deliveries_have_work",
]
# What is sealed with ENCRYPTION_KEYS: `manage.py rotate_secrets` seals it again.
SEALED_COLUMNS = [
    "core.DataKey.sealed_key",
    "payments.ProviderAccount.secrets_sealed",
    "webhooks.EndpointSecret.sealed",
]
# what beat runs through the task `work.periodic`: name -> {"handler": dotted function, "every_s": seconds, "at": "HH:MM" (UTC) of
# what runs once a day}
PERIODIC: dict[str, dict[str, Any]] = {
    "reconciliation.sweep": {"handler": "reconciliation.services.sweep.sweep", "every_s": 15},
    "refunds.look_again": {"handler": "refunds.services.look_again.look_again", "every_s": 30},
    "reconciliation.import": {
        "handler": "reconciliation.services.import_settlements.import_settlements",
        "every_s": 86_400,
        "at": "01:00",
    },
    "reconciliation.unsettled": {
        "handler": "reconciliation.services.find_unsettled.find_unsettled",
        "every_s": 86_400,
        "at": "02:00",
    },
    "events.purge": {"handler": "gateway.events.services.purge_consumptions.purge_consumptions", "every_s": 3600},
    "idempotency.purge": {"handler": "gateway.idempotency.services.purge_keys.purge_keys", "every_s": 3600},
    "ledger.checkpoints": {"handler": "gateway.ledger.services.make_checkpoints.make_checkpoints", "every_s": 3600},
    "observability.watch": {"handler": "gateway.observability.services.watch_truths.watch_truths", "every_s": 30},
    "observability.audit": {
        "handler": "gateway.observability.services.audit_truths.audit_truths",
        "every_s": 86_400,
        "at": "03:00",
    },
    "core.partitions": {"handler": "gateway.core.partitions.maintain", "every_s": 86_400, "at": "00:30"},
    "audit.seal": {"handler": "gateway.audit.services.seal.seal_batch", "every_s": 3},
    "merchants.sessions": {
        "handler": "merchants.services.purge_login_sessions.purge_login_sessions",
        "every_s": 86_400,
        "at": "04:00",
    },
}
# what /metrics reads from the database: gauge -> {"read": dotted function () -> {label's value: figure}, "label": ... or none}
GAUGES: dict[str, dict[str, str]] = {
    "gateway_invariant_violations": {
        "read": "gateway.observability.selectors.violations_by_truth",
        "label": "invariant",
        "description": "Violations that the last run of an invariant found: anything above 0 is an alarm.",
    },
    "gateway_audit_unsealed_age_seconds": {
        "read": "gateway.audit.selectors.unsealed_age_s",
        "description": "Age of the oldest audit row that no seal names yet.",
    },
    "gateway_anomalies": {
        "read": "payments.selectors.anomalies.open_by_kind",
        "label": "kind",
        "description": "Facts of providers that break our limits and wait for a person.",
    },
}
WORK_DOORBELL = "config.celery.ring"
# name -> {"check": dotted function, "critical": whether /health answers 503 when it fails}
HEALTH_CHECKS: dict[str, dict[str, Any]] = {
    "database": {"check": "gateway.observability.health.check_database", "critical": True},
    "migrations": {"check": "gateway.observability.health.check_migrations", "critical": True},
    "partitions": {"check": "gateway.observability.health.check_partitions", "critical": True},
    "workers": {"check": "gateway.observability.health.check_workers", "critical": True},
    "broker": {"check": "config.celery.check_broker", "critical": False},
    "cache": {"check": "gateway.observability.health.check_cache", "critical": False},
}
