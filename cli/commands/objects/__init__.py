"""``cvclassic objects``: detectors of any object, trained from boxes."""
