"""What the processes of tests/batch/test_workers.py do: importable, so that it pickles."""

import os
import signal
import time


def square(items: list) -> list:
    """An honest worker."""
    return [item * item for item in items]


def tell_the_block(items: list) -> list:
    """Which items were worked on together."""
    return [(item, tuple(items)) for item in items]


def obey(items: list) -> list:
    """Do what the items say, and answer with them."""
    for item in items:
        word, _, argument = str(item).partition(" ")
        if word == "die":
            os.kill(os.getpid(), int(argument))
        elif word == "exit":
            os._exit(int(argument))
        elif word == "sleep":
            time.sleep(float(argument))
        elif word == "once":  # kills its process the first time only
            try:
                os.close(os.open(argument, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                continue
            os.kill(os.getpid(), signal.SIGKILL)
        elif word == "fill":
            block = bytearray(int(argument) << 20)
            block[::4096] = b"x" * len(block[::4096])
            time.sleep(60)  # until somebody sees it, however busy the machine is
        elif word == "raise":
            raise ZeroDivisionError(argument)
    return list(items)


def report_pid(items: list) -> list:
    """Process number of the worker, after a while."""
    time.sleep(0.05)
    return [os.getpid() for _ in items]
