"""``cvclassic doctor``: what this machine has, what is wrong with it, and what to do about it."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cvclassic.errors import ExitCode

if TYPE_CHECKING:
    from packaging.requirements import Requirement

OPENCV = (
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
    "opencv-python",
    "opencv-python-headless",
)
EXTRAS = {
    "parquet": "pyarrow",
    "dask": "distributed",
    "cloud": "fsspec",
    "heif": "pillow-heif",
    "video": "av",
    "serve": "starlette",
    "network": "onnxruntime",
    "cnn": "torch",
}
COLORS = {"ok": "green", "warn": "yellow", "fail": "red"}
GIB = 1024**3


@dataclass(frozen=True)
class Check:
    """One line of the report; ``hint`` says what to do when it is not ok."""

    name: str
    status: str
    value: str
    hint: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check this machine: versions, OpenCV, threads, memory.

    Exit code 0 when nothing is wrong, 1 when something needs repair.

    \b
    Example:
      cvclassic doctor
      cvclassic doctor --json > machine.json
    """
    checks = list(run_checks())
    healthy = all(check.status != "fail" for check in checks)
    if as_json:
        report = {"healthy": healthy, "checks": [asdict(check) for check in checks]}
        click.echo(json.dumps(report, indent=2))
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            status = click.style(f"{check.status:<4}", fg=COLORS[check.status])
            click.echo(f"{status}  {check.name:<{width}}  {check.value}")
            if check.hint:
                click.echo(f"{'':<{width + 8}}-> {check.hint}")
        problems = sum(check.status == "fail" for check in checks)
        click.echo("No problems found." if healthy else f"{problems} problem(s), see above.")
    ctx.exit(ExitCode.OK if healthy else ExitCode.FAILURES)


def run_checks() -> Iterator[Check]:
    """Run every check; one that breaks is itself a finding."""
    for check in CHECKS:
        try:
            yield from check()
        except Exception as error:
            name = check.__name__.removeprefix("check_")
            yield Check(name, "fail", f"{type(error).__name__}: {error}".splitlines()[0])


def check_python() -> Iterator[Check]:
    """Interpreter and system."""
    status = "ok" if sys.version_info >= (3, 11) else "fail"
    yield Check("python", status, f"{platform.python_version()} ({sys.executable})")
    yield Check("system", "ok", platform.platform())


def check_packages() -> Iterator[Check]:
    """Every requirement is installed, in a version that will do."""
    try:
        yield Check("cvclassic", "ok", metadata.version("cvclassic"))
        requirements = _requirements()
    except metadata.PackageNotFoundError:
        yield Check("cvclassic", "warn", "not installed", "run ./dev setup, or pip install .")
        return
    for requirement in sorted(requirements, key=lambda requirement: requirement.name):
        if requirement.marker is not None or requirement.name in OPENCV:
            continue
        yield _package(requirement.name, str(requirement.specifier))
    for extra, name in EXTRAS.items():
        version = _version(name)
        how = f"not installed; optional: pip install 'cvclassic[{extra}]'"
        yield Check(name, "ok", version or how)


def check_opencv() -> Iterator[Check]:
    """Exactly one of the distributions that all call themselves ``cv2``, and it can be imported."""
    found = [name for name in OPENCV if _version(name)]
    if not found:
        yield Check("opencv", "fail", "not installed", "pip install opencv-contrib-python")
        return
    listing = ", ".join(f"{name} {_version(name)}" for name in found)
    if len(found) > 1:
        yield Check(
            "opencv",
            "fail",
            f"{len(found)} distributions overwrite each other: {listing}",
            f"pip uninstall -y {' '.join(found)}; pip install {found[0]}=={_version(found[0])}",
        )
    elif "contrib" not in found[0]:
        hint = f"pip uninstall -y {found[0]}; pip install opencv-contrib-python"
        yield Check("opencv", "warn", f"{listing}, which lacks the contrib modules", hint)
    else:
        yield _package(found[0], _opencv_versions())
    try:
        import cv2
    except ImportError as error:
        hint = (
            "apt install libgl1 libglib2.0-0, or: "
            f"pip uninstall -y {' '.join(found)}; "
            f"pip install opencv-contrib-python-headless=={_version(found[0])}"
        )
        yield Check("import cv2", "fail", str(error).splitlines()[0], hint)
        return
    yield Check("import cv2", "ok", cv2.__version__)
    yield from _cascades(Path(cv2.data.haarcascades))
    yield Check("opencv threads", "ok", str(cv2.getNumThreads()))
    yield Check("opencv simd", "ok", cv2.getCPUFeaturesLine() or "none")


def _cascades(folder: Path) -> Iterator[Check]:
    """The cascade files that face detection needs: OpenCV 5.0 came without them."""
    count = len(list(folder.glob("*.xml")))
    if (folder / "haarcascade_frontalface_default.xml").is_file():
        yield Check("cascades", "ok", f"{count} files")
    else:
        hint = f"pip install 'opencv-contrib-python{_opencv_versions()}'"
        yield Check("cascades", "fail", f"{count} files, none for frontal faces", hint)


def check_threads() -> Iterator[Check]:
    """Processors that this process may use, and the thread pools of the numerical libraries."""
    import joblib
    import sklearn.utils.parallel  # noqa: F401  (loads OpenMP and BLAS, so that they are listed)
    import threadpoolctl

    usable = joblib.cpu_count()  # heeds affinity and container quotas
    yield Check("processors", "ok", f"{usable} usable of {os.cpu_count()}")
    pools = [
        f"{pool['internal_api']} {pool['num_threads']}" for pool in threadpoolctl.threadpool_info()
    ]
    yield Check("blas and openmp threads", "ok", ", ".join(pools) or "none found")


def check_memory() -> Iterator[Check]:
    """Memory that is left, here and in the container."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        yield Check("memory", "ok", "unknown on this system")
        return
    table = dict(line.split(":", 1) for line in lines)
    total, free = (int(table[key].split()[0]) * 1024 / GIB for key in ("MemTotal", "MemAvailable"))
    limit = _container_limit()
    if limit is not None:
        total, free = min(total, limit), min(free, limit)
    text = f"{free:.1f} GiB available of {total:.1f} GiB"
    if free < 1:
        yield Check("memory", "warn", text, "training may need 1 GiB: use --jobs 1")
    else:
        yield Check("memory", "ok", text)


def _container_limit() -> float | None:
    """GiB that the control group allows, where it says so."""
    try:
        text = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) / GIB if text.isdigit() else None


def check_temporary_folder() -> Iterator[Check]:
    """Temporary files can be written, and there is room."""
    try:
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"x" * 4096)
            file.flush()
            folder = str(Path(file.name).parent)
    except OSError as error:
        hint = "set TMPDIR to a folder that can be written"
        yield Check("temporary folder", "fail", error.strerror or str(error), hint)
        return
    free = shutil.disk_usage(folder).free / GIB
    status, hint = ("ok", "") if free > 0.5 else ("warn", "make room, or set TMPDIR")
    yield Check("temporary folder", status, f"{folder}, {free:.1f} GiB free", hint)


def check_samples() -> Iterator[Check]:
    """The images of ``cvclassic demo`` came along."""
    import cvclassic_samples

    count = len(list(cvclassic_samples.ROOT.glob("materials/*/*/*.jpg")))
    yield Check("sample images", "ok" if count else "fail", f"{count} files")


def _version(name: str) -> str | None:
    """The installed version of a distribution, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _requirements() -> list[Requirement]:
    """What the installed cvclassic declares."""
    from packaging.requirements import Requirement

    return [Requirement(line) for line in metadata.requires("cvclassic") or ()]


def _opencv_versions() -> str:
    """The versions of OpenCV that will do, whichever build it is."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        for requirement in _requirements():
            if requirement.name in OPENCV:
                return str(requirement.specifier)
    return ""


def _package(name: str, specifier: str) -> Check:
    """Whether a distribution is installed in a version that fits."""
    from packaging.specifiers import SpecifierSet

    version = _version(name)
    if version is None:
        return Check(name, "fail", "not installed", f"pip install '{name}{specifier}'")
    if not SpecifierSet(specifier).contains(version, prereleases=True):
        hint = f"pip install '{name}{specifier}'"
        return Check(name, "fail", f"{version}, but {specifier} is needed", hint)
    return Check(name, "ok", version)


CHECKS: tuple[Callable[[], Iterator[Check]], ...] = (
    check_python,
    check_packages,
    check_opencv,
    check_threads,
    check_memory,
    check_temporary_folder,
    check_samples,
)
