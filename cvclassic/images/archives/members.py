"""Members of archives read by the names that their records have."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import lru_cache

from cvclassic.images.archives.walking import SUFFIXES, ArchiveMember, archive_kind, walk_archive
from cvclassic.images.remote import is_url
from cvclassic.images.walking import Fault

_IN_NAME = re.compile(
    "(?:" + "|".join(re.escape(suffix) for suffix in SUFFIXES) + ")!", re.IGNORECASE
)


def name_in_archive(path: str) -> str:
    """The name that a member has in its archive; other names as they are.

    Examples
    --------
    >>> name_in_archive("shard.tar!a/b.jpg"), name_in_archive("wow!.jpg")
    ('a/b.jpg', 'wow!.jpg')
    """
    match = _IN_NAME.search(path)
    return path[match.end() :] if match else path


class MemberReader:
    """Read members by the names that their records have, quickest in the order of the archive.

    A packed tar can only be read from its beginning, so this stays where it is in one.
    """

    def __init__(self) -> None:
        self._archive = ""
        self._rest: Iterator[ArchiveMember | Fault] = iter(())

    def read(self, path: str, max_bytes: int = 256_000_000) -> bytes | None:
        """Bytes of a member, None where there is no such member, or no such archive.

        If several members have the same name, the last one is read, as unpacking would leave it; in
        a packed tar the next one.

        Parameters
        ----------
        path : str
            Such as ``shard.tar!a/b.jpg``.

        Raises
        ------
        ImageReadError
        """
        for match in _IN_NAME.finditer(path):
            archive = path[: match.end() - 1]
            try:
                info = os.stat(archive)
                stamp = (info.st_mtime_ns, info.st_size, info.st_ino)
            except (OSError, ValueError):
                if not is_url(archive):
                    continue
                stamp = (0, 0, 0)
            if " " in (archive_kind(archive) or ""):
                found = self._seek(archive, path)
            else:
                found = _index(archive, stamp).get(path)
            if found is not None:
                return found.read(max_bytes)
        return None

    def _seek(self, archive: str, path: str) -> ArchiveMember | None:
        """Go on in a packed tar to a name, or once more from its beginning."""
        for anew in (False, True):
            if anew or archive != self._archive:
                self._archive, self._rest = archive, walk_archive(archive)
            for member in self._rest:
                if isinstance(member, ArchiveMember) and member.path == path:
                    return member
        return None


def read_member(path: str, max_bytes: int = 256_000_000) -> bytes | None:
    """Read one member by the name that its record has; see `MemberReader`."""
    return MemberReader().read(path, max_bytes)


@lru_cache(maxsize=4)
def _index(archive: str, stamp: tuple[int, int, int]) -> dict[str, ArchiveMember]:
    """Members by name; the stamp tells an archive from one that takes its place."""
    return {m.path: m for m in walk_archive(archive) if isinstance(m, ArchiveMember)}
