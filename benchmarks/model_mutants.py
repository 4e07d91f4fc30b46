"""Model files under attack: 20,000 mutants are refused or sound, and none runs anything."""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from cvclassic.classify import HEADS, make_recipe
from cvclassic.errors import ModelFileError
from cvclassic.models import load_model, save_model
from cvclassic.models.files import arrays_in, encode_arrays
from cvclassic.models.header import model_description

from .common import SEED, write_results

_SMALL: dict[str, object] = {
    "n_words": 10,
    "n_gaussians": 4,
    "n_components": 8,
    "max_iter": 20,
    "hidden_layer_sizes": (5,),
    "C": 1.0,
}
_RECIPES = ("sift-bow", "fisher", "vlad", "llc", "pixels", "hog")
_ODD: tuple = (
    0,
    -1,
    1,
    2**31,
    2**63,
    10**30,
    1e308,
    -0.5,
    None,
    True,
    "",
    "x",
    [],
    {},
    [[1]],
    "NaN",
)
_QUIET = (
    "builtins.id",
    "object.",
    "sys._getframe",
    "time.sleep",
    "gc.",
    "os.fspath",
    "cpython.",
    "sys.unraisable",
)
_PART, _MOST_SECONDS = 250, 60
_KINDS = (
    "flip",
    "flip in the header",
    "truncate",
    "numbers",
    "header",
    "description",
    "parameters",
)


def base_models(folder: Path) -> list[bytes]:
    """Files of small models of several recipes and all heads."""
    rng = np.random.default_rng(SEED)
    sides = (4, 8, 16) * 4
    images = [
        np.kron(rng.integers(0, 256, (s, s), np.uint8), np.ones((64 // s, 64 // s), np.uint8))
        for s in sides
    ]
    labels = [str(side) for side in sides]
    files = []
    for i, name in enumerate(_RECIPES):
        for head in sorted(HEADS)[i % 2 :: 2]:
            recipe = make_recipe(name, head, random_state=0)
            known = [p for p in recipe.get_params() if p.rpartition("__")[2] in _SMALL]
            known = [p for p in known if "__" in p]
            if head == "perceptron":
                known = [p for p in known if not p.endswith("hidden_layer_sizes")]
            recipe.set_params(**{p: _SMALL[p.rpartition("__")[2]] for p in known})
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                recipe.fit(images, labels)
            save_model(folder / "base", recipe, {"n_images": 12})
            files.append((folder / "base").read_bytes())
    return files


def mutate(data: bytes, rng: random.Random) -> tuple[str, bytes]:
    """One mutant, and what was done to it.

    Half of those that can be read get the checksum that belongs to them, so that what is behind
    the checksum is attacked too.
    """
    kind, mutant = _mutate(data, rng)
    return kind, _resealed(mutant) if rng.random() < 0.5 else mutant


def _mutate(data: bytes, rng: random.Random) -> tuple[str, bytes]:
    kind = rng.choice(_KINDS)
    size = int.from_bytes(data[:8], "little")
    if kind == "truncate":
        return kind, data[: rng.randrange(len(data))]
    if kind in ("flip", "flip in the header", "numbers"):
        changed = bytearray(data)
        low, high = {"flip": (0, len(data)), "numbers": (8 + size, len(data))}.get(
            kind, (0, 8 + size)
        )
        for _ in range(rng.randint(1, 8)):
            at = rng.randrange(low, high)
            if kind == "numbers":
                at -= (at - low) % 4
                odd = rng.choice([np.nan, np.inf, -np.inf, 1e38, -1e38, 0.0, 1e-45])
                changed[at : at + 4] = np.float32(odd).tobytes()
            else:
                changed[at] = rng.randrange(256)
        return kind, bytes(changed)
    header = json.loads(data[8 : 8 + size])
    if kind == "header":
        _edit(header, rng)
    elif kind == "parameters":
        return kind, _with_parameters(data, rng)
    else:
        meta = header.get("__metadata__", {})
        key = rng.choice(sorted(meta))
        try:
            content = json.loads(meta[key])
            _edit(content, rng)
            meta[key] = json.dumps(content)
        except (ValueError, TypeError):
            meta[key] = str(rng.choice(_ODD))
    text = json.dumps(header)
    if rng.random() < 0.1 and text.startswith("{"):  # the same key twice
        key = rng.choice(sorted(header)) if header else "x"
        text = f"{{{json.dumps(key)}: {json.dumps(rng.choice(_ODD))}, {text[1:]}"
    new = text.encode()
    new += b" " * (-len(new) % 8)
    return kind, len(new).to_bytes(8, "little") + new + data[8 + size :]


def _with_parameters(data: bytes, rng: random.Random) -> bytes:
    """Other values of one or two parameters, with the checksum that belongs to them.

    That is what somebody gets who edits a file by hand: all that stands between the values and
    the numerics are the bounds that loading checks.
    """
    description, _ = model_description(data, len(data))
    places = [
        (holder["params"], name)
        for holder, key in _places(description["pipeline"])
        if key == "params"
        for name in holder["params"]
    ]
    for _ in range(rng.randint(1, 2)):
        params, name = rng.choice(places)
        value = params[name]
        if isinstance(value, int | float) and not isinstance(value, bool) and rng.random() < 0.5:
            factor = rng.choice([-1, 0, 0.01, 0.5, 2, 3, 10, 1000, 1e6])
            params[name] = type(value)(value * factor)
        else:
            params[name] = rng.choice([*_ODD, 2, 3, 0.5, 100, 1e-9, "rbf", "cv", [1, 2]])
    return encode_arrays(arrays_in(data), description, "description")


def _resealed(data: bytes) -> bytes:
    """The same file with the right checksum, where it can be read at all."""
    try:
        description, _ = model_description(data, len(data))
        return encode_arrays(arrays_in(data), description, "description")
    except Exception:  # damaged beyond that: let it be as it is
        return data


def _edit(tree, rng: random.Random) -> None:
    """Change a few leaves of nested lists and dicts."""
    for _ in range(rng.randint(1, 3)):
        places = list(_places(tree))
        if not places:
            return
        holder, key = rng.choice(places)
        action = rng.random()
        if action < 0.15:
            del holder[key]
        elif action < 0.3 and isinstance(holder, dict):
            holder[rng.choice(["os.system", "__class__", "n_words", "x"])] = holder.pop(key)
        elif action < 0.45 and len(places) > 1:
            other, name = rng.choice(places)
            holder[key] = json.loads(json.dumps(other[name]))
        elif action < 0.6 and isinstance(holder[key], int | float):
            holder[key] = holder[key] + rng.choice([-1, 1, 0.5, 2**20])
        else:
            holder[key] = rng.choice(_ODD)


def _places(tree):
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    if not isinstance(tree, dict | list):
        return
    for key, value in items:
        yield tree, key
        if isinstance(value, dict | list):
            yield from _places(value)


def unsound(value, seen: set[int]) -> str:
    """What is wrong with the arrays of a model; empty if nothing."""
    if id(value) in seen:
        return ""
    seen.add(id(value))
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return "" if np.isfinite(value).all() else "an array is not finite"
    if isinstance(value, Pipeline):
        value = [step for _, step in value.steps]
    if isinstance(value, BaseEstimator):
        value = list(vars(value).values())
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return next(filter(None, (unsound(part, seen) for part in value)), "")
    return ""


class Attack:
    """Loads mutants, and hears what the interpreter does meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._heard: list[str] | None = None
        self._probe = [np.zeros((20, 20), np.uint8), np.eye(40, dtype=np.uint8) * 255]
        sys.addaudithook(self._listen)

    def _listen(self, event: str, arguments: tuple) -> None:
        if self._heard is None or event.startswith(_QUIET):
            return
        if event == "open" and arguments[0] in (self._path, self._path.encode()):
            return
        if event == "open" and isinstance(arguments[0], int):
            return
        self._heard.append(f"{event} {arguments[:1]!r}"[:80])

    def load(self) -> tuple[str, list[str]]:
        """The outcome, and audit events beside the reading of the file."""
        heard: list[str] = []
        model = None
        self._heard = heard
        try:
            model = load_model(self._path)
            outcome = "accepted"
        except ModelFileError:
            outcome = "refused"
        except Exception as error:
            outcome = f"unexpected {type(error).__name__}: {error}"[:300]
        finally:
            self._heard = None
        if model is None:
            return outcome, heard
        problem = unsound(model, set())
        if not problem:
            try:
                answers = model.predict_proba(self._probe)
                good = answers.shape == (2, len(model.classes_)) and np.isfinite(answers).all()
                problem = "" if good else "answers are not finite"
            except Exception as error:
                problem = f"predict_proba: {type(error).__name__}: {error}"[:300]
        return f"unsound: {problem}" if problem else outcome, heard


def part(bases: list[bytes], first: int, last: int, folder: Path, result: Path) -> None:
    """Load the mutants of some numbers; runs in a process of its own."""
    path = folder / f"m{first}"
    attack = Attack(path)
    repr(Pipeline([]))  # in some messages
    for data in bases:  # all that is imported on demand
        path.write_bytes(data)
        outcome, _ = attack.load()
        assert outcome == "accepted", outcome
    warnings.simplefilter("ignore")
    counts: Counter = Counter()
    events: Counter = Counter()
    bad: list[list] = []
    slowest = 0.0
    for number in range(first, last):
        rng = random.Random(f"{SEED} {number}")
        kind, data = mutate(rng.choice(bases), rng)
        path.write_bytes(data)
        result.with_suffix(".at").write_text(str(number))
        signal.alarm(_MOST_SECONDS)  # nothing but death stops a decoder that hangs
        start = time.perf_counter()
        outcome, heard = attack.load()
        slowest = max(slowest, time.perf_counter() - start)
        counts[f"{kind}: {outcome.partition(':')[0].partition(' ')[0]}"] += 1
        events.update(heard)
        if outcome not in ("accepted", "refused"):
            bad.append([number, kind, outcome])
    found = {"counts": counts, "events": events, "bad": bad, "slowest_s": slowest}
    result.write_text(json.dumps(found))


def main() -> None:
    """Load all mutants, 250 a process, so that a crash is seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    n = parser.parse_args().files
    counts: Counter = Counter()
    events: Counter = Counter()
    bad: list[list] = []
    crashes: list[dict] = []
    slowest, start = 0.0, time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        bases = base_models(folder)
        for first in range(0, n, _PART):
            result = folder / f"r{first}"
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    part(bases, first, min(first + _PART, n), folder, result)
                    code = 0
                finally:
                    os._exit(code)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            if code != 0:
                at = result.with_suffix(".at")
                number = int(at.read_text()) if at.exists() else None
                crashes.append({"code": code, "mutant": number})
                continue
            found = json.loads(result.read_text())
            print(first, len(bad), len(crashes), flush=True)
            counts.update(found["counts"])
            events.update(found["events"])
            bad += found["bad"]
            slowest = max(slowest, found["slowest_s"])
    results = {
        "files": sum(counts.values()),
        "base_models": len(bases),
        "crashes": crashes,
        "neither_refused_nor_sound": bad[:20],
        "n_neither": len(bad),
        "audit_events": dict(events.most_common(20)),
        "outcomes": dict(sorted(counts.items())),
        "slowest_s": round(slowest, 3),
        "s": round(time.perf_counter() - start),
    }
    print(json.dumps(results, indent=1))
    if n == 20_000:
        write_results("model-mutants", results)


if __name__ == "__main__":
    main()
