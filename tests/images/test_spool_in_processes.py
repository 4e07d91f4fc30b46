import pickle
import subprocess
import sys

import numpy as np
import pytest

from cvclassic.classify import make_recipe
from cvclassic.images import spool_pictures, worker_processes, write_image


@pytest.fixture
def paths(tmp_path, rng):
    names = [tmp_path / f"{i}.png" for i in range(4)]
    for name in names:
        write_image(name, rng.integers(0, 255, (60, 80), np.uint8))
    return names


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux names the files of a process")
def test_another_process_reads_the_spool(paths, tmp_path):
    """It has the pixels although the file is gone; where the spool is gone, it decodes."""
    picture = spool_pictures(paths)[0]
    pixels = picture.read(100)
    (tmp_path / "pickle").write_bytes(pickle.dumps(picture))
    content = paths[0].read_bytes()
    paths[0].unlink()
    code = (
        "import pickle, sys, numpy as np;"
        "p = pickle.load(open(sys.argv[1], 'rb')); np.save(sys.argv[2], p.read(100))"
    )
    command = [sys.executable, "-c", code, tmp_path / "pickle", tmp_path / "found.npy"]
    subprocess.run(command, check=True)
    np.testing.assert_array_equal(np.load(tmp_path / "found.npy"), pixels)
    paths[0].write_bytes(content)
    del picture
    (tmp_path / "found.npy").unlink()
    subprocess.run(command, check=True)
    np.testing.assert_array_equal(np.load(tmp_path / "found.npy"), pixels)


def test_whole_pictures_serve_every_size_they_fit(paths, monkeypatch):
    picture = spool_pictures(paths)[0]
    pixels = picture.read(100)
    monkeypatch.setattr("cvclassic.images.cached_image.read_image", None)  # no second decoding
    np.testing.assert_array_equal(picture.read(80), pixels)
    np.testing.assert_array_equal(picture.read(None), pixels)


@pytest.mark.slow
def test_processes_give_the_same_vectors(paths, monkeypatch):
    monkeypatch.setattr("cvclassic.images.streaming._MANY", 2)
    recipe = make_recipe("sift-bow", n_words=3, n_jobs=2, random_state=0)[0]
    threads = recipe.fit(paths).transform(paths)
    with worker_processes(paths, 2):
        processes = recipe.fit(paths).transform(spool_pictures(paths))
    np.testing.assert_array_equal(processes, threads)
