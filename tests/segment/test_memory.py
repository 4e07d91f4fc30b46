"""An image of 100 megapixels is segmented tile by tile: memory is bounded."""

import json
import subprocess
import sys

import pytest

_SCRIPT = """
import json, resource, sys
import numpy as np
from cvclassic.segment import PixelClassifier

rng = np.random.default_rng(0)
mask = np.kron(rng.integers(0, 2, (10, 10)), np.ones((50, 50), int))
image = np.clip(80 + 60 * mask[..., None] + rng.normal(0, 20, (500, 500, 3)), 0, 255)
image = image.astype(np.uint8)
model = PixelClassifier(n_trees=4, depth=3, context=True, max_pixels=4000, random_state=0)
model.fit([image], [mask])
n = int(sys.argv[1])
classes, steps = model.segment(np.tile(image, (n, n, 1)))
right = float((classes[-500:, -500:] == mask).mean())
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
peak *= 1 if sys.platform == "darwin" else 1024
print(json.dumps([classes.shape, steps.shape, right, peak]))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no getrusage")
def test_100_megapixels_in_color_fit_1500_megabytes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, "20"], capture_output=True, text=True, timeout=1800
    )
    assert done.returncode == 0, done.stderr
    shape, planes, right, peak = json.loads(done.stdout)
    assert shape == [10_000, 10_000]
    assert planes == [1, 10_000, 10_000]
    assert right > 0.9
    assert peak < 1.5e9
