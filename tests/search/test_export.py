"""Exports: what servers are told, and what a real PostgreSQL with pgvector answers."""

import json
import os
import subprocess

import numpy as np
import pytest

from cvclassic.errors import ParameterError
from cvclassic.search import ImageIndex, export_index, export_query, remove_images


@pytest.fixture(scope="module")
def index(images):
    return ImageIndex(n_words=60, random_state=0).fit(images)


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def expected_words(index, image) -> dict[int, int]:
    words, counts = np.unique(index.searcher_.code_of(image).words, return_counts=True)
    return dict(zip(words.tolist(), counts.tolist(), strict=True))


@pytest.mark.slow
def test_points_for_qdrant(index, tmp_path):
    files = export_index(index, tmp_path, to="qdrant", name="photos")
    assert files == ["collection.json", "points-000001.json"]
    collection = json.loads((tmp_path / files[0]).read_text())
    assert collection["vectors"]["code"]["distance"] == "Cosine"
    points = json.loads((tmp_path / files[1]).read_text())["points"]
    assert [point["id"] for point in points] == list(range(12))
    for point in points:
        words = point["vector"]["words"]
        found = dict(zip(words["indices"], words["values"], strict=True))
        assert found == expected_words(index, point["id"])
        assert len(point["vector"]["code"]) == collection["vectors"]["code"]["size"]


@pytest.mark.slow
def test_documents_for_opensearch(index, tmp_path):
    files = export_index(index, tmp_path, to="opensearch", name="photos")
    content = lines(tmp_path / files[1])
    assert [one["index"]["_id"] for one in content[::2]] == [str(i) for i in range(12)]
    terms, counts = np.unique(content[7]["words"].split(), return_counts=True)
    found = {int(term[1:]): count for term, count in zip(terms, counts, strict=True)}
    assert found == expected_words(index, 3)


def test_removed_images_are_left_out(index_path, photos, tmp_path):
    remove_images(index_path, [str(photos / "04.png")])
    out = tmp_path / "out"
    export_index(ImageIndex.open(index_path), out, to="qdrant")
    points = json.loads((out / "points-000001.json").read_text())["points"]
    assert str(photos / "04.png") not in [point["payload"]["path"] for point in points]
    assert len(points) == 11
    assert "code" not in points[0]["vector"]  # an index without compact codes


@pytest.mark.slow
def test_blocks_of_images_give_the_same(index, tmp_path, monkeypatch):
    (one,) = export_index(index, tmp_path / "a", to="pgvector")
    monkeypatch.setattr("cvclassic.search.segments._OF_IMAGES_AT_ONCE", 300)
    index.save(tmp_path / "saved")
    export_index(ImageIndex.open(tmp_path / "saved"), tmp_path / "b", to="pgvector")
    assert (tmp_path / "a" / one).read_bytes() == (tmp_path / "b" / one).read_bytes()


@pytest.mark.slow
def test_queries_ask_for_words_and_vector(index, images):
    code = index.coder_.code(images[2])
    asked = json.loads(export_query(code, to="qdrant", top=4))
    assert asked["limit"] == 4
    assert asked["prefetch"][0]["query"]["indices"] == sorted(set(code.words.tolist()))
    asked = json.loads(export_query(code, to="opensearch"))
    assert len(asked["query"]["bool"]["should"]) == 2


@pytest.mark.slow
def test_bad_names_and_full_folders(index, tmp_path):
    with pytest.raises(ParameterError, match="name must be"):
        export_index(index, tmp_path / "x", to="pgvector", name="a; DROP TABLE b")
    (tmp_path / "file").touch()
    with pytest.raises(ParameterError, match="not empty"):
        export_index(index, tmp_path, to="pgvector")
    with pytest.raises(ParameterError, match="to must be"):
        export_index(index, tmp_path / "y", to="mysql")


@pytest.mark.slow
def test_local_qdrant_finds_images(index, images, tmp_path):
    """The client's own implementation of the server, where it is installed."""
    qdrant = pytest.importorskip("qdrant_client")
    models = qdrant.models
    files = export_index(index, tmp_path, to="qdrant")
    client = qdrant.QdrantClient(":memory:")
    collection = json.loads((tmp_path / files[0]).read_text())
    made = models.CreateCollection(**collection)
    client.create_collection("images", made.vectors, made.sparse_vectors)
    points = json.loads((tmp_path / files[1]).read_text())["points"]
    client.upsert("images", [models.PointStruct(**point) for point in points])
    for i in (0, 7):
        asked = json.loads(export_query(index.coder_.code(images[i]), to="qdrant", top=3))
        request = models.QueryRequest(**asked)
        found = client.query_points(
            "images", prefetch=request.prefetch, query=request.query, limit=3
        )
        assert found.points[0].id == i


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    """Runs SQL in a PostgreSQL with pgvector; none is installed with cvclassic."""
    pgserver = pytest.importorskip("pgserver", reason="pgserver (PostgreSQL + pgvector) is missing")
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    psql = os.path.join(os.path.dirname(pgserver.__file__), "pginstall", "bin", "psql")

    def run(sql: bytes) -> list[list[str]]:
        command = [psql, server.get_uri(), "-qAt", "-v", "ON_ERROR_STOP=1", "-f", "-"]
        done = subprocess.run(command, input=sql, capture_output=True, timeout=120)
        assert done.returncode == 0, done.stderr.decode()
        return [line.split("|") for line in done.stdout.decode().splitlines()]

    yield run
    server.cleanup()


@pytest.mark.slow
def test_postgres_ranks_as_the_index_does(index, images, tmp_path, postgres):
    (file,) = export_index(index, tmp_path, to="pgvector", name="photos")
    postgres((tmp_path / file).read_bytes())
    assert postgres(b"SELECT count(*) FROM photos") == [["12"]]
    for i in (1, 8):
        code = index.coder_.code(images[i])
        rows = postgres(export_query(code, to="pgvector", name="photos", top=12).encode())
        cosines = index.searcher_.scan(code)
        order = np.argsort(-cosines, kind="stable")
        assert [row[0] for row in rows] == [f"[{k}]" for k in order]
        assert np.allclose([float(row[1]) for row in rows], cosines[order], atol=1e-4)


@pytest.mark.slow
def test_postgres_finds_words_and_odd_paths(images, tmp_path, postgres):
    from cvclassic.images import write_image
    from cvclassic.search import index_images

    odd = os.fsdecode(str(tmp_path).encode() + b"/a\tb\\n'\xff.png")
    write_image(odd, images[0])
    paths = [odd]
    for i in range(1, 8):
        paths.append(str(tmp_path / f"{i}.png"))
        write_image(paths[-1], images[i])
    index_images(tmp_path / "i", paths, n_words=60, compact=False)
    opened = ImageIndex.open(tmp_path / "i")
    out = tmp_path / "out"
    export_index(opened, out, to="pgvector", name="odd")
    postgres((out / "images.sql").read_bytes())
    sql = export_query(opened.coder_.code(images[0]), to="pgvector", name="odd", top=3)
    rows = postgres(sql.encode())
    assert rows[0][0] == odd.replace("\udcff", "\\xff")
    assert int(rows[0][1]) == len(expected_words(opened, 0))
