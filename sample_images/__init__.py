"""Small real pictures, installed as ``cvclassic_samples`` so that ``cvclassic demo`` finds them.

Holds no code but where the pictures lie; ``SOURCES.md`` has the origin and licence of each.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent
