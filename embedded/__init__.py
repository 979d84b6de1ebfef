"""The embedded mode: PostgreSQL, Valkey and every process of the gateway, started from one folder, `var/`.

It imports nothing of Django, so that settings may call it. For trial and tests, not for production.
"""
