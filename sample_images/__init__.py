"""Small real images, installed as ``cvclassic_samples`` so that ``cvclassic demo`` finds them.

Holds no code but where the images lie; ``SOURCES.md`` has the origin and licence of each.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent
