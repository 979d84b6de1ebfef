"""The gateway against an independent model of it: orders, payments, refunds, balances and refusals, step by step."""

from __future__ import annotations

import os
import sys

from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test
from pytest_django import Settings

from tests.properties.machine import PaymentMachine
from tests.support.database import TestDatabase

# `make properties` sets how many; in `make test` one short run is enough.
STEPS = int(os.environ.get("PROPERTY_STEPS", "0"))
SHORT = hypothesis_settings(max_examples=18, stateful_step_count=30)
LONG = hypothesis_settings(max_examples=100, stateful_step_count=50)


def test_the_gateway_does_what_the_model_says(committed_db: TestDatabase, settings: Settings) -> None:
    settings.PROVIDERS = {**settings.PROVIDERS, "fake": "tests.properties.scripted.scripted_provider"}
    PaymentMachine.steps = 0
    while True:
        run_state_machine_as_test(PaymentMachine, settings=LONG if STEPS else SHORT)
        print(f"{PaymentMachine.steps} steps compared", file=sys.__stdout__, flush=True)
        if PaymentMachine.steps >= STEPS:
            break
    assert PaymentMachine.steps > 100
