"""Labeled images from folders and manifests, with notes on anything unusual."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from cvclassic._basics.label_sets import is_multilabel
from cvclassic._basics.printable import list_names, plural, show_path
from cvclassic.errors import DataError


@dataclass(frozen=True)
class DataNote:
    """Something about a data set that its owner should know; nothing is refused for it.

    Attributes
    ----------
    code : str
        ``"splits"`` (other parts were found) and ``"rare"`` (keywords of one image), which are no
        faults, or a fault: ``"capitals"``,
        ``"same_name"``, ``"empty_class"``, ``"loose"``, ``"two_labels"``, ``"duplicate_rows"``,
        ``"left_out"``.
    message : str
    paths : tuple of str
        What it is about, where that is files or folders.
    """

    code: str
    message: str
    paths: tuple[str, ...] = ()

    @property
    def is_fault(self) -> bool:
        """False for what is only told."""
        return self.code not in ("splits", "rare")


@dataclass(frozen=True)
class LabeledImages:
    """Paths of images and what they show.

    Attributes
    ----------
    paths : list of str
    labels : list of str, or of tuples of str
        One for each path; tuples where images have keywords.
    splits : list of str
        One for each path of a manifest with such a column; else empty.
    notes : tuple of DataNote
        What was noticed on the way.
    parts : dict of str to str
        For a folder with splits: their kind (``"train"``, ``"validation"``, ``"test"``) and where
        each lies; else empty.
    """

    paths: list[str]
    labels: list
    splits: list[str] = field(default_factory=list)
    notes: tuple[DataNote, ...] = ()
    parts: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def is_multilabel(self) -> bool:
        """Whether images have several labels each."""
        return is_multilabel(self.labels)

    @property
    def classes(self) -> list[str]:
        """The labels that occur, sorted."""
        return list(self.counts)

    @property
    def counts(self) -> dict[str, int]:
        """Images of each class, sorted by class."""
        labels = chain.from_iterable(self.labels) if self.is_multilabel else self.labels
        return dict(sorted(Counter(labels).items()))


@dataclass(frozen=True)
class Dataset:
    """A data set and its splits.

    Attributes
    ----------
    splits : dict of str to LabeledImages
        Kind (``"train"``, ``"validation"``, ``"test"``) to images. A data set without splits has
        ``"train"`` alone.
    notes : tuple of DataNote
    """

    splits: dict[str, LabeledImages]
    notes: tuple[DataNote, ...] = ()

    @property
    def train(self) -> LabeledImages | None:
        """Images to learn from; None where there are none."""
        return self.splits.get("train")

    @property
    def validation(self) -> LabeledImages | None:
        """Images to choose settings by; None where there are none."""
        return self.splits.get("validation")

    @property
    def test(self) -> LabeledImages | None:
        """Images for the final score, used once; None where there are none."""
        return self.splits.get("test")


_KINDS = {
    **dict.fromkeys(("train", "training", "trainval"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
SPLIT_NAMES = frozenset(_KINDS)
"""Names of folders, in lower case, that are splits and no classes."""


def split_kind(name: str) -> str | None:
    """``"train"``, ``"validation"`` or ``"test"`` by a split's name; None for other names.

    Examples
    --------
    >>> split_kind("Valid"), split_kind("cats")
    ('validation', None)
    """
    return _KINDS.get(name.strip().casefold())


def clean_label(text: str) -> str:
    """A label without blanks around it, its accents composed (NFC), as all labels are kept.

    A Mac writes names decomposed (NFD), so that the same word has other bytes there.

    Examples
    --------
    >>> clean_label(" cafe\\u0301 ")
    'café'
    """
    return unicodedata.normalize("NFC", text).strip() or text


def same_split(cell: str, wanted: str) -> bool:
    """Whether a cell of the column split names the wanted split, in capitals or not.

    Examples
    --------
    >>> same_split(" Train", "train")
    True
    """
    return clean_label(cell).casefold() == clean_label(wanted).casefold()


def check_label(label: str, where: str) -> None:
    """Raise `DataError` unless a label is text: it goes into model files and tables."""
    try:
        label.encode("utf-8")
    except UnicodeEncodeError:
        raise DataError(f"{where} has a name that is not UTF-8") from None


def differ_in_case(names: Iterable[str]) -> list[list[str]]:
    """Groups of names that differ only in case, each sorted.

    Examples
    --------
    >>> differ_in_case(["cat", "dog", "Cat"])
    [['Cat', 'cat']]
    """
    alike: dict[str, set[str]] = defaultdict(set)
    for name in names:
        alike[name.casefold()].add(name)
    return [sorted(group) for _, group in sorted(alike.items()) if len(group) > 1]


def note_capitals(names: Iterable[str], what: str) -> list[DataNote]:
    """Names that differ only in case: probably one."""
    return [
        DataNote("capitals", f"{what} {' and '.join(map(repr, group))} differ only in case")
        for group in differ_in_case(names)
    ]


def note_repeats(paths: Sequence[str], labels: Sequence[str]) -> list[DataNote]:
    """Paths that a table lists several times, with one label or with several."""
    seen: dict[str, list[str]] = defaultdict(list)
    for path, label in zip(paths, labels, strict=True):
        seen[path].append(label)
    several = {path: found for path, found in seen.items() if len(found) > 1}
    double = [path for path, found in several.items() if len(set(found)) == 1]
    conflicts = [path for path, found in several.items() if len(set(found)) > 1]
    notes = []
    if conflicts:
        first = f"{show_path(conflicts[0])} is {' and '.join(sorted(set(several[conflicts[0]])))}"
        text = f"{plural(len(conflicts), 'image')} listed with different labels: {first}"
        if len(conflicts) > 1:
            text += f"; also {list_names(conflicts[1:], 3)}"
        notes.append(DataNote("two_labels", text, tuple(conflicts)))
    if double:
        text = f"{plural(len(double), 'image')} listed more than once: {list_names(double, 3)}"
        notes.append(DataNote("duplicate_rows", text, tuple(double)))
    return notes
