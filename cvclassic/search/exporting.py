"""An index for servers that search on many machines: Qdrant, OpenSearch, PostgreSQL + pgvector."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from .._basics.atomic import atomic_file
from .._basics.checks import check_choice, check_integer
from ..errors import ParameterError
from .coding import ImageCode
from .index import ImageIndex

TARGETS = ("qdrant", "opensearch", "pgvector")
_PER_FILE = 1000  # images per request
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@dataclass(frozen=True, eq=False)
class _Document:
    """An image as servers get it: words as terms with counts, and its compact vector."""

    number: int
    path: str
    shape: tuple[int, int]
    words: np.ndarray
    counts: np.ndarray
    vector: np.ndarray


def export_index(
    index: ImageIndex, folder: str | os.PathLike, *, to: str, name: str = "images"
) -> list[str]:
    """Write the images of an index as requests that load them into a server.

    Each image has its path, its size, its visual words with counts, and the vector that its
    compact code stands for. Positions and Hamming signatures stay behind: servers have no use
    for them, so geometry is verified here, of the hits that a server gives.

    Parameters
    ----------
    index : ImageIndex
    folder : str or os.PathLike
        New or empty.
    to : {"qdrant", "opensearch", "pgvector"}
    name : str
        Name of the collection, index or table.

    Returns
    -------
    list of str
        Names of the files, in the order in which they are to be sent.

    Raises
    ------
    ParameterError
        The name will not do, the folder is not empty, or there is nothing that the target can
        search in.
    OSError
        A file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 96, 96), np.uint8)
    >>> index = ImageIndex(n_words=30, compact=False).fit(images)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export_index(index, folder, to="opensearch")
    ['index.json', 'documents-000001.ndjson']
    """
    _check(to, name)
    target = Path(os.fsdecode(folder))
    target.mkdir(parents=True, exist_ok=True)
    if any(target.iterdir()):
        raise ParameterError(f"{target}: the folder is not empty")
    n_dims = 0 if index.coder_.compact is None else len(index.coder_.compact.scale_)
    files = []

    def write(file_name: str, data: str) -> None:
        with atomic_file(target / file_name) as file:
            file.write(data.encode())
        files.append(file_name)

    if to == "pgvector":
        with atomic_file(target / "images.sql") as file:
            _write_sql(file, name, n_dims, _documents(index))
        return ["images.sql"]
    kind, suffix = ("points", "json") if to == "qdrant" else ("documents", "ndjson")
    if to == "qdrant":
        write("collection.json", _text(_qdrant_collection(n_dims)))
    else:
        write("index.json", _text(_opensearch_index(n_dims)))
    for i, some in enumerate(_batches(_documents(index), _PER_FILE), 1):
        if to == "qdrant":
            data = _text({"points": [_qdrant_point(one) for one in some]})
        else:
            data = "".join(_text(line) for one in some for line in _opensearch_lines(one, name))
        write(f"{kind}-{i:06d}.{suffix}", data)
    return files


def export_query(code: ImageCode, *, to: str, name: str = "images", top: int = 10) -> str:
    """The request that asks a server for the images that are most like a query.

    Parameters
    ----------
    code : ImageCode
        Code of the query, from `ImageCoder.code` of the exported index.
    to : {"qdrant", "opensearch", "pgvector"}
    name : str
    top : int
        Maximum number of hits.

    Returns
    -------
    str
        Body of ``POST /collections/NAME/points/query`` (Qdrant) or ``POST /NAME/_search``
        (OpenSearch), or a SQL statement. The first two rank by words and by the compact vector
        where there is one; SQL ranks by the compact vector, or else by common words.
    """
    _check(to, name)
    check_integer("top", top, 1)
    words, counts = np.unique(code.words, return_counts=True)
    vector = _rounded(code.vector)
    if to == "pgvector":
        return _sql_query(name, words, vector, top)
    if to == "qdrant":
        sparse = {"indices": words.tolist(), "values": counts.astype(float).tolist()}
        prefetch: list[dict] = [{"query": sparse, "using": "words", "limit": 10 * top}]
        if vector:
            prefetch.append({"query": vector, "using": "code", "limit": 10 * top})
        body = {"prefetch": prefetch, "query": {"fusion": "rrf"}, "limit": top}
        return _text(body | {"with_payload": True})
    should: list[dict] = [{"match": {"words": {"query": _terms(words, counts)}}}]
    if vector:
        should.append({"knn": {"code": {"vector": vector, "k": 10 * top}}})
    return _text({"size": top, "_source": ["path"], "query": {"bool": {"should": should}}})


def _check(to: str, name: str) -> None:
    check_choice("to", to, TARGETS)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ParameterError(
            "name must be a lower-case word of letters, digits and underscores. "
            f"Got {name!r} instead."
        )


def _documents(index: ImageIndex) -> Iterator[_Document]:
    """All images that were not removed, with memory for some of them."""
    compact = index.coder_.compact
    searcher = index.searcher_
    for segment, gone, start in zip(
        index.segments_, index.removed_, searcher.firsts.tolist(), strict=False
    ):
        for i in np.flatnonzero(~gone).tolist():
            vector = np.zeros(0, np.float32)
            if compact is not None:
                vector = compact.decode(segment.codes[i : i + 1])[0]
            path = segment.name(i).encode("utf-8", "surrogateescape")
            yield _Document(
                start + i,
                path.decode("utf-8", "backslashreplace"),
                searcher.shape(start + i),
                *np.unique(segment.code_of(i).words, return_counts=True),
                vector,
            )


def _batches(documents: Iterable[_Document], n: int) -> Iterator[list[_Document]]:
    batch: list[_Document] = []
    for one in documents:
        batch.append(one)
        if len(batch) == n:
            yield batch
            batch = []
    if batch:
        yield batch


def _text(content: Mapping) -> str:
    return json.dumps(content, separators=(",", ":")) + "\n"


def _rounded(vector: np.ndarray) -> list[float]:
    return [round(value, 6) for value in vector.tolist()]


def _terms(words: np.ndarray, counts: np.ndarray) -> str:
    """Words as a text in which each stands as often as it occurs."""
    return " ".join(f"w{word}" for word in np.repeat(words, counts).tolist())


# ------------------------------------------------------------------------------------ Qdrant


def _qdrant_collection(n_dims: int) -> dict:
    body: dict = {"sparse_vectors": {"words": {"modifier": "idf"}}}
    if n_dims:
        body["vectors"] = {"code": {"size": n_dims, "distance": "Cosine"}}
    return body


def _qdrant_point(one: _Document) -> dict:
    counts = one.counts.astype(float).tolist()
    vector: dict = {"words": {"indices": one.words.tolist(), "values": counts}}
    if len(one.vector):
        vector["code"] = _rounded(one.vector)
    height, width = one.shape
    payload = {"path": one.path, "width": width, "height": height}
    return {"id": one.number, "vector": vector, "payload": payload}


# -------------------------------------------------------------------------------- OpenSearch


def _opensearch_index(n_dims: int) -> dict:
    fields: dict = {
        "path": {"type": "keyword"},
        "width": {"type": "integer"},
        "height": {"type": "integer"},
        "words": {"type": "text", "analyzer": "whitespace"},
    }
    if n_dims:
        method = {"name": "hnsw", "space_type": "cosinesimil", "engine": "lucene"}
        fields["code"] = {"type": "knn_vector", "dimension": n_dims, "method": method}
    settings = {"index": {"knn": bool(n_dims)}}
    return {"settings": settings, "mappings": {"properties": fields}}


def _opensearch_lines(one: _Document, name: str) -> tuple[dict, dict]:
    height, width = one.shape
    document = {
        "path": one.path,
        "width": width,
        "height": height,
        "words": _terms(one.words, one.counts),
    }
    if len(one.vector):
        document["code"] = _rounded(one.vector)
    return {"index": {"_index": name, "_id": str(one.number)}}, document


# -------------------------------------------------------------------------------- PostgreSQL


def _write_sql(file: IO[bytes], name: str, n_dims: int, documents: Iterable[_Document]) -> None:
    """A script for ``psql``: table, rows, indexes."""
    code = f", code vector({n_dims})" if n_dims else ""
    extension = "CREATE EXTENSION IF NOT EXISTS vector;\n" if n_dims else ""
    columns = f"id bigint PRIMARY KEY, path text NOT NULL, width integer, height integer{code}"
    file.write(f"{extension}BEGIN;\nCREATE TABLE {name} ({columns}, words integer[]);\n".encode())
    file.write(f"COPY {name} FROM stdin;\n".encode())
    for one in documents:
        height, width = one.shape
        path = one.path.replace("\\", "\\\\").replace("\t", "\\t")
        path = path.replace("\n", "\\n").replace("\r", "\\r")
        row = [str(one.number), path, str(width), str(height)]
        if n_dims:
            row.append(_sql_vector(_rounded(one.vector)))
        row.append("{" + ",".join(map(str, one.words.tolist())) + "}")
        file.write(("\t".join(row) + "\n").encode())
    file.write(f"\\.\nCREATE INDEX ON {name} USING gin (words);\n".encode())
    if n_dims:
        file.write(f"CREATE INDEX ON {name} USING hnsw (code vector_cosine_ops);\n".encode())
    file.write(f"COMMIT;\nANALYZE {name};\n".encode())


def _sql_vector(vector: list[float]) -> str:
    return "[" + ",".join(map(str, vector)) + "]"


def _sql_query(name: str, words: np.ndarray, vector: list[float], top: int) -> str:
    if vector:
        return (
            f"SELECT path, 1 - (code <=> '{_sql_vector(vector)}') AS score FROM {name} "
            f"ORDER BY code <=> '{_sql_vector(vector)}' LIMIT {top};\n"
        )
    terms = "ARRAY[" + ",".join(map(str, words.tolist())) + "]::integer[]"
    return (
        f"SELECT path, (SELECT count(*) FROM unnest(words) AS word WHERE word = ANY ({terms})) "
        f"AS score FROM {name} WHERE words && {terms} ORDER BY score DESC, id LIMIT {top};\n"
    )
