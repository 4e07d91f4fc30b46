"""A cluster of real processes: the same bytes as one machine, whoever is killed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from cvclassic.batch import classify_files
from cvclassic.batch.engines.dask_worker import InFolder, difference
from tests.checks import picture_labels, pictures
from tests.conftest import ROOT

from .conftest import one_line
from .test_failures import alive, start

distributed = pytest.importorskip("distributed", reason="Dask is not installed: cvclassic[dask]")
pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")


class Cluster:
    """``dask scheduler`` and ``dask worker`` on loopback."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "scheduler.json"
        self._folder = folder
        self.processes: list[subprocess.Popen] = []
        self._dask("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-show")
        deadline = time.monotonic() + 60
        while not self._file.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.1)
        self.client = distributed.Client(
            scheduler_file=str(self._file), set_as_default=False, timeout=60
        )
        self.address = self.client.scheduler.address

    def _dask(self, kind: str, *words: str, **env: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + kind, *words]
            + ["--scheduler-file", str(self._file), "--no-dashboard"],
            cwd=self._folder,  # where no relative name leads to an image
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def add(self, n: int = 1, **env: str) -> list[subprocess.Popen]:
        """Start workers, and wait for them."""
        words = ["--nthreads", "1", "--no-nanny", "--host", "127.0.0.1"]
        added = [self._dask("worker", *words, **env) for _ in range(n)]
        self._wait(lambda pids: {worker.pid for worker in added} <= pids)
        return added

    def kill(self, worker: subprocess.Popen) -> None:
        """With the processes that it has started."""
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        self._wait(lambda pids: worker.pid not in pids)

    def _wait(self, good: Callable[[set[int]], bool]) -> None:
        deadline = time.monotonic() + 60
        while not good(set(self.client.run(os.getpid, on_error="ignore").values())):
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def close(self) -> None:
        self.client.close()
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(folder)
    try:
        yield cluster
    finally:
        cluster.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        cluster.add(2)
        yield cluster


@pytest.fixture(scope="module")
def home(toy_folder, tmp_path_factory) -> tuple[Path, list[str]]:
    """A folder, and 627 inputs that are named relative to it: links, bad files, nothing."""
    folder = tmp_path_factory.mktemp("home")
    os.symlink(toy_folder, folder / "toys")
    (folder / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    (folder / os.fsdecode(b"\xff.png")).write_bytes(b"")
    odd = ["bad.png", "missing.png", os.fsdecode(b"\xff.png")]
    return folder, [*["toys"] * 26, *odd, *["toys"] * 26]


@pytest.fixture(scope="module")
def expected(cvclassic, toy_model_file, home) -> bytes:
    folder, inputs = home
    done = cvclassic("classify", toy_model_file, *inputs, "-o", "here.csv", "-q", cwd=folder)
    assert done.returncode == 1
    return (folder / "here.csv").read_bytes()


def wait_for_journal(process: subprocess.Popen, out: Path, size: int = 3000) -> None:
    journal = out.with_name(f".{out.name}.partial")
    deadline = time.monotonic() + 90
    while not journal.exists() or journal.stat().st_size < size:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.slow
def test_the_same_bytes_with_a_worker_killed(cluster, toy_model_file, home, expected) -> None:
    """One worker dies in the run, another joins it; every input has one record, in order."""
    folder, inputs = home
    process = start(
        "classify", toy_model_file, *inputs, "-o", "there.csv", "--dask", cluster.address,
        "--timeout", "60", cwd=folder,
    )  # fmt: skip
    wait_for_journal(process, folder / "there.csv")
    cluster.kill(cluster.processes[1])
    cluster.add(1)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "Traceback" not in said
    assert len(said.splitlines()) == 2, said  # the summary, and the file
    assert "627 inputs: 624 ok, 3 failed (" in said
    assert (folder / "there.csv").read_bytes() == expected
    deadline = time.monotonic() + 10  # nothing of ours stays in the workers
    for worker in cluster.processes[2:]:
        while len(alive(worker.pid)) > 1 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert alive(worker.pid) == [str(worker.pid)]


@pytest.mark.slow
def test_a_picture_that_kills_costs_one_record(cluster, tmp_path) -> None:
    """Not the Dask worker: it has a process of its own for decoding."""
    from cvclassic.batch.engines.dask import map_on_dask
    from tests.batch import tasks

    before = cluster.client.nthreads()
    items = ["a", "die 11", "b", "sleep 60", *map(str, range(20))]
    blocks = map_on_dask(
        tasks.obey, iter(items), lost=lambda item, loss: (item, loss.code, loss.message),
        address=cluster.address, n_workers=1, block_size=4, timeout=1.0,
    )  # fmt: skip
    assert [result for block in blocks for result in block] == [
        "a",
        ("die 11", "worker_crash", "its worker process was killed by SIGSEGV"),
        "b",
        ("sleep 60", "timeout", "took longer than 1 s"),
        *map(str, range(20)),
    ]
    assert cluster.client.nthreads() == before


@pytest.mark.slow
def test_no_further_ahead_than_needed(cluster, toy_model) -> None:
    """Memory does not grow with the number of inputs."""
    asked = 0

    def endless() -> Iterator[str]:
        nonlocal asked
        while True:
            asked += 1
            yield "missing.png"

    records = classify_files(toy_model, endless(), engine="dask", dask=cluster.address)
    for _, record in zip(range(300), records, strict=False):
        assert record.code == "not_found"
    records.close()
    assert asked < 300 + 64 * 3 * 3


@pytest.mark.slow
def test_local_cluster_killed_and_stopped(toy_model_file, home, expected) -> None:
    """A worker is killed, then the run interrupted: 130, no process left, and it goes on."""
    folder, inputs = home
    out = folder / "local.csv"
    arguments = ["classify", toy_model_file, *inputs, "-o", out, "--dask", "local", "-j", "2"]
    process = start(*arguments, cwd=folder)
    wait_for_journal(process, out)
    spawned = [
        pid
        for pid in alive(process.pid)
        if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    assert len(spawned) >= 2
    os.kill(int(spawned[0]), signal.SIGKILL)
    wait_for_journal(process, out, out.with_name(".local.csv.partial").stat().st_size + 3000)
    begin = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # Ctrl-C reaches all
    _, said = process.communicate(timeout=60)
    assert time.monotonic() - begin < 40  # 5 s, and a very busy machine
    assert process.returncode == 130, said
    assert "records are kept; run the same command again to resume." in said
    assert len(said.splitlines()) == 1, said
    deadline = time.monotonic() + 10
    while alive(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert alive(process.pid) == []
    again = start(*arguments[:-4], cwd=folder)  # and without Dask, since records are the same
    again.communicate(timeout=60)
    assert out.read_bytes() == expected


@pytest.mark.slow
def test_the_scheduler_is_lost(toy_model_file, home, expected, tmp_path) -> None:
    """3, one line, and the records are kept for a run that needs no cluster."""
    folder, inputs = home
    arguments = ["classify", toy_model_file, *inputs, "-o", "lost.csv"]
    with running_cluster(tmp_path) as cluster:
        cluster.add(1)
        process = start(*arguments, "--dask", cluster.address, cwd=folder)
        wait_for_journal(process, folder / "lost.csv")
        scheduler = cluster.processes[0]
        os.killpg(scheduler.pid, signal.SIGKILL)
        _, said = process.communicate(timeout=90)
    assert process.returncode == 3, said
    assert "The Dask scheduler has gone" in said
    assert len(said.splitlines()) == 1, said
    assert not (folder / "lost.csv").exists()
    again = start(*arguments, cwd=folder)
    _, said = again.communicate(timeout=60)
    assert again.returncode == 1, said
    assert (folder / "lost.csv").read_bytes() == expected


@pytest.mark.slow
def test_images_are_indexed_on_dask(cluster, toy_folder, in_process, tmp_path) -> None:
    """The index has the same files as one that was made here."""
    listed = {}
    for name, options in (("here", ("-j", 1)), ("there", ("--dask", cluster.address))):
        out = tmp_path / name
        done = in_process(
            "search", "index", toy_folder, "-o", out, "--words", 20, "--no-compact", *options
        )
        assert done.returncode == 0, done.stderr
        listed[name] = {path.name: path.read_bytes() for path in out.glob("*.safetensors")}
    assert listed["here"] == listed["there"]


@pytest.mark.slow
def test_encoders_on_dask(cluster, toy_folder) -> None:
    """joblib's ``parallel_config`` takes `fit` and `transform` there, with the same numbers."""
    from joblib import parallel_config

    from cvclassic.classify import make_recipe

    files = sorted(toy_folder.rglob("*.png"))
    labels = [file.parent.name for file in files]
    for X, y in ((pictures(), picture_labels()), (files, labels)):
        here = make_recipe("sift-bow", n_words=15, C=1.0, random_state=0).fit(X, y)
        there = make_recipe("sift-bow", n_words=15, C=1.0, random_state=0)
        with cluster.client.as_current(), parallel_config(backend="dask"):
            there.fit(X, y)
            vectors = there[0].transform(X)
        assert np.array_equal(there[0].words_, here[0].words_)
        assert np.array_equal(vectors, here[0].transform(X))
        assert np.array_equal(there.predict_proba(X), here.predict_proba(X))


@pytest.mark.slow
def test_clusters_that_will_not_do(
    in_process, toy_model_file, toy_folder, tmp_path, monkeypatch
) -> None:
    """Nobody there, no workers, workers with another cvclassic, or none: one line and 2."""
    monkeypatch.setattr("cvclassic.batch.engines.dask_cluster._CONNECT_SECONDS", 1.0)

    def refused(address: str) -> str:
        out = tmp_path / "l.csv"
        arguments = ("classify", toy_model_file, toy_folder, "-o", out, "--dask", address)
        line = one_line(in_process(*arguments), 2)
        assert not list(tmp_path.glob(".*.partial"))
        return line

    assert "no Dask scheduler answers there" in refused("tcp://127.0.0.1:9")
    real = Path(str(sys.modules["cvclassic"].__file__)).parent
    shadow = tmp_path / "shadow" / "cvclassic" / "__init__.py"
    shadow.parent.mkdir(parents=True)
    with running_cluster(tmp_path) as bare:
        assert "the Dask cluster has no workers" in refused(bare.address)
        shadow.write_text(f"__path__ = [{str(real)!r}]\n__version__ = '0.0.1'\n")
        (worker,) = bare.add(PYTHONPATH=str(tmp_path / "shadow"))
        assert "has cvclassic 0.0.1 and not" in refused(bare.address)
        bare.kill(worker)
        shadow.write_text("raise ImportError('there is no cvclassic')\n")
        bare.add(PYTHONPATH=str(tmp_path / "shadow"))
        assert "cannot load cvclassic" in refused(bare.address)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--dask", "scheduler:8786"], "such as tcp://host:8786. Got 'scheduler:8786'"),
        (["--dask", "local", "--engine", "threads"], "leave out --engine"),
        (["--dask", "tcp://h:1", "-j", "2"], "--jobs is for --dask local"),
    ],
)
def test_options_that_do_not_fit(in_process, toy_model_file, args, message) -> None:
    assert message in one_line(in_process("classify", toy_model_file, "x", *args), 2)


def test_names_mean_nothing_where_the_folder_is_missing(tmp_path, monkeypatch) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    look = InFolder("/no/such/folder", lambda names: [os.path.exists(name) for name in names])
    assert look(["a.png", "../a.png", str(tmp_path / "a.png")]) == [False, False, True]


def test_differences_in_words() -> None:
    ours = {"cvclassic": "2", "NumPy": "1"}
    assert difference(ours, dict(ours)) == ""
    assert difference(ours, {"NumPy": "3"}) == "cvclassic None and not 2, NumPy 3 and not 1"
