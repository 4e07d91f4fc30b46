__all__ = [
    "Hit",
    "Hits",
    "ImageIndex",
    "Topics",
    "find_duplicates",
    "find_topics",
]

from .coder_files import (
    read_coder as read_coder,
)
from .coder_files import (
    write_coder as write_coder,
)
from .duplicates import (
    find_copies as find_copies,
)
from .duplicates import (
    find_duplicates as find_duplicates,
)
from .exporting import (
    export_index as export_index,
)
from .exporting import (
    export_query as export_query,
)
from .index import (
    ImageIndex as ImageIndex,
)
from .indexing import (
    IndexingResult as IndexingResult,
)
from .indexing import (
    index_images as index_images,
)
from .indexing import (
    remove_images as remove_images,
)
from .judging import (
    rank_queries as rank_queries,
)
from .maintenance import (
    compact_index as compact_index,
)
from .maintenance import (
    index_numbers as index_numbers,
)
from .maintenance import (
    merge_indexes as merge_indexes,
)
from .maintenance import (
    verify_index as verify_index,
)
from .relevance import (
    read_relevance as read_relevance,
)
from .results import (
    Hit as Hit,
)
from .results import (
    Hits as Hits,
)
from .topics import (
    Topics as Topics,
)
from .topics import (
    find_topics as find_topics,
)
