"""What pyproject.toml says agrees with the folders."""

import importlib
import tomllib
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def project(root: Path) -> dict:
    """The parsed pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_folder_is_in_the_list_of_packages(root: Path, project: dict) -> None:
    setuptools = project["tool"]["setuptools"]
    listed = setuptools["packages"]
    other_names = {folder: name for name, folder in setuptools["package-dir"].items()}
    found = []
    for top in ("cvclassic", *other_names):
        for init in (root / top).rglob("__init__.py"):
            first, *rest = init.parent.relative_to(root).parts
            found.append(".".join([other_names.get(first, first), *rest]))
    assert listed == sorted(found)


def test_every_folder_with_code_is_a_package(root: Path) -> None:
    for file in (root / "cvclassic").rglob("*.py"):
        assert (file.parent / "__init__.py").is_file(), f"{file.parent} has no __init__.py"


def test_the_package_lists_its_rooms(root: Path) -> None:
    import cvclassic

    rooms = {init.parent.name for init in (root / "cvclassic").glob("[a-z]*/__init__.py")}
    listed = set(cvclassic.__all__) - {"__version__", "Model", "load_model", "train"}
    assert listed - {"errors"} == rooms
    for name in listed:
        assert isinstance(getattr(cvclassic, name), ModuleType), name


def test_no_room_exports_the_name_of_one_of_its_modules(root: Path) -> None:
    """Which of the two the name means would hang on what was imported before."""
    found = []
    for init in sorted((root / "cvclassic").glob("**/*/__init__.py")):
        package = ".".join(init.parent.relative_to(root).parts)
        modules = {path.stem for path in init.parent.iterdir()} - {"__init__"}
        clashes = modules & set(getattr(importlib.import_module(package), "__all__", ()))
        found += [f"{package}.{name}" for name in sorted(clashes)]
    assert not found


def test_every_dependency_is_pinned(root: Path, project: dict) -> None:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = {canonicalize_name(r.name): r for r in map(Requirement, lines)}
    table = project["project"]
    extras = table["optional-dependencies"]
    lines = [*table["dependencies"], *extras["docs"], *extras["test"], *extras["dev"]]
    for line in lines:
        requirement = Requirement(line)
        if requirement.name == "cvclassic":
            continue
        pin = pins[canonicalize_name(requirement.name)]
        (exact,) = pin.specifier
        assert exact.operator == "==", pin
        assert requirement.specifier.contains(exact.version), f"{pin} is not {requirement}"


def test_constraints_hold_no_addresses(root: Path) -> None:
    text = (root / "constraints.txt").read_text(encoding="utf-8")
    assert "/" not in text
    assert "@" not in text
