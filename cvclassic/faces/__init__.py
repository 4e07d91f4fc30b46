"""Faces: where they are, and whose. Other objects are found by `cvclassic.objects`."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "alignment": ["bounding_boxes", "landmark_errors", "shake_boxes"],
        "landmark_data": ["MarkedFaces", "load_marked_faces", "read_points"],
        "landmark_files": ["load_landmarks", "save_landmarks"],
        "landmarks": ["FaceLandmarks"],
    },
)
