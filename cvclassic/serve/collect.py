"""The labeling page: sort images into classes, train a model, and serve it at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import unicodedata
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ..batch import safe_name
from ..errors import CvclassicError, ImageReadError
from ..images import decode_image, encode_image
from .page import page_and_policy
from .parsing import read_body
from .problems import ProblemError
from .responses import AsciiResponse
from .service import Service

_LONGEST = 1280  # pixels: what is collected is kept no larger
_MODEL = "collected"
_TRAIN = (
    "import sys\n"
    "from cvclassic import train\n"
    "def main():\n"
    "    model = train(sys.argv[1], budget=float(sys.argv[3]))\n"
    "    model.save(sys.argv[2])\n"
    "if __name__ == '__main__':\n"
    "    main()\n"
)
_SECONDS = 60.0  # that the recipes may take together


class Collection:
    """A folder with one sub-folder per class, and the training that runs on it.

    Parameters
    ----------
    folder : path
        Made if it is missing.
    service : Service
        Serves the model when it is trained.
    """

    def __init__(self, folder: str | os.PathLike, service: Service) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._service = service
        self._training: asyncio.Task | None = None
        self.lines: list[str] = []
        self.error = ""
        self.done = False

    @property
    def running(self) -> bool:
        """Whether training is already running."""
        return self._training is not None and not self._training.done()

    def state(self) -> dict[str, Any]:
        """Classes, their images, and how the training goes."""
        classes = [
            {
                "name": folder.name,
                "images": [
                    {"url": f"collect/images/{folder.name}/{file.name}"}
                    for file in sorted(folder.glob("*.jpg"))
                ],
            }
            for folder in sorted(self.folder.iterdir())
            if folder.is_dir() and not folder.name.startswith(".")
        ]
        training = {"running": self.running, "done": self.done, "error": self.error}
        return {"classes": classes, "training": {**training, "lines": self.lines}}

    def class_folder(self, name: str) -> Path:
        """Folder of a class.

        Raises
        ------
        ProblemError
            The name cannot be that of a folder.
        """
        name = unicodedata.normalize("NFC", name.strip())
        if not name or len(name.encode()) > 200 or name.startswith(".") or safe_name(name) != name:
            raise ProblemError(422, f"{name!r} cannot be the name of a class.")
        return self.folder / name

    def add_class(self, name: str) -> None:
        """Make the folder of a class."""
        self.class_folder(name).mkdir(exist_ok=True)

    def add_image(self, name: str, data: bytes) -> str:
        """Keep an image, upright, as JPEG and not larger than needed; returns its file's name.

        Raises
        ------
        ProblemError
            There is no such class.
        ImageReadError
            The file is no image.
        """
        folder = self.class_folder(name)
        if not folder.is_dir():
            raise ProblemError(404, f"there is no class {name!r}.")
        pixels = decode_image(data, max_side=_LONGEST).pixels
        file = folder / f"{uuid.uuid4().hex}.jpg"
        temporary = file.with_suffix(".part")
        temporary.write_bytes(encode_image(pixels, ".jpg"))
        temporary.replace(file)
        return file.name

    def image_path(self, name: str, file: str) -> Path:
        """Path of an image that is kept.

        Raises
        ------
        ProblemError
            There is none.
        """
        path = self.class_folder(name) / file
        if Path(file).name != file or not file.endswith(".jpg") or not path.is_file():
            raise ProblemError(404, "there is no such image.")
        return path

    def start_training(self) -> None:
        """Train in another process, unless one is at it.

        Raises
        ------
        ProblemError
            A training is in progress.
        """
        if self.running:
            raise ProblemError(409, "training is already running.")
        self.lines, self.error, self.done = ["Training ..."], "", False
        self._training = asyncio.create_task(self._train())

    async def _train(self) -> None:
        target = self.folder / f".{_MODEL}.cvmodel"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _TRAIN,
            str(self.folder),
            str(target),
            str(_SECONDS),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert process.stdout is not None
        try:
            async for line in process.stdout:
                self.lines = [*self.lines[-50:], line.decode(errors="replace").rstrip()[:300]]
            if await process.wait():
                self.error = self.lines[-1] if self.lines else "The training failed."
                return
            others = {k: v for k, v in self._service.paths.items() if k != _MODEL}
            await self._service.reload({_MODEL: str(target), **others})
            self.lines = [*self.lines, _summary(self._service)]
            self.done = True
        except (CvclassicError, OSError, RuntimeError) as error:
            self.error = str(error)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()


def _summary(service: Service) -> str:
    about = service.catalog[0]
    accuracy = about.get("cross_validation_accuracy")
    text = f"{about['recipe']}, {len(about['classes'])} classes"
    return text if accuracy is None else f"{text}, {accuracy:.1%} correct in cross-validation"


def collect_routes(service: Service, route: Callable[..., Route]) -> list[Route]:
    """Routes of the labeling page."""
    collection = Collection(service.settings.collect or "", service)

    async def show(_request: Request) -> Response:
        html, policy = page_and_policy("collect")
        return HTMLResponse(html, headers={"Content-Security-Policy": policy})

    async def state(_request: Request) -> Response:
        return AsciiResponse(await asyncio.to_thread(collection.state))

    async def add_class(request: Request) -> Response:
        collection.add_class(request.query_params.get("class", ""))
        return AsciiResponse({"added": True})

    async def add_image(request: Request) -> Response:
        settings = service.settings
        data = await read_body(request, settings.max_bytes, settings.body_timeout)
        name = request.query_params.get("class", "")
        try:
            added = await asyncio.to_thread(collection.add_image, name, data)
        except ImageReadError as error:
            raise ProblemError(422, f"{error.code}: {error.message}") from None
        return AsciiResponse({"added": added})

    async def image(request: Request) -> Response:
        path = collection.image_path(request.path_params["name"], request.path_params["file"])
        if request.method == "DELETE":
            path.unlink(missing_ok=True)
            return AsciiResponse({"removed": True})
        return Response(await asyncio.to_thread(path.read_bytes), media_type="image/jpeg")

    async def train(_request: Request) -> Response:
        collection.start_training()
        return AsciiResponse({"started": True}, 202)

    return [
        Route("/collect", show),
        route("/collect/state", state),
        route("/collect/classes", add_class, methods=["POST"]),
        route("/collect/images", add_image, methods=["POST"]),
        route("/collect/images/{name}/{file}", image, methods=["GET", "DELETE"]),
        route("/collect/train", train, methods=["POST"]),
    ]
