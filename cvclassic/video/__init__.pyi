__all__ = [
    "FrameSummary",
    "Transition",
    "detect_transitions",
    "shots_between",
    "summarize_frames",
]

from .shots import FrameSummary as FrameSummary
from .shots import Transition as Transition
from .shots import detect_transitions as detect_transitions
from .shots import shots_between as shots_between
from .shots import summarize_frames as summarize_frames
