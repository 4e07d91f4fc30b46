"""Measurements: one file a question, results as JSON; nothing the library imports.

``python -m benchmarks`` lists them. Needs the repository, and for most the research data.
"""
