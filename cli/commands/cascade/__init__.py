"""``cvclassic cascade``: train, evaluate and show boosted cascades."""
