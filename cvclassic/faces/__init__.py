"""Faces: where they are, and whose. Other objects are found by `cvclassic.objects`."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "detect_haar": ["HaarFaceDetector"],
        "detect_others": ["CascadeFaceDetector", "YuNetFaceDetector"],
        "detect_parts": ["find_parts"],
        "detect_results": ["Faces", "blur_faces", "cut_faces", "make_faces"],
        "detect_stock": ["CASCADES"],
        "detect_stream": ["Job", "Wishes", "detect_files"],
        "recognize_compare": ["compare_people"],
        "recognize_features": ["FEATURES", "describe_face", "face_views", "prepare_face"],
        "recognize_files": [
            "load_gallery",
            "load_metric",
            "locked",
            "save_gallery",
            "save_metric",
        ],
        "recognize_gallery": ["UNKNOWN", "Gallery", "Identity", "Threshold"],
        "recognize_metric": ["FaceMetric", "learn_metric"],
        "recognize_pictures": ["FoundFace", "faces_to_compare", "largest_face"],
        "recognize_rates": ["ErrorRates", "error_rates"],
        "alignment": ["bounding_boxes", "landmark_errors", "shake_boxes"],
        "landmark_data": ["MarkedFaces", "load_marked_faces", "read_points"],
        "landmark_files": ["load_landmarks", "save_landmarks"],
        "landmarks": ["FaceLandmarks"],
    },
)
