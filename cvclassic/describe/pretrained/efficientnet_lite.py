"""EfficientNet-Lite0 as an ONNX graph: the layers before the scores of ImageNet's classes."""

from __future__ import annotations

import numpy as np

# kernel, stride, expansion, channels in and out of each block
_STAGES = (
    # repeats, kernel, stride, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_SIDE = 224
_EPSILON = 1e-3  # of batch normalization
_OPSET, _IR = 13, 8  # fixed, so that the file has the same bytes whatever wrote it


class _Graph:
    """Nodes and weights of a chain of convolutions."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        from onnx import helper, numpy_helper

        self._helper, self._to_tensor = helper, numpy_helper.from_array
        self._weights = weights
        self.nodes: list = []
        self.tensors: list = []

    def node(self, kind: str, inputs: list[str], **attributes) -> str:
        """Append a node and name its output."""
        name = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(self._helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def constant(self, name: str, array: np.ndarray | np.float32) -> str:
        """Keep an array in the file and give its name."""
        self.tensors.append(self._to_tensor(np.ascontiguousarray(array), name))
        return name

    def convolve(self, x: str, name: str, norm: str, stride: int = 1, relu: bool = True) -> str:
        """Convolution with its batch normalization folded in, ReLU6."""
        kernel = self._weights[f"{name}.weight"]
        scale, bias, mean, variance = (
            self._weights[f"{norm}.{key}"]
            for key in ("weight", "bias", "running_mean", "running_var")
        )
        factor = scale / np.sqrt(variance + np.float32(_EPSILON))
        weight = self.constant(f"{name}.weight", kernel * factor[:, None, None, None])
        shift = self.constant(f"{name}.bias", bias - mean * factor)
        groups = len(kernel) if kernel.shape[1] == 1 and kernel.shape[2] > 1 else 1
        out = self.node(
            "Conv",
            [x, weight, shift],
            auto_pad="SAME_UPPER",
            group=groups,
            kernel_shape=list(kernel.shape[2:]),
            strides=[stride, stride],
        )
        return self.node("Clip", [out, "zero", "six"]) if relu else out


def efficientnet_lite0(weights: dict[str, np.ndarray]) -> bytes:
    """Build the network from one image to its 1,280 features, averaged over the image.

    Parameters
    ----------
    weights : dict of str to ndarray
        By the names that the PyTorch port gave them.

    Returns
    -------
    bytes
        An ONNX file with one input of shape (1, 3, 224, 224) and one output of shape (1, 1280).

    Raises
    ------
    MissingDependencyError
        onnx is not installed.
    KeyError
        A weight is missing.

    References
    ----------
    Tan & Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML
    2019, table 1. The Lite family has no squeeze-and-excitation, ReLU6 for swish, and a stem and
    a head of fixed width.
    """
    from onnx import TensorProto, helper

    graph = _Graph(weights)
    graph.constant("zero", np.float32(0))
    graph.constant("six", np.float32(6))
    x = graph.convolve("image", "_conv_stem", "_bn0", stride=2)
    block, channels = 0, 32
    for repeats, _, stride, expansion, out in _STAGES:
        for repeat in range(repeats):
            before, name = x, f"_blocks.{block}"
            if expansion > 1:
                x = graph.convolve(x, f"{name}._expand_conv", f"{name}._bn0")
            step = stride if repeat == 0 else 1
            x = graph.convolve(x, f"{name}._depthwise_conv", f"{name}._bn1", stride=step)
            x = graph.convolve(x, f"{name}._project_conv", f"{name}._bn2", relu=False)
            if step == 1 and channels == out:
                x = graph.node("Add", [x, before])
            block, channels = block + 1, out
    x = graph.convolve(x, "_conv_head", "_bn1")
    x = graph.node("GlobalAveragePool", [x])
    x = graph.node("Flatten", [x], axis=1)
    made = helper.make_graph(
        graph.nodes,
        "efficientnet-lite0",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, _SIDE, _SIDE])],
        [helper.make_tensor_value_info(x, TensorProto.FLOAT, [1, 1280])],
        graph.tensors,
    )
    model = helper.make_model(
        made, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR, producer_name=""
    )
    return model.SerializeToString(deterministic=True)
