"""The adapter of the simulated bank (`docs/bank.md`): the sibling to copy for a new provider.

`adapter` is the provider; `client` speaks HTTP and answers "may this be retried?"; `dialect` turns answers into values;
`codes` is the table of decline codes; `events` verifies webhooks.

A provider account has config `base_url`, `account` and optionally `timeout_s`; secrets `api_key`, `webhook_secret`.
"""
