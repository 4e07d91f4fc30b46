"""``cvclassic search``."""

import json

import cv2
import numpy as np
import pytest

from cvclassic.images import write_image
from tests.cli.conftest import one_line
from tests.search.conftest import textured


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Twelve images, and queries that show four of them turned and smaller."""
    folder = tmp_path_factory.mktemp("search")
    (folder / "photos").mkdir()
    (folder / "phone").mkdir()
    truth = {}
    for i in range(12):
        image = textured(i)
        write_image(folder / "photos" / f"{i:02d}.png", image)
        if i < 4:
            turn = cv2.getRotationMatrix2D((80, 80), 20, 0.8)
            write_image(folder / "phone" / f"q{i}.png", cv2.warpAffine(image, turn, (160, 160)))
            truth[f"q{i}.png"] = {"relevant": [f"{i:02d}.png"], "junk": []}
    (folder / "relevance.json").write_text(json.dumps({"queries": truth}))
    return folder


@pytest.fixture(scope="module")
def index(photos, in_process_module):
    path = photos / "photos.index"
    done = in_process_module("search", "index", photos / "photos", "-o", path, "--words", 60)
    assert done.returncode == 0, done.stderr
    assert "Added 12 images, 12 in total" in done.stdout
    return path


@pytest.fixture(scope="module")
def in_process_module():
    """Run the command line in this process."""
    from types import SimpleNamespace

    from click.testing import CliRunner

    from cvclassic_cli.main import main

    def run(*args):
        done = CliRunner().invoke(main, [str(arg) for arg in args])
        return SimpleNamespace(returncode=done.exit_code, stdout=done.stdout, stderr=done.stderr)

    return run


def test_query(in_process_module, photos, index, tmp_path):
    done = in_process_module(
        "search", "query", index, photos / "phone" / "q2.png", "--top", 3,
        "--page", tmp_path / "p.html", "--json", tmp_path / "p.json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    content = json.loads((tmp_path / "p.json").read_text())
    hits = content["queries"][0]["hits"]
    assert [hit["rank"] for hit in hits] == [1, 2, 3]
    assert hits[0]["path"].endswith("02.png")
    assert hits[0]["verified"]
    page = (tmp_path / "p.html").read_text()
    assert page.count("<img") == 1 + 3 + sum(hit["inliers"] > 0 for hit in hits)
    assert "02.png" in page


def test_evaluate(in_process_module, photos, index, tmp_path):
    done = in_process_module(
        "search", "evaluate", index, "--relevance", photos / "relevance.json",
        "--queries", photos / "phone", "--json", tmp_path / "s.json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    scores = json.loads((tmp_path / "s.json").read_text())
    assert scores["map"] == scores["precision_at_1"] == scores["n_s"] == 1
    assert scores["intervals"]["precision_at_1"][0] < 0.6  # four queries prove little
    assert scores["n_queries"] == 4


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[]", 'expected an object "queries"'),
        ('{"queries": {"a": {"relevant": []}}}', "at least one name"),
        ('{"queries": {"q0.png": {"relevant": ["nowhere.png"]}}}', "is not in the index"),
        ("{", "expected JSON"),
    ],
)
def test_bad_relevance(in_process_module, index, photos, tmp_path, content, said):
    (tmp_path / "r.json").write_text(content)
    done = in_process_module(
        "search", "evaluate", index, "--relevance", tmp_path / "r.json", "--queries",
        photos / "phone",
    )  # fmt: skip
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_changes(in_process_module, photos, index):
    again = in_process_module("search", "index", photos / "photos", "-o", index)
    assert "Added 0 images, 12 already there, 12 in total" in again.stdout
    new = photos / "new.png"
    write_image(new, textured(77))
    assert "Added 1 image" in in_process_module("search", "add", index, new).stdout
    gone = in_process_module("search", "remove", index, new, "nowhere.png")
    assert gone.returncode == 1
    assert "Removed 1 image." in gone.stdout
    assert "nowhere.png: not in the index" in gone.stderr
    assert "12 images in 1 segment" in in_process_module("search", "compact", index).stdout
    assert "The index is intact." in in_process_module("search", "verify", index).stdout
    assert "visual words" in in_process_module("search", "info", index).stdout


def test_duplicates(in_process_module, photos, index, tmp_path):
    done = in_process_module("search", "duplicates", index, "--json", tmp_path / "d.json")
    assert done.returncode == 0
    assert "0 clusters of copies" in done.stdout
    assert json.loads((tmp_path / "d.json").read_text())["n_images"] == 12


def test_what_is_wrong_is_said_in_a_line(in_process_module, index, photos, tmp_path):
    image = photos / "phone" / "q0.png"
    for arguments, code, said in [
        (("query", tmp_path, image), 2, "there is no image index"),
        (("query", index, image, "--box", "1,2,3"), 2, "expected x,y,w,h"),
        (("query", index, image, "--box", "900,0,5,5"), 2, "box must overlap the image"),
        (("query", index, tmp_path / "none.jpg"), 1, "not_found"),
        (("add", tmp_path / "no.index", image), 2, "there is no image index"),
        (("index", tmp_path / "none.jpg", "-o", tmp_path / "x.index"), 2, "None of the images"),
    ]:
        done = in_process_module("search", *arguments)
        assert done.returncode == code, (arguments, done.stderr)
        assert said in done.stderr + done.stdout


def test_vocabularies_are_shared(in_process_module, index, photos, tmp_path):
    done = in_process_module(
        "search", "index", photos / "phone", "-o", tmp_path / "b.index", "--vocabulary", index
    )
    assert done.returncode == 0, done.stderr
    one = next(index.glob("vocabulary-*")).read_bytes()
    assert next((tmp_path / "b.index").glob("vocabulary-*")).read_bytes() == one


def test_blank_query(in_process_module, index, tmp_path):
    write_image(tmp_path / "blank.png", np.full((90, 90, 3), 200, np.uint8))
    assert in_process_module("search", "query", index, tmp_path / "blank.png").returncode == 0


def test_parts_are_indexed_apart_and_merged(in_process_module, index, photos, tmp_path):
    words, part, other = tmp_path / "words.safetensors", tmp_path / "part", tmp_path / "other"
    done = in_process_module("search", "export", index, "--to", "vocabulary", "-o", words)
    assert done.returncode == 0, done.stderr
    first, *rest = sorted((photos / "photos").iterdir())
    for path, images in ((part, [first]), (other, [first, rest[4]])):
        done = in_process_module("search", "index", *images, "-o", path, "--vocabulary", words)
        assert done.returncode == 0, done.stderr
    done = in_process_module("search", "merge", part, other)
    assert "Added 1 image, 1 already there, 2 in total." in done.stdout
    assert in_process_module("search", "verify", part).returncode == 0
    found = in_process_module("search", "query", part, rest[4], "--top", 1)
    assert str(rest[4]) in found.stdout.splitlines()[-1]


@pytest.mark.slow
def test_what_cannot_be_merged(in_process_module, index, photos, tmp_path):
    other = tmp_path / "other"
    in_process_module("search", "index", photos / "phone", "-o", other, "--words", 20)
    for names, said in (([other], "has another vocabulary"), ([index], "with itself")):
        done = in_process_module("search", "merge", index, *names)
        assert done.returncode == 2
        assert said in done.stderr


def test_export(in_process_module, index, photos, tmp_path):
    out = tmp_path / "out"
    done = in_process_module("search", "export", index, "--to", "pgvector", "-o", out)
    assert done.returncode == 0, done.stderr
    assert "psql DATABASE -f" in done.stdout
    query = photos / "phone" / "q1.png"
    (tmp_path / "bad.png").write_bytes(b"nothing")
    done = in_process_module(
        "search", "export", index, query, tmp_path / "bad.png", "--to", "qdrant",
        "-o", tmp_path / "query", "--top", 3,
    )  # fmt: skip
    assert done.returncode == 1
    assert "1 query could not be read:" in done.stderr
    assert json.loads((tmp_path / "query" / "query-1.json").read_text())["limit"] == 3
    done = in_process_module("search", "export", index, "--to", "qdrant", "-o", out)
    assert done.returncode == 2
    assert "not empty" in done.stderr


def test_words(index, photos, in_process, tmp_path) -> None:
    """Keywords from a manifest, search by words alone and with an image, and its mAP."""
    manifest = photos / "photos" / "tags.csv"
    rows = [f"{i:02d}.png,{'red;round' if i % 2 else 'blue'}\n" for i in range(10)]
    manifest.write_text("path,tags\n" + "".join(rows))
    done = in_process("search", "query", index, "--words", "red")
    assert "the index has no words" in one_line(done, 2)
    done = in_process("search", "words", index, "--manifest", manifest, "--labels", "tags")
    assert "3 words for 10 of 12 images" in done.stdout
    out = tmp_path / "hits.json"
    page = tmp_path / "hits.html"
    done = in_process("search", "query", index, "--words", "red round", "--top", 5, "--json", out,
                      "--page", page)  # fmt: skip
    assert done.returncode == 0, done.stderr
    (query,) = json.loads(out.read_text())["queries"]
    assert all(int(hit["path"][-6:-4]) % 2 for hit in query["hits"])
    assert "red round" in page.read_text()
    both = in_process("search", "query", index, photos / "phone" / "q2.png", "--words", "blue",
                      "--top", 1)  # fmt: skip
    assert "02.png" in both.stdout
    done = in_process("search", "evaluate", index, "--words", manifest, "--json", out)
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text())
    assert found["map"] == 1
    assert found["n_queries"] == 3
    done = in_process("search", "query", index, "--words", "rde")
    assert "the index knows no word 'rde'" in one_line(done, 2)
    done = in_process("search", "query", index)
    assert "Give an IMAGE or --words" in done.stderr
