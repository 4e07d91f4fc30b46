"""What is wrong with a set of pictures before anything learns from it.

Nothing here trains or draws; see `cvclassic.report` for the page.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "findings": ["KINDS", "Audit", "Finding", "audit_pictures", "judge_pictures"],
        "fingerprints": ["difference_bits", "fingerprint", "sharpness_of"],
        "listing": ["Listed", "list_folders", "list_manifest"],
        "near": ["group_pairs", "near_pairs"],
        "scanning": ["Scanned", "scan_pictures"],
    },
)
