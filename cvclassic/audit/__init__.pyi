__all__ = [
    "KINDS",
    "Audit",
    "Finding",
    "Listed",
    "Scanned",
    "audit_pictures",
    "difference_bits",
    "fingerprint",
    "group_pairs",
    "judge_pictures",
    "list_folders",
    "list_manifest",
    "near_pairs",
    "scan_pictures",
    "sharpness_of",
]

from .dataset_listing import (
    Listed as Listed,
)
from .dataset_listing import (
    list_folders as list_folders,
)
from .dataset_listing import (
    list_manifest as list_manifest,
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
    audit_pictures as audit_pictures,
)
from .findings import (
    judge_pictures as judge_pictures,
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
from .scanning import (
    Scanned as Scanned,
)
from .scanning import (
    scan_pictures as scan_pictures,
)
