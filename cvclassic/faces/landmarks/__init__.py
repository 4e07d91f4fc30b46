"""Points of a face: eyes, nose, mouth, outline. Faces are found elsewhere."""
