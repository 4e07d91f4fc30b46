"""The command group ``cvclassic``: which commands there are, and how errors end."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from collections.abc import Mapping
from typing import Any, NoReturn

import click

from cvclassic._basics.named import load_named
from cvclassic.errors import ExitCode

# name -> (module in `commands`:attribute, the line that `cvclassic --help` shows).
# The line stands here so that listing the commands imports none of them.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo:demo", "Train, evaluate and classify on bundled sample images."),
    "audit": ("audit:audit", "Find duplicates, broken files and other problems."),
    "train": (
        "train:train",
        "Train a model on a folder of class folders, or a manifest.",
    ),
    "classify": (
        "classify:classify",
        "Label images with a trained model, one record each.",
    ),
    "evaluate": ("evaluate:evaluate", "Score a model on labeled images."),
    "compare": (
        "compare:compare",
        "Compare models or predictions on the same images.",
    ),
    "versus-cnn": (
        "versus_cnn:versus_cnn",
        "Compare classical recipes with networks on your own images.",
    ),
    "explain": (
        "explain:explain",
        "Show which keypoints are evidence for a label.",
    ),
    "words": ("words:words", "Show the visual words of a model and their evidence."),
    "learning-curve": (
        "learning_curve:learning_curve_",
        "Show how accuracy grows with more training images.",
    ),
    "recipes": ("recipes:recipes", "List the recipes and their parameters."),
    "network": ("network.group:network", "List pre-trained networks, and convert others."),
    "augment": ("augment:augment", "Preview what --augment does to images."),
    "detect": (
        "detect:detect",
        "Find edges, blobs, corners, lines or keypoints, and draw them.",
    ),
    "filter": ("filter:filter_", "Apply a convolution kernel to an image."),
    "segment": (
        "segment.group:segment",
        "Segment images into regions and classes; train on masks.",
    ),
    "cascade": (
        "cascade.group:cascade",
        "Train, score and inspect boosted cascades.",
    ),
    "objects": (
        "objects.group:objects",
        "Train, run, score and explain detectors of your own objects.",
    ),
    "match": ("match:match", "Match keypoints between images."),
    "search": ("search.group:search", "Find the same object or scene in many images; find copies."),
    "faces": ("faces.group:faces", "Detect, recognize and landmark faces."),
    "video": ("video.group:video", "Find shots, track objects and show motion in videos."),
    "serve": ("serve:serve", "Serve predictions over HTTP, with a page to drop images on."),
    "info": ("info:info", "Show what is in a model file."),
    "config": ("config:config", "Print the options of a run as a TOML file for --config."),
    "teach": ("teach:teach", "Write an interactive page for teaching classical vision."),
    "completion": ("completion:completion", "Print the completion script for bash, zsh or fish."),
    "doctor": ("doctor:doctor", "Check this machine: versions, OpenCV, threads, memory."),
}

# what people call them who come from other tools
ALIASES = {"predict": "classify", "test": "evaluate", "val": "evaluate"}


class LazyGroup(click.Group):
    """A group that imports a command when it is called, and turns errors into one line."""

    def __init__(
        self,
        *args: Any,
        lazy: Mapping[str, tuple[str, str]] | None = None,
        aliases: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = dict(lazy or {})
        self.aliases = dict(aliases or {})

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run as a program."""
        _open_standard_streams()
        warnings.showwarning = _say_warning
        return super().main(*args, **kwargs)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table: the way of the main job, not the alphabet."""
        return [*self.lazy, *sorted(set(self.commands) - set(self.lazy))]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; for one that there is not, say which may be meant."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            from cvclassic._basics.suggest import did_you_mean

            names = [*self.list_commands(ctx), *self.aliases]
            hint = did_you_mean(args[0], names) or f" Commands are: {', '.join(names)}."
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import the module of one command."""
        name = self.aliases.get(name, name)
        if name not in self.lazy:
            return super().get_command(ctx, name)
        return _with_force(load_named(self.lazy[name][0], f"{__package__}.commands"))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.lazy[name][1]) for name in self.lazy])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whatever goes wrong ends as one line and an exit code."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except click.ClickException as error:
            if error.exit_code != 1:
                raise
            error.show()  # click ends these with 1, which here means "some inputs failed"
            ctx.exit(ExitCode.USAGE)
        except (click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt as error:
            code = getattr(error, "exit_code", ExitCode.INTERRUPTED)
            _end(ctx, str(error) or "Interrupted.", code)
        except Exception as error:
            _end_with_error(ctx, error)


def _with_force(command: click.Command) -> click.Command:
    """The command, with --force if it writes files that may be somebody else's."""
    from .shared.outputs import OutputFile, force_option

    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _with_force(inner)
    elif any(isinstance(param.type, OutputFile) for param in command.params) and not any(
        "--force" in param.opts for param in command.params
    ):
        force_option(command)
    return command


_show_warning = warnings.showwarning


def _say_warning(message: Any, category: type, *rest: Any, **options: Any) -> None:
    """Say what is meant for people in a line, and leave other warnings as they are."""
    if category.__name__ == "ModelFileWarning":
        click.echo(f"Note: {' '.join(str(message).split())}", err=True)
    else:
        _show_warning(message, category, *rest, **options)


def _open_standard_streams() -> None:
    """Open those that the caller has closed, lest the next file take their number."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # takes the lowest number that is free; for processes that this one starts too
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115


def _end_with_error(ctx: click.Context, error: Exception) -> NoReturn:
    """Say what went wrong in one line, and exit with the code for it."""
    from cvclassic._basics.machine import is_out_of_memory
    from cvclassic.errors import CvclassicError, OutputLockedError

    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        _end_quietly(ctx)
    if os.environ.get("CVCLASSIC_DEBUG", "0") not in ("", "0"):
        raise error
    if isinstance(error, OutputLockedError):
        _end(ctx, f"Error: {error}", ExitCode.LOCKED)
    if isinstance(error, CvclassicError):
        _end(ctx, f"Error: {error}", ExitCode.USAGE)
    if is_out_of_memory(error):
        said = f" ({error})" if str(error) else ""
        text = "There is not enough memory: use fewer --jobs, or raise the limit (ulimit -v)."
        _end(ctx, f"Error: {text}{said}", ExitCode.INCOMPLETE)
    if isinstance(error, OSError):
        what = error.strerror or str(error) or type(error).__name__
        where = f"{os.fsdecode(error.filename)}: " if _is_path(error.filename) else ""
        _end(ctx, f"Error: {where}{what}", ExitCode.INCOMPLETE)
    _end(
        ctx,
        f"Error: unexpected {type(error).__name__}: {error} "
        "(CVCLASSIC_DEBUG=1 shows where it comes from)",
        ExitCode.BUG,
    )


def _is_path(name: object) -> bool:
    """Whether an OSError names a file; it may also hold None or a file descriptor."""
    return isinstance(name, str | bytes | os.PathLike)


def _end(ctx: click.Context, message: str, code: int) -> NoReturn:
    """Print the message as one line on stderr and exit."""
    click.echo(" ".join(message.splitlines()), err=True)
    ctx.exit(code)


def _end_quietly(ctx: click.Context) -> NoReturn:
    """The reader of our output has gone: stop, and keep Python's final flush quiet too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    ctx.exit(ExitCode.BROKEN_PIPE)


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    """Print the version and stop."""
    if value and not ctx.resilient_parsing:
        from cvclassic import __version__

        click.echo(f"cvclassic {__version__}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    aliases=ALIASES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "-V",
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Classical computer vision on a CPU: train, run, explain and compare image classifiers.

    \b
    Example:
      cvclassic train photos/
      cvclassic classify photos.cvmodel new/ -o labels.csv
    """
