"""``python -m cvclassic_cli`` is ``cvclassic`` for where no script folder is on the path."""

from .main import main

main(prog_name="cvclassic")
