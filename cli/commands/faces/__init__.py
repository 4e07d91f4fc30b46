"""``cvclassic faces``: find, mark, recognize and blur faces."""
