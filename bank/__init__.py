"""The simulated acquiring bank: a complete service of its own, for test mode only.

It has its own settings, database, journal and card vault, imports nothing of the gateway, and nothing imports it: its
journal is an independent witness of what happened to the money. `docs/bank.md` describes its HTTP API.
"""
