"""The runner for many inputs: one record each.

A task says what is done with an image; a run does it to all inputs, in order, in threads,
processes or on a Dask cluster, keeps a journal so that it goes on where it was interrupted, and
writes the records as CSV, JSON lines, JSON, Parquet or SQLite.

>>> from cvclassic.batch import Answer, Column, ImageTask, Run, Sources, Work
>>> class Brightness(ImageTask):
...     columns = (Column("mean", "number"),)
...     max_side = 640
...     def process(self, image):  # InputImage: path, pixels, size, factor
...         return Answer(values={"mean": float(image.pixels.mean())})
>>> run = Run(Sources(("missing.jpg",)), Brightness(), work=Work("threads", n_jobs=1))
>>> for record in run:
...     print(record.path, record.status, record.code)
missing.jpg error not_found
>>> run.exit_code.name
'FAILURES'

- `ImageTask` looks at one image at a time and gives an `Answer`: label and scores, `Detections`,
  values by column, images to write. `Task` is given a list of inputs and gives `Record` objects.
- `Run(sources, task, output="o.csv", folder="drawn/", work=Work("processes"))` has the journal, the
  outputs, the images with free names, the watching; `run` is the same as a function.
- `Work` says how: engine, jobs, time and memory limits. `map_inputs` does it without a journal.
- A command takes the same options with ``source_options`` and ``run_options`` of
  ``cli/shared/running.py`` and calls ``run_task``.

Models are trained elsewhere.
"""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
