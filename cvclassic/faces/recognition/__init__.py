"""Whose face it is. Faces are found elsewhere."""
