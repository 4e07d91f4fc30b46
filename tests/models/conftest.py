"""The command line, for what it says of files."""

from tests.cli.conftest import in_process as in_process
