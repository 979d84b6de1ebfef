"""Upward calls are dotted names in the settings; every one resolves to what it should be."""

import importlib
from collections.abc import Iterator

import pytest
from celery.schedules import crontab
from django.conf import settings
from django.utils.module_loading import import_string
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from config.celery import QUEUES, app
from gateway.ledger.rules import PostedFact


def _callables() -> Iterator[str]:
    for table in (settings.WORK_HANDLERS, settings.EVENT_CONSUMERS, settings.PERIODIC):
        yield from (entry["handler"] for entry in table.values())
    yield from settings.PROVIDER_OBSERVATION_HANDLERS
    yield from settings.PROVIDERS.values()
    yield from settings.MIDDLEWARE
    yield settings.WORK_DOORBELL
    yield from (entry["read"] for entry in settings.GAUGES.values())


@pytest.mark.parametrize("dotted", sorted(set(_callables())))
def test_a_named_function_exists(dotted: str) -> None:
    assert callable(import_string(dotted))


@pytest.mark.parametrize("dotted", settings.INVARIANTS)
def test_a_named_invariant_says_what_it_holds_and_finds_what_breaks_it(dotted: str) -> None:
    module = importlib.import_module(dotted)
    assert module.NAME
    assert module.DESCRIPTION
    assert callable(module.violations)


@pytest.mark.parametrize("dotted", settings.LEDGER_FACTS)
def test_named_facts_are_facts_of_the_ledger(dotted: str) -> None:
    facts = import_string(dotted)
    assert facts and all(isinstance(fact, PostedFact) for fact in facts)


def test_every_kind_of_work_goes_to_a_queue_that_workers_serve() -> None:
    assert {entry.get("queue", "default") for entry in settings.WORK_HANDLERS.values()} <= set(QUEUES)


def test_everything_that_beat_rings_for_is_a_task_that_workers_know() -> None:
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} | {"work.run"} <= set(app.tasks)


def test_what_runs_once_a_day_has_its_hour() -> None:
    schedules = {name: app.conf.beat_schedule[name]["schedule"] for name in settings.PERIODIC}
    daily = {name for name, entry in settings.PERIODIC.items() if entry["every_s"] == 86_400}
    assert {name for name, schedule in schedules.items() if isinstance(schedule, crontab)} == daily
    assert schedules["observability.audit"] == crontab(hour="03", minute="00")


@pytest.mark.usefixtures("committed_db")
def test_beat_writes_its_table_where_staff_can_see_it() -> None:
    DatabaseScheduler(app=app)
    audit = PeriodicTask.objects.get(name="observability.audit")
    assert (audit.crontab.hour, audit.crontab.minute, str(audit.crontab.timezone)) == ("03", "00", "UTC")


def test_beat_rings_for_the_sweep_every_two_seconds() -> None:
    assert app.conf.beat_schedule["work.sweep"]["schedule"] == 2.0
