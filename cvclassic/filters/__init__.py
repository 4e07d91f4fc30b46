"""Kernels, convolution, pooling and feature maps; *where* something is, is the job of `detect`.

The arrays that come out are planes of the same kind as the picture, or one vector per picture.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "convolution": ["convolve", "output_size"],
        "features": ["KernelFeatures"],
        "kernel_text": ["parse_kernel"],
        "kernels": ["gabor_bank", "get_kernel", "kernel_names", "kernel_parameters"],
        "pooling": ["pool"],
    },
)
