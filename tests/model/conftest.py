"""The command line, to compare the library with."""

from tests.cli.conftest import in_process as in_process
