"""Parsed sources, for tests that read the code: each text is parsed once in a process."""

from __future__ import annotations

import ast
import functools


@functools.cache
def parsed(source: str) -> ast.Module:
    """The syntax tree of a source text. Do not change it."""
    return ast.parse(source)


@functools.cache
def nodes_of(source: str) -> tuple[ast.AST, ...]:
    """All nodes of its syntax tree, as `ast.walk` orders them."""
    return tuple(ast.walk(parsed(source)))
