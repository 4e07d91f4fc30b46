"""``cvclassic segment``: which pixels belong together, and to what."""
