"""A convolution layer with fixed kernels as a scikit-learn transformer."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._basics.checks import check_bool, check_choice, check_integer, short_repr
from .._basics.saving import SavedState
from ..errors import ParameterError
from ..filters import FILLS, as_bank, center_pad, convolve, parse_kernel, pool
from ..images import load_pixels
from ..images.checks import check_whole, to_gray
from .vectors import ImageTransformer

DEFAULT_BANK = ("gaussian3", "sobel_x", "sobel_y", "edge_diagonal", "laplacian4")


class KernelFeatures(ImageTransformer):
    """Kernel bank, ReLU, pooling, flattening: the first layer of a CNN, with nothing to learn.

    Parameters
    ----------
    kernels : sequence of kernels
        Each a name, a text, JSON or an array, see `cvclassic.filters.parse_kernel`. Smaller ones
        are grown with zeros to the size of the largest.
    image_size : int or (int, int)
        Side, or height and width, that every image is resized to first, in pixels. The shape of
        the image is not kept.
    color : bool
        Filter red, green and blue each instead of gray.
    signed : bool
        Keep the negative responses too, turned positive, as feature maps of their own. Kernels
        without a negative entry have none. Without it, half of each edge is lost in the ReLU.
    stride : int
        Pixels between neighboring outputs of a kernel.
    padding : int or str
        As in `cvclassic.filters.convolve`.
    pool_size : int
        Side and stride of the pooling windows, in outputs of a kernel; 1 for none.
    pool_method : {"max", "average"}
        How a window is summarized.
    n_jobs : int, optional
        Threads; as in joblib.

    Attributes
    ----------
    kernels_ : list of ndarray
        The bank, all of the same size, divided by the sum of absolute entries, so that no kernel
        outweighs another and features lie in 0..1.
    map_names_ : list of str
        One name for each feature map.
    map_shape_ : tuple of int
        Height and width of a pooled feature map.

    References
    ----------
    .. [1] Y. LeCun et al., "Gradient-based learning applied to document recognition", Proc. IEEE
       86(11), 1998, section II-A (the layers; here the kernels are fixed).

    Examples
    --------
    >>> import numpy as np
    >>> pictures = np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8)
    >>> features = KernelFeatures(["sobel_x", "sobel_y"], image_size=28, pool_size=7)
    >>> features.fit_transform(pictures).shape
    (3, 64)
    >>> str(features.get_feature_names_out()[0])
    'sobel_x+_0_0'
    """

    saved_state = SavedState(
        scalars={"n_features_out_": int},
        bounds={
            "image_size": (1, 2048),
            "stride": (1, 2048),
            "pool_size": (1, 2048),
            "padding": (0, 256),
        },
    )

    def __init__(
        self,
        kernels: Sequence = DEFAULT_BANK,
        *,
        image_size: int | tuple[int, int] = 32,
        color: bool = False,
        signed: bool = True,
        stride: int = 1,
        padding: int | str = "reflect",
        pool_size: int = 4,
        pool_method: str = "max",
        n_jobs: int | None = None,
    ) -> None:
        self.kernels = kernels
        self.image_size = image_size
        self.color = color
        self.signed = signed
        self.stride = stride
        self.padding = padding
        self.pool_size = pool_size
        self.pool_method = pool_method
        self.n_jobs = n_jobs

    def _check(self) -> None:
        self._checked_size()
        check_integer("stride", self.stride, 1)
        check_integer("pool_size", self.pool_size, 1)
        check_choice("pool_method", self.pool_method, ("max", "average"))
        check_bool("color", self.color)
        check_bool("signed", self.signed)
        if isinstance(self.padding, str):
            check_choice("padding", self.padding, ("valid", *FILLS))
        else:
            check_integer("padding", self.padding, 0)
        self._named_bank()

    def _fit_images(self, X: Sequence, y: object) -> None:
        self.image_size_ = self._checked_size()
        names, bank = self._named_bank()
        self.kernels_ = [kernel / max(np.abs(kernel).sum(), 1e-12) for kernel in bank]
        self.map_names_ = self._name_maps(names)
        blank = np.zeros(self.image_size_ + ((3,) if self.color else ()), dtype=np.uint8)
        # Filtering a blank image also says early where the kernels do not fit.
        self.map_shape_ = self._maps(blank).shape[1:]
        self.n_features_out_ = len(self.map_names_) * int(np.prod(self.map_shape_))

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Names such as ``sobel_x+_0_3``: kernel, sign, row and column.

        Parameters
        ----------
        input_features : ignored

        Returns
        -------
        ndarray of str, object dtype
        """
        check_is_fitted(self, "n_features_out_")
        height, width = self.map_shape_
        return np.array(
            [f"{m}_{r}_{c}" for m in self.map_names_ for r in range(height) for c in range(width)],
            dtype=object,
        )

    def block_vectors(self, images: list) -> np.ndarray:
        return np.stack([self._maps(self._load(image)).ravel() for image in images])

    def _load(self, source: object) -> np.ndarray:
        """One image in the size and color that the kernels expect."""
        image = load_pixels(source)
        if self.color and image.ndim == 2:
            image = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
        elif not self.color and image.ndim == 3:
            image = to_gray(image)
        if image.shape[:2] == self.image_size_:
            return image
        # Area averaging avoids aliasing on the way down and would look blocky on the way up.
        shrinks = image.shape[0] * image.shape[1] > self.image_size_[0] * self.image_size_[1]
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        return cv2.resize(image, self.image_size_[::-1], interpolation=how)

    def _maps(self, image: np.ndarray) -> np.ndarray:
        """Pooled, rectified feature maps of one prepared image."""
        maps = convolve(
            image.astype(np.float32) / 255,
            self.kernels_,
            stride=self.stride,
            padding=self.padding,
            channels="separate",
        )
        if self.signed:
            per_kernel = maps.reshape(len(self.kernels_), -1, *maps.shape[1:])
            parts = []
            for kernel, answers in zip(self.kernels_, per_kernel, strict=True):
                parts.append(answers)
                if kernel.min() < 0:
                    parts.append(-answers)
            maps = np.concatenate(parts)
        return pool(np.maximum(maps, 0), self.pool_size, method=self.pool_method)

    def _named_bank(self) -> tuple[list[str], list[np.ndarray]]:
        """Kernels of equal size and a unique name for each."""
        if isinstance(self.kernels, str):
            raise ParameterError(
                f"kernels must be a sequence of kernels. Got {self.kernels!r} instead; "
                f"write [{self.kernels!r}] for a single one."
            )
        try:
            entries = list(self.kernels)
        except TypeError:
            raise ParameterError(
                f"kernels must be a sequence of kernels. Got {short_repr(self.kernels)} instead."
            ) from None
        bank = [parse_kernel(entry) for entry in entries]
        if any(kernel.ndim != 2 for kernel in bank):
            raise ParameterError("kernels must have shape (height, width), without channels.")
        bank = as_bank(center_pad(bank)) if bank else as_bank([])
        names: list[str] = []
        for index, entry in enumerate(entries):
            plain = isinstance(entry, str) and entry.isidentifier() and entry not in names
            names.append(entry if plain else f"kernel{index}")
        return names, bank

    def _name_maps(self, names: list[str]) -> list[str]:
        """One name a feature map, in the order of `_maps`."""
        channels = [f"_{c}" for c in ("red", "green", "blue")] if self.color else [""]
        maps: list[str] = []
        for name, kernel in zip(names, self.kernels_, strict=True):
            signs = ("+", "-") if self.signed and kernel.min() < 0 else ("+",)
            maps.extend(f"{name}{sign}{channel}" for sign in signs for channel in channels)
        return maps

    def _checked_size(self) -> tuple[int, int]:
        """Height and width."""
        pair = self.image_size
        if not isinstance(pair, (tuple, list)):
            pair = (pair, pair)
        if len(pair) != 2:
            raise ParameterError(
                f"image_size must be one integer or two. Got {short_repr(self.image_size)} instead."
            )
        height, width = (check_whole("image_size", side, 1, 4096) for side in pair)
        return height, width
