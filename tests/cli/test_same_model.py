"""The command line, `cvclassic.train` and a recipe's own `fit` make the same model."""

import pytest

import cvclassic
from cvclassic.classify import make_recipe
from cvclassic.images import load_folder
from cvclassic.models import read_model, save_model

SMALL = {
    "fast": {"n_gaussians": 3, "n_components": 8},
    "sift-bow": {"n_words": 12},
    "hog": {},
    "fisher": {},
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "recipe", ["fast", "sift-bow", "hog", pytest.param("fisher", marks=pytest.mark.slow)]
)
def test_three_ways_to_the_same_bytes(recipe, toy_folder, tmp_path, in_process) -> None:
    """Mirror images are the recipe's parameter, so that nothing is left that only one way does."""
    params = SMALL[recipe]
    given = [word for name, value in params.items() for word in ("--param", f"{name}={value}")]
    shell, python, own = (tmp_path / f"{name}.cvmodel" for name in ("shell", "python", "own"))
    done = in_process(
        "train", toy_folder, "-o", shell, "--recipe", recipe, *given, "--no-report", "--quiet"
    )
    assert done.returncode == 0, done.stderr
    cvclassic.train(toy_folder, recipe, params=params).save(python)
    assert shell.read_bytes() == python.read_bytes()
    data = load_folder(toy_folder)
    fitted = make_recipe(recipe, random_state=0, **params).fit(data.paths, data.labels)
    # what the file says of the training besides is not part of the recipe
    save_model(own, fitted, read_model(shell)[1].summary)
    assert own.read_bytes() == shell.read_bytes()


def test_mirror_is_a_parameter_of_the_command_too(toy_folder, tmp_path, in_process) -> None:
    out = tmp_path / "m.cvmodel"
    arguments = ("train", toy_folder, "-o", out, "--recipe", "hog", "--no-report", "--quiet")
    assert in_process(*arguments, "--param", "mirror=true").returncode == 0
    pipeline, info = read_model(out)
    assert pipeline.mirror is True
    assert info.summary["mirrored"] is True
