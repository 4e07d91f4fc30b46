"""Runs of the command that are killed, stopped, doubled and starved; real processes."""

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.command_line import command

from .conftest import one_line
from .test_failures import alive, start

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")


@pytest.fixture(scope="module")
def many(toy_folder, tmp_path_factory) -> list[str]:
    """385 inputs, one of them bad."""
    bad = tmp_path_factory.mktemp("bad") / "bad.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    return [*[str(toy_folder)] * 16, str(bad), *[str(toy_folder)] * 16]


@pytest.fixture(scope="module")
def expected(cvclassic, toy_model_file, many, tmp_path_factory) -> bytes:
    """What a run that nobody disturbs writes."""
    out = tmp_path_factory.mktemp("whole") / "l.csv"
    done = cvclassic(
        "classify", toy_model_file, *many, "-o", out, "--top", 2, "--engine", "threads", "-j", 1
    )
    assert done.returncode == 1
    return out.read_bytes()


def journal(out: Path) -> Path:
    return out.with_name(f".{out.name}.partial")


def wait_for_records(process: subprocess.Popen, out: Path, size: int = 3000) -> None:
    """Until some are on disk."""
    deadline = time.monotonic() + 60
    while not journal(out).exists() or journal(out).stat().st_size < size:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_kills_at_random(engine, toy_model_file, many, expected, tmp_path) -> None:
    """Some by kill -9, some by signals that the program hears; the bytes are the same."""
    rng = random.Random(3)
    out = tmp_path / "l.csv"
    arguments = ["classify", toy_model_file, *many, "-o", out, "--top", "2", "--engine", engine]
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
        size = journal(out).stat().st_size if journal(out).exists() else 0
        process = start(*arguments)
        wait_for_records(process, out, size + 1)
        time.sleep(rng.uniform(0, 0.15))
        begin = time.monotonic()
        process.send_signal(number)
        _, message = process.communicate(timeout=20)
        assert time.monotonic() - begin < 10  # 5 s, and a busy machine
        assert "Traceback" not in message
        if process.returncode == 1:  # it was faster than the signal
            break
        assert process.returncode == {9: -9, 15: 143}[number]
        if number == signal.SIGTERM:
            assert "records are kept; run the same command again to resume." in message
        deadline = time.monotonic() + 5
        while alive(process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert alive(process.pid) == []
        assert not out.exists()
    done = start(*arguments)
    _, message = done.communicate(timeout=60)
    assert done.returncode == 1
    assert out.read_bytes() == expected
    assert os.listdir(tmp_path) == ["l.csv"]
    assert "385 inputs" in message


@pytest.mark.slow
def test_two_runs_at_one_output(cvclassic, toy_model_file, many, expected, tmp_path) -> None:
    """The second ends at once with 75 and harms nothing; one after a crash is welcome."""
    out = tmp_path / "l.csv"
    arguments = ["classify", toy_model_file, *many, "-o", out, "--top", "2"]
    first = start(*arguments)
    wait_for_records(first, out)
    os.kill(first.pid, signal.SIGSTOP)
    try:
        line = one_line(cvclassic(*arguments), 75)
    finally:
        os.kill(first.pid, signal.SIGCONT)
    assert line == (
        f"Error: {out}: process {first.pid} is writing it. Wait for it, or choose another output."
    )
    assert first.communicate(timeout=60)
    assert first.returncode == 1
    assert out.read_bytes() == expected


@pytest.mark.slow
def test_a_finished_run_is_done_again(in_process, toy_model_file, toy_folder, tmp_path) -> None:
    out = tmp_path / "l.csv"
    arguments = ["classify", toy_model_file, toy_folder, "-o", out]
    assert "replaced" not in in_process(*arguments).stderr
    out.write_text("path,status,code,message\nold")
    done = in_process(*arguments)
    assert done.returncode == 0
    assert f"{out} exists and will be overwritten when the run finishes." in done.stderr
    assert len(out.read_text().splitlines()) == 13
    done = in_process(*arguments, "-q")
    assert done.stderr == ""
    assert os.listdir(tmp_path) == ["l.csv"]


@pytest.mark.slow
def test_what_does_not_fit_is_refused(
    cvclassic, in_process, toy_model_file, many, toy_folder, tmp_path
) -> None:
    """Another model, other options, other inputs: one line, and how to begin anew."""
    out = tmp_path / "l.jsonl"
    arguments = ["classify", toy_model_file, *many, "-o", out]
    process = start(*arguments)
    wait_for_records(process, out, 8000)
    process.kill()
    process.communicate()
    before = journal(out).read_bytes()
    for changed, message in [
        (
            [*arguments, "--top", "3"],
            "an interrupted run with another --top is there (1 then, 3 now)",
        ),
        (["classify", toy_model_file, toy_folder, "-o", out], "input 13 was"),
    ]:
        line = one_line(in_process(*changed, "-q"), 2)
        assert message in line
        assert "--restart" in line
    assert journal(out).read_bytes()[60:] == before[60:]
    done = cvclassic("classify", toy_model_file, toy_folder, "-o", out, "--restart")
    assert done.returncode == 0
    assert len(out.read_text().splitlines()) == 12
    assert not journal(out).exists()
    assert "--restart needs an output file" in one_line(
        in_process("classify", toy_model_file, toy_folder, "--restart"), 2
    )


@pytest.mark.slow
def test_a_disk_that_fills_up(cvclassic, toy_model_file, many, expected, tmp_path) -> None:
    """Exit code 3, what is done is kept, and the run goes on when there is room."""
    out = tmp_path / "l.csv"
    words = [*command(), "classify", toy_model_file, *many, "-o", out, "--top", "2", "-q"]

    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    done = subprocess.run(
        list(map(str, words)), capture_output=True, text=True, timeout=60, preexec_fn=limit
    )
    line = one_line(done, 3)
    assert line.startswith(f"Error: {out}: File too large. ")
    assert "records are kept; run the same command again to resume." in line
    assert 15_000 < journal(out).stat().st_size <= 20_000
    assert not out.exists()
    done = cvclassic("classify", toy_model_file, *many, "-o", out, "--top", "2")
    assert done.returncode == 1
    assert "before the interruption)" in done.stderr
    assert out.read_bytes() == expected


@pytest.mark.slow
def test_inputs_that_vanish_and_change(cvclassic, toy_model_file, toy_folder, tmp_path) -> None:
    """While a run is under way: a record each, of what was there when it was read."""
    folder = tmp_path / "in"
    folder.mkdir()
    data = next((toy_folder / "fine").iterdir()).read_bytes()
    for i in range(600):
        (folder / f"{i:04d}.png").write_bytes(data)
    out = tmp_path / "l.jsonl"
    process = start("classify", toy_model_file, folder, "-o", out, "-j", "1")
    wait_for_records(process, out)
    os.kill(process.pid, signal.SIGSTOP)
    (folder / "0590.png").unlink()
    (folder / "0591.png").write_bytes(b"")
    (folder / "0592.png").write_bytes(data[:200])
    os.kill(process.pid, signal.SIGCONT)
    process.communicate(timeout=60)
    assert process.returncode == 1
    records = [json.loads(line) for line in out.read_text().splitlines()]
    codes = {os.path.basename(r["path"]): r["code"] for r in records if r["status"] == "error"}
    assert len(records) == 600
    assert set(codes) == {"0590.png", "0591.png", "0592.png"}
    assert codes["0590.png"] == "not_found"
    assert codes["0591.png"] == "empty"


def test_progress_for_logs(cvclassic, toy_model_file, toy_folder, tmp_path) -> None:
    done = cvclassic(
        "classify", toy_model_file, toy_folder, toy_folder / "no.png", "-o", tmp_path / "l.csv",
        "--json", "-q",
    )  # fmt: skip
    assert done.returncode == 1
    last = json.loads(done.stderr.splitlines()[-1])
    assert last["done"] == 13
    assert last["failed"] == 1
    assert last["kept"] == 0
    assert last["total"] in (13, None)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--timeout", "0"], "0"),
        (["--memory-cap", "0"], "0"),
        (["--timeout", "5", "--engine", "threads"], "need --engine processes"),
        (["--engine", "fork"], "'fork'"),
    ],
)
def test_options_that_do_not_fit(in_process, toy_model_file, toy_folder, args, message) -> None:
    assert message in one_line(in_process("classify", toy_model_file, toy_folder, *args), 2)


@pytest.mark.slow
def test_engines_and_limits_give_the_same_bytes(
    cvclassic, toy_model_file, many, expected, tmp_path
) -> None:
    out = tmp_path / "l.csv"
    done = cvclassic(
        "classify", toy_model_file, *many, "-o", out, "--top", 2, "--engine", "processes",
        "--timeout", 30, "--memory-cap", 4000, "-j", 2,
    )  # fmt: skip
    assert done.returncode == 1
    assert out.read_bytes() == expected
