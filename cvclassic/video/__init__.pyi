__all__ = [
    "BoxTracker",
    "Transition",
    "detect_transitions",
    "draw_flow",
    "draw_tracks",
    "follow_box",
    "optical_flow",
    "shots_between",
    "smooth_labels",
    "stabilize",
    "subtract_background",
    "summarize_frames",
    "track_detections",
]

from .blurring import BlurPlan as BlurPlan
from .blurring import DoubtfulMoment as DoubtfulMoment
from .blurring import blur_frame as blur_frame
from .blurring import plan_blurring as plan_blurring
from .drawing import draw_foreground as draw_foreground
from .drawing import draw_tracks as draw_tracks
from .follow import BoxFollower as BoxFollower
from .follow import Followed as Followed
from .follow import follow_box as follow_box
from .motion import draw_flow as draw_flow
from .motion import optical_flow as optical_flow
from .motion import stabilize as stabilize
from .motion import subtract_background as subtract_background
from .records import Presence as Presence
from .records import RecordSmoother as RecordSmoother
from .records import presences as presences
from .records import time_of as time_of
from .shots import FrameSummary as FrameSummary
from .shots import Transition as Transition
from .shots import detect_transitions as detect_transitions
from .shots import shot_moments as shot_moments
from .shots import shots_between as shots_between
from .shots import summarize_frames as summarize_frames
from .smoothing import LabelSpan as LabelSpan
from .smoothing import LagSmoother as LagSmoother
from .smoothing import label_spans as label_spans
from .smoothing import smooth_labels as smooth_labels
from .tracks import BoxTracker as BoxTracker
from .tracks import TrackedBox as TrackedBox
from .tracks import bridge_gaps as bridge_gaps
from .tracks import track_detections as track_detections
from .writing import VideoWriter as VideoWriter
