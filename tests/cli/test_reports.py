"""Pages of train and evaluate, written by the command line."""

import shutil

import pytest

from tests.cli.conftest import one_line

QUICK = ("--recipe", "sift-bow", "--param", "n_words=15", "-q")


@pytest.fixture(scope="module")
def trained(cvclassic, toy_folder, tmp_path_factory):
    """A model of the toys and a broken file, with the page beside it."""
    folder = tmp_path_factory.mktemp("trained")
    shutil.copytree(toy_folder, folder / "toys")
    (next((folder / "toys").iterdir()) / "broken<i>.jpg").write_bytes(b"\xff\xd8\xff no image")
    done = cvclassic("train", folder / "toys", "-o", folder / "toys.cvmodel", *QUICK)
    assert done.returncode == 1, done.stderr
    return folder


def test_train_writes_a_page_beside_the_model(trained) -> None:
    page = (trained / "toys.html").read_text(encoding="utf-8")
    assert "broken&lt;i&gt;.jpg" in page
    assert "truncated" in page
    assert page.count("data:image/") >= 12
    assert "Confusion matrix" in page
    assert "features__n_words" in page
    assert "peak memory" in page
    assert "cvclassic train" in page


@pytest.mark.slow
def test_the_training_page_in_a_browser(browser, trained) -> None:
    for width in (390, 1400):
        browser.open(trained / "toys.html", width, dark=width == 390)
        assert browser.overflow() <= 0
        assert browser.weak_contrasts() == []
        assert browser.errors() == []
        assert browser.requests() == [(trained / "toys.html").as_uri()]


def test_evaluate_writes_a_page(cvclassic, browser, trained) -> None:
    path = trained / "report.html"
    done = cvclassic("evaluate", trained / "toys.cvmodel", trained / "toys", "--report", path)
    assert done.returncode == 1, done.stderr
    assert "Wrote " in done.stderr
    page = path.read_text(encoding="utf-8")
    assert "broken&lt;i&gt;.jpg" in page
    assert "--report" in page
    browser.open(path, 390, dark=True)
    assert browser.overflow() <= 0
    assert browser.weak_contrasts() == []
    assert browser.errors() == []


def test_no_report(in_process, toy_folder, tmp_path) -> None:
    done = in_process("train", toy_folder, "-o", tmp_path / "m.cvmodel", *QUICK, "--no-report")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["m.cvmodel"]
    done = in_process(
        "train", toy_folder, "-o", tmp_path / "m", "--no-report", "--report", "x.html"
    )
    assert "cannot be combined" in one_line(done, 2)


def test_a_page_of_somebody_else_is_left_alone(in_process, toy_folder, tmp_path) -> None:
    (tmp_path / "m.html").write_text("my own")
    done = in_process("train", toy_folder, "-o", tmp_path / "m.cvmodel", *QUICK)
    assert "not a cvclassic page" in one_line(done, 2)
    assert (tmp_path / "m.html").read_text() == "my own"
    assert not (tmp_path / "m.cvmodel").exists()


def test_arrays_have_pages_too(in_process, tmp_path) -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    labels = np.arange(40) % 2
    images = rng.integers(0, 120, (40, 16, 16), np.uint8) + (labels * 90)[:, None, None].astype(
        "u1"
    )
    np.savez(tmp_path / "a.npz", x_train=images, y_train=labels, x_test=images, y_test=labels[::-1])
    model = tmp_path / "m.cvmodel"
    done = in_process(
        "train",
        "--npz",
        tmp_path / "a.npz",
        "-o",
        model,
        "--recipe",
        "pixels",
        "--head",
        "ridge",
        "-q",
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "m.html").read_text().count("data:image/png") >= 10
    done = in_process(
        "evaluate", model, "--npz", tmp_path / "a.npz", "-q", "--report", tmp_path / "e.html"
    )
    assert done.returncode == 0, done.stderr
    assert "Evidence for" in (tmp_path / "e.html").read_text()


def test_tables_and_numbers_have_pages_too(in_process, tmp_path) -> None:
    rows = [f"{i % 7},{i % 5},{i % 7 + 0.5 * (i % 5)},{'ab'[i % 2]}" for i in range(60)]
    table = tmp_path / "t.csv"
    table.write_text("x,y,number,label\n" + "\n".join(rows) + "\n")
    for label, head in (("label", "mlp-linear"), ("number", "mlp-regressor")):
        source = ("--table", table, "--label", label)
        model = tmp_path / f"{label}.cvmodel"
        if label == "number":
            table.write_text("\n".join(r.rsplit(",", 1)[0] for r in table.read_text().splitlines()))
        done = in_process("train", *source, "-o", model, "--head", head, "-q")
        assert done.returncode == 0, done.stderr
        assert (tmp_path / f"{label}.html").exists()
        page = tmp_path / "e.html"
        done = in_process("evaluate", model, *source, "-q", "--report", page)
        assert done.returncode == 0, done.stderr
        assert "Reproduce" in page.read_text()
