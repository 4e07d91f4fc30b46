"""Networks with published weights, ready under a name: from an installed package to an ONNX file.

Nothing is downloaded, and nothing of the package is imported or run: its weights are read as data.
"""
