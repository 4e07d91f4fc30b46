__all__ = [
    "ENGINES",
    "FORMATS",
    "UNCLASSIFIABLE",
    "Arrivals",
    "Journal",
    "Record",
    "Sorter",
    "append_writer",
    "check_output",
    "check_outside",
    "classify_files",
    "expand_inputs",
    "file_digest",
    "fingerprint",
    "format_of",
    "journal_path",
    "map_in_processes",
    "max_side_of",
    "open_journal",
    "open_writer",
    "predict_labeled",
    "predict_numbers",
    "predict_proba",
    "prepare_workers",
    "read_all",
    "resume",
    "safe_name",
    "watch",
]

from .classifying import (
    ENGINES as ENGINES,
)
from .classifying import (
    classify_files as classify_files,
)
from .classifying import (
    max_side_of as max_side_of,
)
from .classifying import (
    predict_numbers as predict_numbers,
)
from .classifying import (
    predict_proba as predict_proba,
)
from .engines.processes import (
    map_in_processes as map_in_processes,
)
from .engines.processes import (
    prepare_workers as prepare_workers,
)
from .expanding import (
    expand_inputs as expand_inputs,
)
from .journal import (
    Journal as Journal,
)
from .journal import (
    journal_path as journal_path,
)
from .journal import (
    open_journal as open_journal,
)
from .labeled import (
    predict_labeled as predict_labeled,
)
from .outputs.sorting import (
    Sorter as Sorter,
)
from .outputs.sorting import (
    safe_name as safe_name,
)
from .outputs.writers import (
    FORMATS as FORMATS,
)
from .outputs.writers import (
    append_writer as append_writer,
)
from .outputs.writers import (
    check_output as check_output,
)
from .outputs.writers import (
    format_of as format_of,
)
from .outputs.writers import (
    open_writer as open_writer,
)
from .reading import (
    read_all as read_all,
)
from .records import (
    UNCLASSIFIABLE as UNCLASSIFIABLE,
)
from .records import (
    Record as Record,
)
from .running import (
    file_digest as file_digest,
)
from .running import (
    fingerprint as fingerprint,
)
from .running import (
    resume as resume,
)
from .watching import (
    Arrivals as Arrivals,
)
from .watching import (
    check_outside as check_outside,
)
from .watching import (
    watch as watch,
)
