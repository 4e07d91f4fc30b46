__all__ = [
    "Audit",
    "Finding",
    "audit_images",
    "list_folders",
    "quick_audit",
]

from .dataset_listing import (
    Listed as Listed,
)
from .dataset_listing import (
    find_empty_classes as find_empty_classes,
)
from .dataset_listing import (
    list_folders as list_folders,
)
from .dataset_listing import (
    list_manifest as list_manifest,
)
from .dataset_listing import (
    note_keywords as note_keywords,
)
from .dataset_listing import (
    place_images as place_images,
)
from .findings import (
    KINDS as KINDS,
)
from .findings import (
    Audit as Audit,
)
from .findings import (
    Finding as Finding,
)
from .findings import (
    audit_images as audit_images,
)
from .findings import (
    judge_images as judge_images,
)
from .fingerprints import (
    difference_bits as difference_bits,
)
from .fingerprints import (
    fingerprint as fingerprint,
)
from .fingerprints import (
    sharpness_of as sharpness_of,
)
from .near_duplicates import (
    group_pairs as group_pairs,
)
from .near_duplicates import (
    near_pairs as near_pairs,
)
from .quick import (
    identical_files as identical_files,
)
from .quick import (
    note_single as note_single,
)
from .quick import (
    quick_audit as quick_audit,
)
from .repair import (
    MOVABLE as MOVABLE,
)
from .repair import (
    Moved as Moved,
)
from .repair import (
    choose_moves as choose_moves,
)
from .repair import (
    move_findings as move_findings,
)
from .scanning import (
    Scanned as Scanned,
)
from .scanning import (
    look_at as look_at,
)
from .scanning import (
    scan_images as scan_images,
)
