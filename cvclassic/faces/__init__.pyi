__all__ = [
    "CascadeFaceDetector",
    "FaceLandmarks",
    "FaceMetric",
    "Gallery",
    "HaarFaceDetector",
    "Identity",
    "Threshold",
    "YuNetFaceDetector",
    "blur_faces",
    "cut_faces",
    "landmark_errors",
    "learn_metric",
    "load_gallery",
    "load_landmarks",
    "load_marked_faces",
    "save_gallery",
    "save_landmarks",
]

from .detection.haar import (
    HaarFaceDetector as HaarFaceDetector,
)
from .detection.others import (
    CascadeFaceDetector as CascadeFaceDetector,
)
from .detection.others import (
    YuNetFaceDetector as YuNetFaceDetector,
)
from .detection.parts import (
    find_parts as find_parts,
)
from .detection.results import (
    Faces as Faces,
)
from .detection.results import blur_boxes as blur_boxes
from .detection.results import (
    blur_faces as blur_faces,
)
from .detection.results import (
    cut_faces as cut_faces,
)
from .detection.results import (
    make_faces as make_faces,
)
from .detection.stock import (
    CASCADES as CASCADES,
)
from .detection.task import FaceTask as FaceTask
from .landmarks.alignment import (
    bounding_boxes as bounding_boxes,
)
from .landmarks.alignment import (
    landmark_errors as landmark_errors,
)
from .landmarks.alignment import (
    shake_boxes as shake_boxes,
)
from .landmarks.data import (
    MarkedFaces as MarkedFaces,
)
from .landmarks.data import (
    load_marked_faces as load_marked_faces,
)
from .landmarks.data import (
    read_points as read_points,
)
from .landmarks.files import (
    load_landmarks as load_landmarks,
)
from .landmarks.files import (
    save_landmarks as save_landmarks,
)
from .landmarks.model import (
    FaceLandmarks as FaceLandmarks,
)
from .recognition.compare import (
    compare_people as compare_people,
)
from .recognition.features import (
    FEATURES as FEATURES,
)
from .recognition.features import (
    describe_face as describe_face,
)
from .recognition.features import (
    face_views as face_views,
)
from .recognition.features import (
    prepare_face as prepare_face,
)
from .recognition.files import (
    load_gallery as load_gallery,
)
from .recognition.files import (
    load_metric as load_metric,
)
from .recognition.files import (
    locked as locked,
)
from .recognition.files import (
    save_gallery as save_gallery,
)
from .recognition.files import (
    save_metric as save_metric,
)
from .recognition.gallery import (
    UNKNOWN as UNKNOWN,
)
from .recognition.gallery import (
    Gallery as Gallery,
)
from .recognition.gallery import (
    Identity as Identity,
)
from .recognition.gallery import (
    Threshold as Threshold,
)
from .recognition.metric import (
    FaceMetric as FaceMetric,
)
from .recognition.metric import (
    learn_metric as learn_metric,
)
from .recognition.pictures import (
    FoundFace as FoundFace,
)
from .recognition.pictures import (
    faces_to_compare as faces_to_compare,
)
from .recognition.pictures import (
    largest_face as largest_face,
)
from .recognition.rates import (
    ErrorRates as ErrorRates,
)
from .recognition.rates import (
    error_rates as error_rates,
)
from .recognition.task import (
    IdentifyTask as IdentifyTask,
)
