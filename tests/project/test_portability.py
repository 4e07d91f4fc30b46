"""Without the names that only POSIX has: import, train, classify and resume still work."""

import ast
import os
import subprocess
import sys

import pytest

from cvclassic.images import write_image
from tests.checks import picture_labels, pictures
from tests.source_trees import nodes_of

BARE = """
import os, sys, signal, socket
for name in ("O_CLOEXEC", "O_NONBLOCK", "O_NOFOLLOW", "O_DIRECTORY", "O_PATH", "O_NOCTTY", "fork",
             "pread", "pwrite", "preadv", "pwritev", "sched_getaffinity", "link"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("pthread_sigmask",):
    delattr(signal, name)
del socket.send_fds, socket.recv_fds
for name in ("fcntl", "resource", "pwd", "grp"):
    sys.modules[name] = None
_open = open
def open(name, *args, **kwargs):
    if isinstance(name, str) and name.startswith("/proc") and not name.endswith("/maps"):
        raise FileNotFoundError(name)
    return _open(name, *args, **kwargs)
import builtins
builtins.open = open
"""
WORK = """
import itertools
import cvclassic
from cvclassic.batch import ClassifyTask, Run, Sources, Work
from cvclassic.classify import make_recipe
from cvclassic.images import load_folder, read_image

def main(folder, out):
    data = load_folder(folder)
    model = make_recipe("sift-bow", n_words=8, C=1.0, random_state=0, max_side=100)
    model.fit([read_image(path) for path in data.paths], data.labels)
    task = ClassifyTask(model, model="m")
    for engine in ("threads", "processes"):
        work = Work(engine, n_jobs=2)
        records = iter(Run(Sources((folder,)), task, output=f"{out}-{engine}.csv", work=work))
        print(next(records).label)
        records.close()
        run = Run(Sources((folder,)), task, output=f"{out}-{engine}.csv", work=work)
        print(engine, len(list(run)), run.n_kept, run.exit_code.name)

if __name__ == "__main__":
    main(*sys.argv[1:])
"""


@pytest.mark.slow
def test_everything_works_without_posix(tmp_path) -> None:
    (tmp_path / "in").mkdir()
    for i, (image, label) in enumerate(zip(pictures(24), picture_labels(24), strict=True)):
        (tmp_path / "in" / label).mkdir(exist_ok=True)
        write_image(tmp_path / "in" / label / f"{i:02}.png", image)
    (tmp_path / "work.py").write_text(BARE + WORK)
    words = [sys.executable, "work.py", str(tmp_path / "in"), str(tmp_path / "out")]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1] == "threads 24 16 OK"
    assert lines[3] == "processes 24 16 OK"
    assert (tmp_path / "out-threads.csv").read_bytes() == (
        tmp_path / "out-processes.csv"
    ).read_bytes()


NAMES = {"O_CLOEXEC", "O_NONBLOCK", "O_NOFOLLOW", "O_DIRECTORY", "fork", "pread", "pwrite"}
NAMES |= {"preadv", "sched_getaffinity", "pthread_sigmask", "SIGKILL"}
FORKING = "forkserver.py"  # is only used where there is `os.fork`


def test_posix_names_live_in_one_module(root) -> None:
    for file in [*(root / "cvclassic").rglob("*.py"), *(root / "cli").rglob("*.py")]:
        if file.name in ("platform.py", FORKING):
            continue
        for node in nodes_of(file.read_text(encoding="utf-8")):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                here = node.value.id in ("os", "signal") and node.attr in NAMES
                assert not here, f"{file}: {node.value.id}.{node.attr}"
            if isinstance(node, ast.Import):
                assert "fcntl" not in {alias.name for alias in node.names}, file


def test_a_folder_is_synced_behind_a_rename(tmp_path, monkeypatch) -> None:
    """Else a power cut may lose the name although the bytes are on the disk."""
    from cvclassic._basics.atomic import atomic_file

    calls = []
    replace, fsync = os.replace, os.fsync
    monkeypatch.setattr(os, "replace", lambda a, b: (calls.append("replace"), replace(a, b)))
    monkeypatch.setattr(os, "fsync", lambda fd: (calls.append(os.fstat(fd).st_ino), fsync(fd)))
    with atomic_file(tmp_path / "a") as file:
        file.write(b"x")
    written, renamed, synced = calls
    assert written == os.stat(tmp_path / "a").st_ino
    assert renamed == "replace"
    assert synced == os.stat(tmp_path).st_ino
