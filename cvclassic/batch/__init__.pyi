__all__ = [
    "Answer",
    "Column",
    "ImageTask",
    "Record",
    "Run",
    "Sources",
    "Task",
    "Work",
    "open_journal",
    "resume",
    "run",
]

from .classifying import ClassifyTask as ClassifyTask
from .classifying import classify_files as classify_files
from .classifying import predict_numbers as predict_numbers
from .classifying import predict_proba as predict_proba
from .columns import Column as Column
from .columns import detection_columns as detection_columns
from .columns import label_columns as label_columns
from .engines.processes import map_in_processes as map_in_processes
from .engines.processes import prepare_workers as prepare_workers
from .expanding import expand_inputs as expand_inputs
from .filenames import FreeNames as FreeNames
from .journal import Journal as Journal
from .journal import journal_path as journal_path
from .journal import open_journal as open_journal
from .labeled import predict_labeled as predict_labeled
from .mapping import ENGINES as ENGINES
from .mapping import Work as Work
from .mapping import map_inputs as map_inputs
from .outputs.sorting import Sorter as Sorter
from .outputs.sorting import safe_name as safe_name
from .outputs.writers import FORMATS as FORMATS
from .outputs.writers import append_writer as append_writer
from .outputs.writers import check_output as check_output
from .outputs.writers import format_of as format_of
from .outputs.writers import open_writer as open_writer
from .reading import read_all as read_all
from .records import UNCLASSIFIABLE as UNCLASSIFIABLE
from .records import Record as Record
from .resuming import file_digest as file_digest
from .resuming import fingerprint as fingerprint
from .resuming import resume as resume
from .runner import Run as Run
from .runner import run as run
from .sources import Sources as Sources
from .tasks import Answer as Answer
from .tasks import ImageTask as ImageTask
from .tasks import InputImage as InputImage
from .tasks import Task as Task
from .watching import Arrivals as Arrivals
from .watching import watch as watch
