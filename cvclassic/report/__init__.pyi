__all__ = [
    "EvaluationReport",
    "write_audit_page",
    "write_compare_page",
    "write_evaluation_page",
]

from .audit_page import (
    write_audit_page as write_audit_page,
)
from .evaluation_page import (
    EvaluationReport as EvaluationReport,
)
from .evaluation_page import (
    ExplainedMistake as ExplainedMistake,
)
from .evaluation_page import (
    write_evaluation_page as write_evaluation_page,
)
from .models_page import (
    write_compare_page as write_compare_page,
)
from .moments_page import (
    Clip as Clip,
)
from .moments_page import (
    Moment as Moment,
)
from .moments_page import (
    write_moments_page as write_moments_page,
)
from .page import (
    check_page_path as check_page_path,
)
from .page import (
    render_page as render_page,
)
from .page import (
    write_page as write_page,
)
from .search_page import (
    write_search_page as write_search_page,
)
from .segmentation_page import (
    SegmentedImage as SegmentedImage,
)
from .segmentation_page import (
    segmented_image as segmented_image,
)
from .segmentation_page import (
    write_segmentation_page as write_segmentation_page,
)
from .topics_page import (
    write_topics_page as write_topics_page,
)
from .training_page import (
    TrainingReport as TrainingReport,
)
from .training_page import (
    write_training_page as write_training_page,
)
from .words_page import (
    words_page as words_page,
)
