"""The commands of ``cvclassic``, installed as ``cvclassic_cli``.

A command parses options, calls the library and prints; anything that a notebook could also want
belongs in ``cvclassic``.
"""
