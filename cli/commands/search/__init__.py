"""``cvclassic search``: find images again by what they show."""
