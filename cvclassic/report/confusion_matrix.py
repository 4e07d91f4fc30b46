"""Confusion matrices whose cells know their images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from ..draw.thumbnails import Thumbnail
from ..evaluate import Predictions

NO_ANSWER = "(no answer)"
_BUDGET = 6_000_000  # bytes of thumbnails, a third more in the page
_MOST = 60  # images of a cell


@dataclass
class Item:
    """An image of a gallery."""

    path: str
    picture: Thumbnail | None
    chance: float | None  # of the answer


@dataclass
class Cell:
    """Images of one class that got one answer."""

    id: str
    label: object
    right: bool
    count: int
    share: float
    items: list[Item] = field(default_factory=list)
    pictures: list[Item] = field(default_factory=list)

    @property
    def left_out(self) -> int:
        """Images that are not shown."""
        return self.count - len(self.pictures)


@dataclass
class Row:
    """Images of one class."""

    id: str
    label: object
    right: int
    total: int
    cells: list[Cell]
    open: bool = False


@dataclass
class Matrix:
    """A confusion matrix for the templates."""

    labels: list
    rows: list[Row]

    @property
    def ids(self) -> dict[tuple[str, str], str]:
        """Name on the page of each cell that has images, by truth and answer."""
        return {
            (str(row.label), str(cell.label)): cell.id
            for row in self.rows
            for cell in row.cells
            if cell.count
        }

    @property
    def drawers(self) -> list[Row]:
        """Rows with images; of their cells only those that have any, mistakes first."""
        found = []
        for row in self.rows:
            cells = [cell for cell in row.cells if cell.count]
            cells.sort(key=lambda cell: (cell.right, -cell.count))
            if cells:
                found.append(Row(row.id, row.label, row.right, row.total, cells, row.open))
        return found


def build_matrix(
    labels: Sequence,
    confusion: Sequence[Sequence[int]],
    predictions: Predictions | None = None,
    thumbnails: Mapping[str, Thumbnail] | None = None,
    budget: int = _BUDGET,
) -> Matrix:
    """Join a confusion matrix with its images.

    Parameters
    ----------
    labels : sequence
        Labels of rows and columns; None stands for no answer.
    confusion : sequence of n rows of n counts
        Rows: truth, columns: answers.
    predictions : Predictions, optional
        The images of the cells.
    thumbnails : mapping of str to Thumbnail, optional
        By path. Those that do not fit into `budget` are left out, evenly from all cells, and
        the images that were recognized first.
    budget : int
        Bytes.

    Returns
    -------
    Matrix

    Examples
    --------
    >>> matrix = build_matrix(["a", "b"], [[2, 0], [1, 0]])
    >>> [cell.count for cell in matrix.drawers[1].cells], matrix.drawers[1].cells[0].id
    ([1], 'c-1-0')
    """
    shown = [NO_ANSWER if label is None else label for label in labels]
    columns = [j for j in range(len(labels)) if labels[j] is not None or _any(confusion, j)]
    rows = []
    for i, counts in enumerate(confusion):
        total = int(sum(counts))
        if labels[i] is None and not total:
            continue
        cells = [
            Cell(
                f"c-{i}-{j}",
                shown[j],
                i == j,
                int(counts[j]),
                round(counts[j] / total, 3) if total else 0,
            )
            for j in columns
        ]
        rows.append(Row(f"k-{i}", shown[i], int(counts[i]), total, cells))
    matrix = Matrix([shown[j] for j in columns], rows)
    if predictions is not None:
        _fill(matrix, labels, predictions, thumbnails or {}, budget)
    return matrix


def _any(confusion: Sequence[Sequence[int]], column: int) -> bool:
    return any(row[column] for row in confusion)


def _fill(matrix: Matrix, labels: Sequence, seen: Predictions, thumbnails, budget: int) -> None:
    """Give every cell its images: the surest mistakes first."""
    number = {label: i for i, label in enumerate(labels)}
    cells = {cell.id: cell for row in matrix.rows for cell in row.cells}
    chances = answer_chances(seen)
    for path, truth, answer, chance in zip(
        seen.paths, seen.truth, seen.labels, chances, strict=True
    ):
        j = number.get(answer, number.get(None))
        cell = cells[f"c-{number[truth]}-{j}"]
        item = Item(path, thumbnails.get(path), None if np.isnan(chance) else float(chance))
        cell.items.append(item)
    ranked = []
    for cell in cells.values():
        if not cell.right:
            cell.items.sort(key=lambda item: -(item.chance or 0))
        some = [item for item in cell.items if item.picture or not thumbnails][:_MOST]
        ranked += [(rank, cell.right, cell, item) for rank, item in enumerate(some)]
    ranked.sort(key=lambda entry: (entry[1] and entry[0] >= 3, entry[0], entry[1]))
    for _, _, cell, item in ranked:
        budget -= len(item.picture.data) if item.picture else 100
        if budget < 0:
            break
        cell.pictures.append(item)


def answer_chances(seen: Predictions) -> np.ndarray:
    """Probability of each answer, nan where there is none; shape (n,)."""
    if seen.probabilities is None:
        return np.full(seen.n_images, np.nan)
    number = {label: i for i, label in enumerate(seen.classes)}
    column = np.array([number.get(label, -1) for label in seen.labels], int)
    chances = seen.probabilities[np.arange(seen.n_images), column].astype(float)
    return np.where(column >= 0, chances, np.nan)


def sure_mistakes(seen: Predictions, most: int) -> list[int]:
    """Images that were taken for another class, the surest first.

    Examples
    --------
    >>> shares = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    >>> sure_mistakes(Predictions(list("xyz"), list("bab"), list("aba"), ["a", "b"], shares), 2)
    [0, 1]
    """
    chances = answer_chances(seen)
    wrong = np.flatnonzero(~seen.right & ~np.isnan(chances))
    return wrong[np.argsort(-chances[wrong], kind="stable")][:most].tolist()


def sample_paths(paths: Sequence[str], truth: Sequence, most: int) -> dict[object, list[str]]:
    """The first few images of each class.

    Examples
    --------
    >>> sample_paths(["1", "2", "3"], ["a", "b", "a"], 1)
    {'a': ['1'], 'b': ['2']}
    """
    found: dict[object, list[str]] = {}
    for path, label in zip(paths, truth, strict=True):
        some = found.setdefault(label, [])
        if len(some) < most:
            some.append(path)
    return found


def describe_sizes(sizes: Sequence[tuple[int, int]]) -> list[tuple[str, str]]:
    """Smallest, median and largest image, by pixels.

    Examples
    --------
    >>> describe_sizes([(3, 4), (30, 40), (300, 400)])[1]
    ('median', '30 × 40')
    """
    if not sizes:
        return []
    order = sorted(sizes, key=lambda size: (size[0] * size[1], size))
    places = {"smallest": 0, "median": (len(order) - 1) // 2, "largest": -1}
    named = [(name, "{} × {}".format(*order[at])) for name, at in places.items()]
    return named if order[0] != order[-1] else [("all", "{} × {}".format(*order[0]))]


def data_table(
    paths: Sequence[str],
    truth: Sequence,
    sizes: Mapping[str, tuple[int, int]],
    thumbnails: Mapping[str, Thumbnail],
) -> list[dict]:
    """What the page says of each class: images, share of the largest class, size, samples."""
    counts: dict[object, int] = {}
    of_class: dict[object, list[tuple[int, int]]] = {}
    for path, label in zip(paths, truth, strict=True):
        counts[label] = counts.get(label, 0) + 1
        if path in sizes:
            of_class.setdefault(label, []).append(sizes[path])
    known = [path for path in paths if path in thumbnails]
    chosen = sample_paths(
        known,
        [label for path, label in zip(paths, truth, strict=True) if path in thumbnails],
        5 if len(counts) <= 12 else 3 if len(counts) <= 40 else 1,
    )
    most = max(counts.values(), default=1)
    rows = []
    for label in sorted(counts, key=lambda label: (str(type(label)), label)):
        median = dict(describe_sizes(of_class.get(label, [])))
        rows.append(
            {
                "label": label,
                "count": counts[label],
                "share": round(counts[label] / most, 3),
                "size": median.get("median", median.get("all", "")),
                "samples": [(path, thumbnails[path]) for path in chosen.get(label, [])],
            }
        )
    return rows


def all_sizes(sizes: Mapping[str, tuple[int, int]]) -> list[tuple[str, str]]:
    """`describe_sizes` of all images."""
    return describe_sizes(list(chain(sizes.values())))
