"""What `/metrics` shows beside the counters of the processes: queues and alarms, read when it is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator

from django.conf import settings
from django.utils.module_loading import import_string
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

import gateway.core.metrics  # noqa: F401  (registers every counter, used in this process or not)
from gateway.work import selectors as work

_QUEUE_GAUGES = {
    "due": "Rows of work that are due.",
    "running": "Rows of work that a worker holds.",
    "retrying": "Rows of work that wait for their next attempt.",
    "quarantined": "Rows of work that wait for a person.",
    "oldest_age_s": "Seconds that the oldest due row has been waiting.",
    "workers_alive": "Workers that serve the queue.",
}


class GaugeCollector(Collector):
    """The gauges of `settings.GAUGES`: alarms, true in whichever process is asked and whoever wrote the rows."""

    def collect(self) -> Iterator[Metric]:
        """One gauge each."""
        for name, entry in settings.GAUGES.items():
            labels = [entry["label"]] if "label" in entry else []
            gauge = GaugeMetricFamily(name, entry["description"], labels=labels)
            for value, figure in import_string(entry["read"])().items():
                gauge.add_metric([value] if labels else [], figure)
            yield gauge


class QueueCollector(Collector):
    """The state of every queue, from the database."""

    def collect(self) -> Iterator[Metric]:
        """One gauge per figure, labelled by queue."""
        status = work.queue_status(None)
        for figure, description in _QUEUE_GAUGES.items():
            name = "gateway_queue_oldest_age_seconds" if figure == "oldest_age_s" else f"gateway_queue_{figure}"
            gauge = GaugeMetricFamily(name, description, labels=["queue"])
            for queue in status:
                gauge.add_metric([queue["queue"]], float(queue[figure]))  # type: ignore[literal-required]
            yield gauge


def exposition() -> bytes:
    """Everything, in the text format of Prometheus. With `PROMETHEUS_MULTIPROC_DIR` it is summed over all processes."""
    counters: Collector = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        counters = registry
    read = CollectorRegistry()
    read.register(QueueCollector())
    read.register(GaugeCollector())
    return generate_latest(counters) + generate_latest(read)
