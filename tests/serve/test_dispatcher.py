"""Batches, limits, replacement: without HTTP."""

from __future__ import annotations

import os
import time
from concurrent.futures import wait

import pytest

pytest.importorskip("starlette")

from cvclassic.serve import Dispatcher, QueueFullError


def double(items: list) -> list:
    """Twice each number; strings are orders."""
    for item in items:
        if item == "die":
            os._exit(1)
        if item == "sleep":
            time.sleep(60)
    return [
        (2 * item, len(items)) if isinstance(item, int) else (item, len(items)) for item in items
    ]


def triple(items: list) -> list:
    """Three times each number."""
    return [(3 * item, len(items)) for item in items]


def slowly(items: list) -> list:
    """Takes 10 ms for each."""
    time.sleep(0.01 * len(items))
    return items


def lost(item, failure):
    """What stands for an item that no worker survived."""
    return failure.code, item


@pytest.fixture
def make():
    made = []

    def begin(**options):
        made.append(Dispatcher(double, lost, **options))
        return made[-1]

    yield begin
    for dispatcher in made:
        dispatcher.close(0)


@pytest.mark.slow
def test_what_comes_together_goes_together(make) -> None:
    sizes = []
    dispatcher = make(batch_wait=0.5, batch_size=8, on_batch=sizes.append)
    futures = [dispatcher.submit(i) for i in range(8)]
    assert [future.result(60)[0] for future in futures] == [2 * i for i in range(8)]
    assert sizes == [8]  # a full batch does not wait
    start = time.monotonic()
    assert dispatcher.submit(5).result(60) == (10, 1)
    assert time.monotonic() - start >= 0.5  # the only one waits for others as long as it may


@pytest.mark.slow
def test_slow_items_go_in_small_batches() -> None:
    """All answers of a batch come at its end, so it is to take some 50 ms at most."""
    sizes: list[int] = []
    dispatcher = Dispatcher(slowly, lost, batch_size=16, max_queue=300, on_batch=sizes.append)
    try:
        futures = [dispatcher.submit(i) for i in range(250)]
        assert [future.result(60) for future in futures] == list(range(250))
    finally:
        dispatcher.close(0)
    assert max(sizes) == 16  # nothing was known of the items yet
    assert max(sizes[-8:]) <= 5


@pytest.mark.slow
def test_only_the_culprit_is_lost(make) -> None:
    dispatcher = make(batch_wait=0.3, timeout=5.0)
    futures = [dispatcher.submit(item) for item in (1, "die", 2, 3)]
    results = [future.result(120) for future in futures]
    assert results[1] == ("worker_crash", "die")
    assert [results[i][0] for i in (0, 2, 3)] == [2, 4, 6]
    assert dispatcher.submit("sleep").result(120) == ("timeout", "sleep")
    assert dispatcher.submit(4).result(60)[0] == 8


@pytest.mark.slow
def test_the_queue_is_bounded_and_forgets_who_left(make) -> None:
    dispatcher = make(batch_wait=5.0, max_queue=3)
    futures = [dispatcher.submit(i) for i in range(3)]
    with pytest.raises(QueueFullError, match="waiting"):
        dispatcher.submit(9)
    assert futures[0].cancel()
    assert dispatcher.queued == 2
    dispatcher.submit(9)


@pytest.mark.slow
def test_another_function_takes_over(make) -> None:
    dispatcher = make()
    before = [dispatcher.submit(i) for i in range(20)]
    dispatcher.replace(triple)
    wait(before, 60)
    assert {future.result()[0] for future in before} <= {k * i for i in range(20) for k in (2, 3)}
    assert dispatcher.submit(5).result(60)[0] == 15


@pytest.mark.slow
def test_closing_finishes_what_waits(make) -> None:
    dispatcher = make(batch_wait=5.0)
    futures = [dispatcher.submit(i) for i in range(3)]
    dispatcher.close(60)
    assert [future.result(0)[0] for future in futures] == [0, 2, 4]
    with pytest.raises(QueueFullError, match="shutting down"):
        dispatcher.submit(1)
