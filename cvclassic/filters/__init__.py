"""Kernels, convolution, pooling and feature maps: planes in, planes out.

Where something is, is found in `detect`; vectors are made in `describe` (`KernelFeatures`).
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "convolution": ["FILLS", "as_bank", "center_pad", "convolve", "output_size"],
        "kernel_text": ["parse_kernel"],
        "kernels": ["gabor_bank", "get_kernel", "kernel_names", "kernel_parameters"],
        "pooling": ["pool"],
    },
)
