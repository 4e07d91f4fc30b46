"""What operators see: signals, reloads, limits, tokens, deaths of workers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from cvclassic.images import encode_image
from cvclassic.serve.connections import refuse_new_connections
from tests.checks import pictures

pytest.importorskip("starlette")


@pytest.fixture(scope="module")
def image() -> bytes:
    return encode_image(pictures()[0], ".png")


@pytest.mark.slow
def test_killed_workers_cost_nobody_an_answer(start, toy_model_file, image) -> None:
    service = start(str(toy_model_file), "--workers", "1")
    answers: list = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            answers.append(service.ask("/predict", image)[:2])

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    killed = 0
    end = time.monotonic() + 240
    while (killed < 50 or len(answers) < 50) and time.monotonic() < end:
        for pid in service.workers():
            try:
                os.kill(pid, signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                pass
        n = len(answers)
        while len(answers) < n + 2 and time.monotonic() < end:  # some get through in between
            time.sleep(0.01)
    stop.set()
    for thread in threads:
        thread.join()
    assert killed >= 50
    assert {status for status, _ in answers} == {200}
    crashes = [record for _, record in answers if record["status"] != "ok"]
    assert all(record["code"] == "worker_crash" for record in crashes)
    assert len(crashes) <= killed
    assert service.ask("/predict", image)[1]["status"] == "ok"


def test_sigterm_answers_what_is_under_way(start, toy_model_file, image) -> None:
    options = ("--workers", "1", "--batch-wait", "1s", "--drain", "50")
    service = start(str(toy_model_file), *options)
    answers: list = []
    asking = threading.Thread(target=lambda: answers.append(service.ask("/predict", image)))
    asking.start()
    service.wait_for(lambda: b"cvclassic_queue 1.0" in service.ask("/metrics")[1])
    assert service.stop() in (0, -signal.SIGTERM)
    asking.join()
    assert answers[0][0] == 200
    assert answers[0][1]["status"] == "ok"


@pytest.mark.slow
def test_sigterm_ends_what_takes_too_long(start, toy_model_file, image) -> None:
    """A batch that waits ten seconds cannot end in time: 503, and soon."""
    options = ("--workers", "1", "--batch-wait", "10s", "--drain", "0.5")
    service = start(str(toy_model_file), *options)
    for worker in service.workers():
        os.kill(worker, signal.SIGSTOP)
    answers: list = []
    asking = threading.Thread(target=lambda: answers.append(service.ask("/predict", image)))
    asking.start()
    service.wait_for(lambda: b"cvclassic_queue 1.0" in service.ask("/metrics")[1])
    start_of_end = time.monotonic()
    assert service.stop() in (0, -signal.SIGTERM)
    asking.join()
    assert time.monotonic() - start_of_end < 30  # 2 s on a quiet machine
    assert answers[0][0] == 503
    assert "shutting down" in answers[0][1]["detail"]


class Askers:
    """Clients that ask again as soon as they are answered.

    Attributes
    ----------
    answers : list
        Status and record of each; or why there is none.
    """

    def __init__(self, service, image: bytes, n: int) -> None:
        self.answers: list = []
        self._service, self._image = service, image
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(n)]
        for thread in self._threads:
            thread.start()

    def _ask(self) -> None:
        while not self._stop.is_set():
            try:
                self.answers.append(self._service.ask("/predict", self._image)[:2])
            except OSError as error:
                self.answers.append((type(getattr(error, "reason", error)).__name__, None))
                if isinstance(getattr(error, "reason", error), ConnectionRefusedError):
                    return

    def end(self) -> None:
        """Stop asking."""
        self._stop.set()
        for thread in self._threads:
            thread.join()


@pytest.mark.slow
def test_sigterm_under_load_loses_no_request(start, toy_model_file, image) -> None:
    """A client is answered, or finds that nobody listens; nothing in between."""
    options = ("--workers", "1", "--batch-wait", "50ms", "--drain", "50")
    service = start(str(toy_model_file), *options)
    askers = Askers(service, image, 8)
    service.wait_for(lambda: len(askers.answers) > 20)
    assert service.stop() in (0, -signal.SIGTERM)
    askers.end()
    assert {status for status, _ in askers.answers} == {200, "ConnectionRefusedError"}


@pytest.mark.slow
def test_reloads_under_load_lose_no_request(start, toy_model_file, image) -> None:
    service = start(str(toy_model_file), "--workers", "1")
    askers = Askers(service, image, 4)
    name = b'cvclassic_reloads_total{ok="true"} '
    for n in range(1, 4):
        service.process.send_signal(signal.SIGHUP)
        service.wait_for(lambda n=n: name + b"%d.0" % n in service.ask("/metrics")[1], 120)
    askers.end()
    assert {(status, record["status"]) for status, record in askers.answers} == {(200, "ok")}


@pytest.mark.slow
def test_models_are_read_again(start, toy_model_file, tmp_path, image) -> None:
    path = tmp_path / "m.cvmodel"
    shutil.copy(toy_model_file, path)
    service = start(str(path), "--workers", "1")

    def reloads(ok: str) -> float:
        text = service.ask("/metrics")[1].decode()
        name = f'cvclassic_reloads_total{{ok="{ok}"}} '
        return max(
            [float(li[len(name) :]) for li in text.splitlines() if li.startswith(name)] or [0]
        )

    service.process.send_signal(signal.SIGHUP)
    service.wait_for(lambda: reloads("true") == 1)
    assert service.ask("/predict", image)[1]["status"] == "ok"
    path.write_bytes(b"no model")
    service.wait_for(lambda: reloads("false") == 1)
    assert service.ask("/predict", image)[1]["status"] == "ok"  # the old model still answers
    shutil.copy(toy_model_file, path)
    service.wait_for(lambda: reloads("true") == 2)
    assert service.ask("/predict", image)[1]["status"] == "ok"


@pytest.mark.slow
def test_full_queues_and_tokens(start, toy_model_file, tmp_path, image) -> None:
    (tmp_path / "tokens").write_text("# for the lab\nsecret\nother\n")
    service = start(
        str(toy_model_file), "--workers", "1", "--max-queue", "1", "--batch-wait", "2s",
        "--token", "tokens", "--max-per-client", "3",
    )  # fmt: skip
    status, answer, headers = service.ask("/predict", image)
    assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "token" in answer["detail"]
    assert service.ask("/predict", image, Authorization="Bearer wrong")[0] == 401
    assert service.ask("/health")[0] == 200
    with_token = {"Authorization": "Bearer other"}
    answers: list = []

    def ask() -> None:
        answers.append(service.ask("/predict", image, **with_token))

    first = threading.Thread(target=ask)
    first.start()
    service.wait_for(lambda: b"cvclassic_queue 1.0" in service.ask("/metrics", **with_token)[1])
    status, answer, headers = service.ask("/predict", image, **with_token)
    assert (status, headers["Retry-After"]) == (503, "1")
    assert "busy" in answer["detail"]
    first.join()
    assert answers[0][0] == 200, (answers, service.log())


@pytest.mark.slow
def test_what_is_logged_is_json_without_the_image(start, toy_model_file, image) -> None:
    service = start(str(toy_model_file), "--workers", "1")
    service.ask("/predict?name=secret-name.png", image)
    service.wait_for(lambda: any('"route": "/predict"' in line for line in service.lines))
    for line in service.lines:
        if not line.startswith("Serving"):
            assert json.loads(line)["message"]
    assert not any("secret-name" in line for line in service.lines)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "Name a MODEL"),
        (["missing.cvmodel"], "missing.cvmodel"),
        (["m.cvmodel", "--batch-wait", "soon"], "such as 5ms"),
        (["m.cvmodel", "--host", "no.such.host.invalid"], "is unknown"),
        (["a/m.cvmodel", "b/m.cvmodel"], "two models are called 'm'"),
    ],
)
def test_usage_errors(arguments, word, tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cvclassic_cli", "serve", "--port", "0", *arguments],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
    )
    assert done.returncode == 2
    assert word in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can")
def test_refused_connections_do_not_touch_accepted_ones() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        address = listener.getsockname()
        with socket.create_connection(address, timeout=60) as early:
            refuse_new_connections(listener)
            with pytest.raises(TimeoutError):
                socket.create_connection(address, timeout=0.3)
            early.sendall(b"a request")
            with listener.accept()[0] as accepted:
                assert accepted.recv(9) == b"a request"
