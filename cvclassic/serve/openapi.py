"""The OpenAPI document, written by hand; a test compares it with the routes."""

from __future__ import annotations

from typing import Any

from .. import __version__

_BYTES = {"schema": {"type": "string", "format": "binary"}}
_QUERY: list[dict[str, Any]] = [
    {
        "name": "model",
        "in": "query",
        "description": "Name of the model. The first one if left out.",
        "schema": {"type": "string"},
    },
    {
        "name": "top",
        "in": "query",
        "description": "Number of classes or hits to list. 1 class or 10 hits if left out.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 20},
    },
    {
        "name": "mask",
        "in": "query",
        "description": "How masks of segmentation models are sent: a PNG of class numbers as "
        "base64, COCO run lengths per class, or not at all.",
        "schema": {"enum": ["png", "rle", "none"], "default": "png"},
    },
    {
        "name": "explain",
        "in": "query",
        "description": "1 adds the keypoints that are evidence for the label and against it.",
        "schema": {"type": "integer", "enum": [0, 1], "default": 0},
    },
]
_NAME = {
    "name": "name",
    "in": "query",
    "description": "Name of the image if it is the whole body.",
    "schema": {"type": "string"},
}
_IMAGE_TEXT = {"type": "string", "description": "An image file as base64."}
_JSON_IMAGE = {
    "oneOf": [
        _IMAGE_TEXT,
        {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "image": _IMAGE_TEXT,
                "url": {"type": "string", "description": "Only where the server allows it."},
            },
        },
    ]
}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _problems(*codes: int) -> dict[str, Any]:
    why = {
        400: "The body is not understood.",
        401: "A token is missing or wrong.",
        403: "The URL is not allowed.",
        404: "There is no such model.",
        408: "The body arrived too slowly.",
        409: "No model is served yet.",
        413: "The request is too large.",
        422: "A parameter is wrong.",
        429: "Too many requests at a time from one address.",
        503: "Too busy; see Retry-After.",
    }
    content = {"application/problem+json": {"schema": _ref("Problem")}}
    return {str(code): {"description": why[code], "content": content} for code in codes}


def openapi_document() -> dict[str, Any]:
    """OpenAPI 3.1 of all routes but the labeling page's."""
    images = {
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "array", "items": {"type": "string", "format": "binary"}}
                    },
                }
            },
            "application/json": {
                "schema": {"oneOf": [_JSON_IMAGE, {"type": "array", "items": _JSON_IMAGE}]}
            },
            "image/*": _BYTES,
            "application/octet-stream": _BYTES,
        }
    }
    failures = _problems(400, 401, 403, 404, 408, 409, 413, 422, 429, 503)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "cvclassic",
            "version": __version__,
            "description": "Predictions of trained models: one record for each image.",
        },
        "paths": {
            "/predict": {
                "post": {
                    "summary": "Predict one image, or a few",
                    "parameters": [*_QUERY, _NAME],
                    "requestBody": images,
                    "responses": {
                        "200": {
                            "description": "A record, or for a list {records: [...]}. An image "
                            "that cannot be read is a record too, with status error.",
                            "content": {
                                "application/json": {
                                    "schema": {"oneOf": [_ref("Record"), _ref("Records")]}
                                }
                            },
                        },
                        **failures,
                    },
                }
            },
            "/predict/batch": {
                "post": {
                    "summary": "Predict many files, or those of an archive",
                    "parameters": _QUERY,
                    "requestBody": {
                        "content": {
                            **images["content"],
                            "application/zip": _BYTES,
                            "application/x-tar": _BYTES,
                            "application/gzip": _BYTES,
                        }
                    },
                    "responses": {
                        "200": _answer(
                            "One record per line, in order, as they are ready.",
                            "application/x-ndjson",
                            _ref("Record"),
                        ),
                        **failures,
                    },
                }
            },
            "/models": {
                "get": {
                    "summary": "The models and their classes",
                    "responses": {
                        "200": _answer("Names, kinds, classes.", schema={"type": "object"}),
                        **_problems(401, 429),
                    },
                }
            },
            "/health": _probe("The process is alive. Never waits for predictions."),
            "/ready": _probe("Predictions are taken.", _problems(503)),
            "/metrics": {
                "get": {
                    "summary": "Metrics for Prometheus",
                    "responses": {
                        "200": _answer("Text.", "text/plain"),
                        **_problems(401, 429),
                    },
                }
            },
            "/openapi.json": _probe("This document."),
            "/": {
                "get": {
                    "summary": "A page to drop images on",
                    "responses": {"200": _answer("HTML.", "text/html")},
                }
            },
        },
        "components": {"schemas": _SCHEMAS},
    }


def _probe(summary: str, more: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"get": {"summary": summary, "responses": {"200": _answer("Yes."), **(more or {})}}}


def _answer(
    description: str, kind: str = "application/json", schema: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {"description": description, "content": {kind: {"schema": schema or {}}}}


def _several(description: str, kind: str = "object") -> dict[str, Any]:
    return {"type": "array", "description": description, "items": {"type": kind}}


_SCHEMAS: dict[str, Any] = {
    "Record": {
        "type": "object",
        "required": ["path", "status", "code", "message", "model"],
        "properties": {
            "path": {"type": "string", "description": "Name of the image."},
            "status": {"enum": ["ok", "warn", "error"]},
            "code": {
                "type": "string",
                "description": "Error code in one word; empty if nothing is wrong.",
            },
            "message": {"type": "string"},
            "model": {"type": "string"},
            "width": {"type": "integer"},
            "height": {"type": "integer"},
            "label": {},
            "probability": {"type": ["number", "null"]},
            "scores": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"label": {}, "probability": {"type": "number"}},
                },
            },
            "detections": _several(
                "Of object detectors and the face detector: boxes in pixels.", "object"
            ),
            "faces": _several(
                "Of face galleries: name, distance, box and ranking per face.", "object"
            ),
            "hits": _several("Of image indexes: path, score and matches, best first."),
            "classes": _several(
                "Of segmentation models: names by the numbers in the mask.", "string"
            ),
            "areas": {"type": "object", "description": "Pixels per class."},
            "mask": {"type": "string", "description": "PNG of class numbers, 8 bits, as base64."},
            "masks": {"type": "object", "description": "COCO run lengths per class."},
            "objects": _several(
                "Of models that tell objects apart: number, area and box.", "object"
            ),
            "object_mask": {
                "type": "string",
                "description": "PNG of object numbers, 16 bits, as base64.",
            },
            "explanation": {"type": "object"},
        },
    },
    "Records": {
        "type": "object",
        "properties": {"records": {"type": "array", "items": _ref("Record")}},
    },
    "Problem": {
        "type": "object",
        "description": "RFC 9457",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "request_id": {"type": "string"},
        },
    },
}
