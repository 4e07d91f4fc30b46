"""``cvclassic serve``: predictions over HTTP."""

from __future__ import annotations

import os

import click

from ..shared.outputs import OutputFolder


@click.command()
@click.argument("models", nargs=-1, metavar="MODEL...")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Number of prediction processes. [default: one per processor]",
)
@click.option(
    "--batch-wait",
    default="5ms",
    show_default=True,
    metavar="TIME",
    help="Maximum time that an image waits for others to form a batch.",
)
@click.option(
    "--max-queue",
    type=click.IntRange(min=1),
    default=256,
    show_default=True,
    help="Maximum number of waiting images; more are answered with 503.",
)
@click.option(
    "--max-image",
    type=click.IntRange(min=1),
    default=32,
    show_default=True,
    metavar="MB",
    help="Maximum size of an image file.",
)
@click.option(
    "--max-request",
    type=click.IntRange(min=1),
    default=256,
    show_default=True,
    metavar="MB",
    help="Maximum size of a request.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="Maximum time of one prediction.",
)
@click.option(
    "--drain",
    type=click.FloatRange(min=0.1),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="Time for requests in progress to finish after SIGTERM. "
    "Those that are not ready by then are answered with 503.",
)
@click.option(
    "--memory-cap",
    type=click.IntRange(min=1),
    metavar="MB",
    help="Maximum memory of one worker.",
)
@click.option(
    "--max-per-client",
    type=click.IntRange(min=1),
    default=256,
    show_default=True,
    help="Maximum number of simultaneous requests per address; more are answered with 429.",
)
@click.option(
    "--token",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="File with bearer tokens, one per line; every request needs one of them.",
)
@click.option(
    "--cors",
    multiple=True,
    metavar="ORIGIN",
    help="Allow requests from pages of this origin, such as "
    "https://example.org. Can be given several times.",
)
@click.option(
    "--allow-url",
    multiple=True,
    metavar="HOST",
    help="Allow image URLs on this host. Can be given several times.",
)
@click.option(
    "--collect",
    type=OutputFolder(),
    metavar="DIR",
    help="Add a page for collecting images, training and testing; images are kept in DIR.",
)
def serve(
    models, host, port, workers, batch_wait, max_queue, max_image, max_request, timeout, drain,
    memory_cap, max_per_client, token, cors, allow_url, collect,
):  # fmt: skip
    """Serve predictions of MODELs over HTTP.

    A MODEL is a file of `train`, `objects train`, `segment train` or `faces enroll`, the folder of
    `search index`, or the word faces for the face detector; NAME=MODEL gives it a name. Open the
    address in a browser to drop images on a page; programs use POST /predict (GET /openapi.json
    describes everything). Each image gets exactly one record, even if it cannot be
    read.

    Models are reloaded when their files change, or on SIGHUP. On SIGTERM, requests in progress
    are finished first.

    Needs the extra: pip install "cvclassic[serve]"

    \b
    Example:
      cvclassic serve photos.cvmodel
      cvclassic serve photos.cvmodel old=archive/photos.cvmodel --port 9000 --workers 4
      cvclassic serve photos.cvmodel faces
      cvclassic serve --collect cups/
      curl --data-binary @photo.jpg 'http://127.0.0.1:8000/predict?top=3'
    """
    if not models and collect is None:
        raise click.UsageError("Name a MODEL to serve, or a folder with --collect.")
    from cvclassic._basics.extras import need

    need("serve", "starlette", "uvicorn", "httptools", "prometheus_client", "python_multipart")
    from cvclassic.serve import ServeSettings, run_server
    from cvclassic.serve.service import name_models

    settings = ServeSettings(
        host=host,
        port=port,
        workers=workers or os.cpu_count() or 1,
        batch_wait=_seconds(batch_wait),
        max_queue=max_queue,
        max_bytes=max_image * 1_000_000,
        max_request_bytes=max_request * 1_000_000,
        timeout=timeout,
        drain=drain,
        memory_cap=None if memory_cap is None else memory_cap * 1_000_000,
        max_per_client=max_per_client,
        tokens=_tokens(token),
        cors=tuple(cors),
        url_hosts=tuple(name.lower() for name in allow_url),
        collect=collect,
    )

    def announce(address: str) -> None:
        path = "/collect" if collect is not None else "/"
        click.echo(f"Serving on {address}{path} (press Ctrl-C to stop)", err=True)

    run_server(name_models(models), settings, announce)


def _seconds(text: str) -> float:
    """Seconds of a time such as 5ms or 0.1s."""
    for ending, factor in (("ms", 1e-3), ("s", 1.0), ("", 1.0)):
        if text.endswith(ending):
            number = text.removesuffix(ending)
            try:
                value = float(number) * factor
            except ValueError:
                break
            if 0 <= value <= 10:
                return value
            break
    raise click.BadParameter(
        f"expected a time from 0 to 10 s, such as 5ms. Got {text!r} instead.",
        param_hint="--batch-wait",
    )


def _tokens(path: str | None) -> tuple[str, ...]:
    """Tokens of a file, one per line; lines that begin with # do not count."""
    if path is None:
        return ()
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    tokens = tuple(line for line in lines if line and not line.startswith("#"))
    if not tokens:
        raise click.BadParameter(f"{path} holds no token.", param_hint="--token")
    return tokens
