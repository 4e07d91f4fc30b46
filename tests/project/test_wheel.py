"""A wheel works where the checkout is not."""

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an installed wheel of a copy of this checkout, without its dependencies."""
    version = metadata.version("setuptools").split(".")[0]
    if int(version) < 77:
        pytest.skip(f"building a wheel offline needs setuptools >= 77, here is {version}")
    copy = tmp_path_factory.mktemp("checkout") / "copy"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, copy)
    for name in ("cvclassic", "cli", "sample_images"):
        shutil.copytree(root / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    offline = ["--no-deps", "--no-index"]
    for command in (
        [*pip, "wheel", *offline, "--no-build-isolation", "-w", str(copy / "dist"), str(copy)],
        [*pip, "install", *offline, "--target", str(target), "--find-links", str(copy / "dist")]
        + ["cvclassic"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
    return target


def run(site: Path, folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run the installed ``cvclassic`` in another folder."""
    env = {**os.environ, "PYTHONPATH": str(site)}
    script = str(site / "bin" / "cvclassic")
    return subprocess.run(
        [sys.executable, script, *args],
        capture_output=True,
        text=True,
        cwd=folder,
        env=env,
        timeout=180,
    )


@pytest.mark.slow
def test_only_our_names_are_installed(site: Path) -> None:
    tops = {path.name for path in site.iterdir() if not path.name.endswith(".dist-info")}
    assert tops - {"bin", "__pycache__"} == {"cvclassic", "cvclassic_cli", "cvclassic_samples"}


@pytest.mark.slow
def test_pictures_and_license_are_inside(site: Path, root: Path) -> None:
    inside = {p.relative_to(site / "cvclassic_samples") for p in site.rglob("*.jpg")}
    outside = {p.relative_to(root / "sample_images") for p in root.glob("sample_images/**/*.jpg")}
    assert inside == outside
    assert (site / "cvclassic_samples" / "SOURCES.md").is_file()
    assert (site / "cvclassic" / "py.typed").is_file()
    templates = {p.name for p in (root / "cvclassic" / "report" / "templates").iterdir()}
    assert {p.name for p in (site / "cvclassic" / "report" / "templates").iterdir()} == templates
    assert list(site.glob("*.dist-info/**/LICENSE"))


@pytest.mark.slow
def test_help_runs(site: Path, tmp_path: Path) -> None:
    done = run(site, tmp_path, "--help")
    assert done.returncode == 0, done.stderr
    assert "Commands:" in done.stdout


@pytest.mark.slow
def test_the_installed_code_is_what_runs(site: Path, tmp_path: Path) -> None:
    code = (
        "import cvclassic, cvclassic_cli, cvclassic_samples as s; print(cvclassic.__file__, s.ROOT)"
    )
    env = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=env
    )
    assert done.stdout.count(str(site)) == 2, done.stdout + done.stderr


@pytest.mark.slow
def test_demo_runs(site: Path, tmp_path: Path) -> None:
    done = run(site, tmp_path, "demo")
    assert done.returncode == 0, done.stderr
    assert done.stdout
