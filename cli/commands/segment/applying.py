"""What `segment apply` does with one image."""

from __future__ import annotations

import os
from typing import Any


class Applying:
    """Segment an image, write its files, and remember the rows of the table."""

    def __init__(
        self,
        classifier,
        summary,
        names,
        *,
        probabilities: bool,
        objects: bool,
        draw: bool,
        table: str | None,
        pixel_size: float | None,
        boxes: str | None,
    ) -> None:
        from cvclassic._basics.atomic import check_writable

        self._classifier = classifier
        self._labels = list(summary["names"])
        self._values = summary.get("values") or classifier.classes_.tolist()
        self._names = names
        self._probabilities = probabilities
        self._objects = objects or table is not None or boxes is not None
        self._draw = draw
        self._table = table
        self._pixel_size = pixel_size
        self._boxes = _boxes(boxes) if boxes is not None else None
        self._rows: list[dict[str, Any]] = []
        if table is not None:
            check_writable(table)

    def __call__(self, path: str, image) -> dict[str, Any]:
        """Write what was asked for; called from several threads."""
        import numpy as np

        from cvclassic.draw import draw_regions
        from cvclassic.images import write_image
        from cvclassic.images.label_pictures import write_label_picture
        from cvclassic.segment import region_table, split_instances
        from cvclassic.segment.instances import InstanceRule

        classes, steps = self._classifier.segment(image)
        table = np.zeros(int(self._classifier.classes_.max()) + 1, np.uint16)
        table[self._classifier.classes_] = self._values
        values = table[classes]
        shares = [float((classes == c).mean()) for c in self._classifier.classes_]
        record: dict[str, Any] = {
            "mask": self._names.path(path, ".png"),
            "shares": dict(zip(self._labels, (round(s, 6) for s in shares), strict=True)),
        }
        write_label_picture(record["mask"], values)
        if self._probabilities:
            record["probability"] = self._names.path(path, ".probability.png")
            write_image(record["probability"], steps[0] if len(steps) == 1 else steps.max(axis=0))
        regions = None
        if self._objects:
            if self._boxes is not None:
                from cvclassic.segment import masks_in_boxes

                found = self._boxes.get(os.path.basename(path), [])
                regions = masks_in_boxes(image, steps[0], found)
            else:
                regions = split_instances(steps[0], self._classifier.rule_ or InstanceRule())
            record["objects"] = self._names.path(path, ".objects.png")
            record["n_objects"] = int(regions.max(initial=0))
            write_label_picture(record["objects"], regions)
            if self._table is not None:
                record["rows"] = region_table(image, regions, pixel_size=self._pixel_size)
        if self._draw:
            record["drawing"] = self._names.path(path, ".overlay.png")
            if regions is not None:
                drawing = draw_regions(image, regions)
            else:
                numbers = np.searchsorted(self._classifier.classes_, classes)
                drawing = draw_regions(image, numbers, touching=False)
            write_image(record["drawing"], drawing)
        return record

    def line(self, record: dict[str, Any]) -> str:
        """What is said about an image."""
        if record["status"] == "error":
            return ""
        if "n_objects" in record:
            return f"{record['n_objects']} objects -> {record['objects']}"
        shares = record["shares"]
        if len(shares) == 2:
            return f"{list(shares.values())[1]:.1%} {self._labels[1]} -> {record['mask']}"
        most = sorted(shares, key=lambda name: -shares[name])[:3]
        return ", ".join(f"{shares[n]:.1%} {n}" for n in most) + f" -> {record['mask']}"

    def note(self, record: dict[str, Any]) -> None:
        """Take the rows of the table out of a record."""
        for row in record.pop("rows", []):
            self._rows.append({"path": record["path"], **row})

    def finish(self) -> None:
        """Write the table."""
        if self._table is not None:
            from .tables import write_table

            write_table(self._table, self._rows)


def _boxes(path: str) -> dict[str, list]:
    """Boxes by the name of their image."""
    from cvclassic.images.labels import read_labels

    return {
        os.path.basename(image.name): [tuple(o.box) for o in image.objects]
        for image in read_labels(path).images
    }
