"""``cvclassic video``: shots, tracks and motion."""
