"""Face detection. For recognition see `cvclassic.faces.recognition`."""
