"""``cvclassic network``: pre-trained networks by name and from other programs."""
