"""``cvclassic doctor`` finds what is wrong."""

import json
from pathlib import Path

import pytest


def report(done) -> dict[str, dict]:
    """The checks by name."""
    return {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def test_this_machine(run_cli) -> None:
    done = run_cli("doctor", "--json")
    checks = report(done)
    assert done.returncode == (0 if json.loads(done.stdout)["healthy"] else 1)
    for name in ("python", "numpy", "scikit-learn", "scikit-image", "joblib", "import cv2"):
        assert checks[name]["status"] == "ok", checks[name]
    assert checks["cascades"]["value"] == "17 files"
    assert int(checks["opencv threads"]["value"]) >= 1
    table = run_cli("doctor")
    assert table.returncode == done.returncode
    for name, check in checks.items():
        assert f"{check['status']:<4}  {name} " in table.stdout


def install(folder: Path, name: str, version: str) -> None:
    """Pretend that a distribution is installed."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


@pytest.mark.slow
def test_clashing_opencv_distributions(run_cli, tmp_path: Path) -> None:
    install(tmp_path, "opencv-python", "4.12.0.88")
    install(tmp_path, "opencv-python-headless", "4.12.0.88")
    done = run_cli("doctor", "--json", env={"PYTHONPATH": str(tmp_path)})
    check = report(done)["opencv"]
    assert done.returncode == 1
    assert check["status"] == "fail"
    assert "opencv-python 4.12.0.88" in check["value"]
    assert "opencv-python-headless 4.12.0.88" in check["value"]
    assert "pip uninstall" in check["hint"]


@pytest.mark.slow
def test_a_missing_shared_library(run_cli, tmp_path: Path) -> None:
    message = "libGL.so.1: cannot open shared object file: No such file or directory"
    (tmp_path / "cv2.py").write_text(f"raise ImportError({message!r})\n")
    done = run_cli("doctor", "--json", env={"PYTHONPATH": str(tmp_path)})
    check = report(done)["import cv2"]
    assert done.returncode == 1
    assert check["value"] == message
    assert "libgl1" in check["hint"]
    assert "headless==" in check["hint"]


@pytest.mark.parametrize(
    ("name", "version", "status"),
    [
        ("joblib", "0.1", "fail"),
        ("scipy", "1.0", "fail"),
        ("opencv-contrib-python", "4.10.0.84", "fail"),
        ("opencv-contrib-python", "4.11.0.86", "ok"),
        ("opencv-contrib-python", "5.0.0.93", "fail"),
        ("opencv-contrib-python", "5.1.0.95", "ok"),
        ("opencv-contrib-python", "6.0", "fail"),
    ],
)
def test_every_declared_bound_is_checked(name, version, status, tmp_path, monkeypatch) -> None:
    from cvclassic_cli.commands.doctor import check_opencv, check_packages

    monkeypatch.syspath_prepend(str(tmp_path))
    install(tmp_path, name, version)
    checks = {check.name: check for check in [*check_packages(), *check_opencv()]}
    assert checks[name].status == status, checks[name]
    assert version in checks[name].value
    if status == "fail":
        assert name in checks[name].hint


@pytest.mark.slow
def test_a_check_that_breaks_is_a_finding(run_cli, tmp_path: Path) -> None:
    """And the others still run."""
    (tmp_path / "threadpoolctl.py").write_text("raise RuntimeError('broken')\n")
    done = run_cli("doctor", "--json", env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1
    checks = report(done)
    assert any("broken" in check["value"] for check in checks.values())
    assert checks["sample images"]["status"] == "ok"
