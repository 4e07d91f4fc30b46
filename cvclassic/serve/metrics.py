"""Prometheus metrics of a service."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Counts and times; one registry for each service, so that tests do not share them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        options: dict[str, Any] = {"registry": self.registry, "namespace": "cvclassic"}
        self.requests = Counter("requests", "Requests answered.", ["route", "status"], **options)
        self.latency = Histogram(
            "request_seconds", "Seconds to answer.", ["route"], buckets=_SECONDS, **options
        )
        self.images = Counter(
            "images", "Images by outcome.", ["model", "status", "code"], **options
        )
        self.batches = Histogram(
            "batch_size",
            "Images per batch given to a worker.",
            buckets=(1, 2, 4, 8, 16, 32),
            **options,
        )
        self.queue = Gauge("queue", "Images waiting or in progress.", **options)
        self.workers = Gauge("workers", "Number of prediction processes.", **options)
        self.reloads = Counter("reloads", "Times that models were read again.", ["ok"], **options)

    def text(self) -> bytes:
        """What ``GET /metrics`` answers."""
        return generate_latest(self.registry)
