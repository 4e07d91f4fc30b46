__all__ = [
    "convolve",
    "gabor_bank",
    "get_kernel",
    "kernel_names",
    "output_size",
    "pool",
]

from .convolution import (
    FILLS as FILLS,
)
from .convolution import (
    as_bank as as_bank,
)
from .convolution import (
    center_pad as center_pad,
)
from .convolution import (
    convolve as convolve,
)
from .convolution import (
    output_size as output_size,
)
from .kernel_text import (
    parse_kernel as parse_kernel,
)
from .kernels import (
    gabor_bank as gabor_bank,
)
from .kernels import (
    get_kernel as get_kernel,
)
from .kernels import (
    kernel_names as kernel_names,
)
from .kernels import (
    kernel_parameters as kernel_parameters,
)
from .pooling import (
    pool as pool,
)
