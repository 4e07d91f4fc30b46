"""What ``train`` refuses to do in silence."""

import re
import shutil

import numpy as np
import pytest

from cvclassic.images import write_image
from cvclassic.models import load_model
from tests.cli.conftest import one_line

QUICK = ("--recipe", "sift-bow", "--param", "n_words=10", "--param", "C=1.0", "--no-report")


@pytest.fixture
def toys(toy_folder, tmp_path):
    """A copy to spoil."""
    shutil.copytree(toy_folder, tmp_path / "toys")
    return tmp_path / "toys"


def test_a_file_that_is_not_ours_is_never_replaced(in_process, toys, tmp_path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"my only copy")
    message = one_line(in_process("train", toys, "-o", photo, *QUICK), 2)
    assert "exists and is not a cvclassic model" in message
    assert photo.read_bytes() == b"my only copy"
    assert in_process("train", toys, "-o", photo, *QUICK, "--force").returncode == 0
    assert load_model(photo)


def test_an_older_model_is_kept(in_process, toys, toy_model_file, tmp_path) -> None:
    model = tmp_path / "m.cvmodel"
    shutil.copy(toy_model_file, model)
    old = model.read_bytes()
    done = in_process("train", toys, "-o", model, *QUICK)
    assert done.returncode == 0
    assert (tmp_path / "m.cvmodel.bak").read_bytes() == old != model.read_bytes()
    assert "m.cvmodel.bak" in done.stderr


def test_a_missing_folder_is_said(in_process, toys, tmp_path) -> None:
    done = in_process("train", toys, "-o", tmp_path / "no" / "m", *QUICK)
    assert "no does not exist" in one_line(done, 3)


def test_without_output_the_data_give_the_name(in_process, toys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = in_process("train", toys, *QUICK)
    assert "Wrote toys.cvmodel (" in done.stdout
    assert load_model(tmp_path / "toys.cvmodel")


def test_splits_are_no_classes(in_process, toys, tmp_path) -> None:
    top = tmp_path / "data"
    shutil.copytree(toys, top / "train")
    shutil.copytree(toys, top / "valid")
    shutil.copytree(toys, top / "test")
    done = in_process("train", top, "-o", tmp_path / "m", *QUICK)
    assert load_model(tmp_path / "m").classes_.tolist() == ["coarse", "fine", "middle"]
    assert "holds splits" in done.stderr
    assert "in the training set too" in done.stderr  # they are copies
    assert f"cvclassic evaluate {tmp_path}/m {top}" in done.stdout
    strict = in_process("train", top, "-o", tmp_path / "m2", *QUICK, "--strict")
    assert "in the training set too" in strict.stderr
    assert strict.returncode == 2
    assert not (tmp_path / "m2").exists()


def test_the_same_image_in_two_classes(in_process, toys, tmp_path) -> None:
    source = next((toys / "fine").iterdir())
    shutil.copy(source, toys / "coarse" / "again.png")
    done = in_process("train", toys, "--dry-run", *QUICK)
    assert done.returncode == 0
    assert "in more than one class" in done.stderr
    assert "again.png" in done.stderr
    assert in_process("train", toys, "--dry-run", "--strict", *QUICK).returncode == 2


def test_a_class_of_one_image(in_process, toys) -> None:
    (toys / "rare").mkdir()
    write_image(toys / "rare" / "1.png", np.eye(64, dtype=np.uint8) * 200)
    done = in_process("train", toys, "--dry-run", *QUICK)
    assert "class with a single image" in done.stderr
    assert "rare" in done.stderr


def test_an_empty_class(in_process, toys) -> None:
    (toys / "nothing").mkdir()
    assert "nothing" in one_line(in_process("train", toys, "--dry-run", *QUICK), 2)
    done = in_process("train", toys, "--dry-run", "--skip-empty", *QUICK)
    assert done.returncode == 0
    assert "nothing" in done.stderr


def test_chance_is_said_last_and_loudly(in_process, tmp_path, rng) -> None:
    """Noise with labels by lot."""
    folder = tmp_path / "noise"
    for i in range(24):
        (folder / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        write_image(folder / "ab"[i % 2] / f"{i}.png", rng.integers(0, 255, (28, 28), np.uint8))
    seen = []
    for seed in range(3):
        done = in_process(
            "train", folder, "-o", tmp_path / f"{seed}.cvmodel", "--recipe", "pixels",
            "--head", "ridge", "--seed", seed,
        )  # fmt: skip
        assert done.returncode == 0
        warned = "no better than guessing" in done.stderr.splitlines()[-1] if done.stderr else False
        page = (tmp_path / f"{seed}.html").read_text()
        assert warned == ("no better than guessing" in page)
        seen.append(warned)
        if warned:
            strict = in_process(
                "train", folder, "-o", tmp_path / "s", "--recipe", "pixels", "--head", "ridge",
                "--seed", seed, "--strict", "--no-report",
            )  # fmt: skip
            assert strict.returncode == 1
            break
    assert any(seen)


def test_evaluate_says_chance_too(in_process, toys, toy_model_file, tmp_path) -> None:
    """All labels wrong."""
    (toys / "fine").rename(tmp_path / "kept")
    (toys / "coarse").rename(toys / "fine")
    (tmp_path / "kept").rename(toys / "coarse")
    shutil.rmtree(toys / "middle")
    done = in_process("evaluate", toy_model_file, toys, "--report", tmp_path / "r.html")
    assert "no better than guessing" in done.stderr.splitlines()[-1]
    assert "no better than guessing" in (tmp_path / "r.html").read_text()


def test_a_file_of_options(in_process, toys, tmp_path) -> None:
    config = tmp_path / "train.toml"
    words = ("train", toys, *QUICK, "--seed", 3)
    config.write_text(in_process("config", *words).stdout)
    assert "seed = 3" in config.read_text()
    done = in_process("train", "--config", config, "-o", tmp_path / "a")
    assert done.returncode == 0, done.stderr
    assert in_process(*words, "-o", tmp_path / "b").returncode == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    config.write_text("[train]\nsede = 3\n")
    assert "Did you mean 'seed'?" in one_line(in_process("train", "--config", config), 2)
    config.write_text("[train\n")
    assert "train.toml" in one_line(in_process("train", "--config", config), 2)
    config.write_text(
        f'[train]\nfolder = "{toys}"\nrecipe = "sift-bow"\n[train.param]\nn_words = 9\n'
    )
    done = in_process("train", "--config", config, "--dry-run")
    assert "n_words=9" in done.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("trian",), "Did you mean 'train'?"),
        (("train", ".", "--recipe", "fischer"), "Did you mean 'fisher'?"),
        (("train", ".", "--recipe", "autto"), "Did you mean 'auto'?"),
    ],
)
def test_did_you_mean(in_process, toys, words, expected) -> None:
    words = [toys if word == "." else word for word in words]
    assert expected in in_process(*words).stderr


def test_aliases(in_process) -> None:
    for name, real in {"predict": "classify", "test": "evaluate", "val": "evaluate"}.items():
        assert (
            in_process(name, "--help").stdout.splitlines()[2:]
            == (in_process(real, "--help").stdout.splitlines()[2:])
        )


def test_help_lists_the_recipes(in_process) -> None:
    from cvclassic.classify import HEADS, RECIPES, REGRESSORS
    from cvclassic.classify.catalog import HEADS as HEAD_LINES
    from cvclassic.classify.catalog import RECIPES as RECIPE_LINES

    assert set(RECIPE_LINES) == set(RECIPES)
    assert set(HEAD_LINES) == {*HEADS, *REGRESSORS}
    text = in_process("train", "--help").stdout
    for name in ("auto", *RECIPES):
        assert f"\n  {name} " in text


def test_a_drawing_never_replaces_its_input(in_process, toys, toy_model_file) -> None:
    photo = next((toys / "fine").iterdir())
    before = photo.read_bytes()
    done = in_process("explain", toy_model_file, photo, "-o", photo, "--force")
    assert "is an input; it would be overwritten" in one_line(done, 2)
    assert photo.read_bytes() == before


def test_dry_runs_only_say(in_process, toys, toy_model_file, tmp_path) -> None:
    done = in_process("classify", toy_model_file, toys, "-o", tmp_path / "l.csv", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "12" in done.stdout
    done = in_process("evaluate", toy_model_file, toys, "--dry-run")
    assert "12 images, 3 classes" in done.stdout
    assert sorted(p.name for p in tmp_path.iterdir()) == ["toys"]


@pytest.mark.slow
def test_options_of_classify_from_a_file(in_process, toys, toy_model_file, tmp_path) -> None:
    words = ("classify", toy_model_file, toys, "--top", 2, "-o", tmp_path / "a.csv", "--jobs", 1)
    config = tmp_path / "c.toml"
    config.write_text(in_process("config", *words).stdout)
    assert in_process("classify", "--config", config).returncode == 0
    first = (tmp_path / "a.csv").read_text()
    assert in_process(*words).returncode == 0
    assert (tmp_path / "a.csv").read_text() == first


def test_a_parameter_that_is_misspelt(in_process, toys) -> None:
    done = in_process("train", toys, "--recipe", "sift-bow", "--param", "n_wrods=3", "--dry-run")
    assert "Did you mean 'n_words'?" in one_line(done, 2)


def test_logs_get_a_line_now_and_then(capsys) -> None:
    """Off a terminal, also while a stage says nothing of itself."""
    import time

    from cvclassic_cli.shared.console import Ticker

    with Ticker(every=0.05) as ticker:
        ticker.tell("Describing images", 20, 80)
        time.sleep(0.2)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) >= 2
    assert lines[0].startswith("Describing images: 20 of 80, ")
    assert "to go)" in lines[0]


def test_auto_says_which_recipe_it_is_at(toys) -> None:
    import cvclassic
    from cvclassic.model import TrainingEvents
    from cvclassic_cli.commands.train import _events
    from cvclassic_cli.shared.console import Stages

    assert isinstance(_events(_NoBars(), None, 600), TrainingEvents)
    bars = _NoBars()
    stages = Stages(bars)
    seen: list[str] = []
    events = _events(stages, None, 600)
    events.on_plan(["fast", "fisher", "best"])
    seen.append(stages.prefix())
    events.on_trial(cvclassic.classify.auto.Trial("fast", 0.9, 1.0))
    seen.append(stages.prefix())
    assert seen[0].startswith("Recipe 1 of 3, ")
    assert seen[1].startswith("Recipe 2 of 3, ")
    assert seen[1].endswith(" of 600 s: ")


class _NoBars:
    """In the place of rich's bars."""

    disable = True

    def epoch(self, epoch) -> None:
        """Nothing."""


def test_dry_run_tells_what_copies_cost(toys, in_process) -> None:
    def disk(*more: str) -> float:
        done = in_process("train", toys, "--recipe", "fisher", "--dry-run", *more)
        assert done.returncode == 0
        assert "of memory" in done.stdout
        return float(re.search(r"([\d.]+) MB of temporary", done.stdout)[1])

    once = disk()
    assert once > 0
    tenfold = disk("--augment", "rotate=10", "--augment-times", "9")
    assert tenfold == pytest.approx(10 * once, rel=0.5)


def test_dry_run_claims_no_disk_for_vectors_in_memory(toys, in_process) -> None:
    done = in_process("train", toys, "--recipe", "small", "--dry-run")
    assert done.returncode == 0
    assert "needs about" not in done.stdout
