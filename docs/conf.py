"""How Sphinx builds the site: ``./dev docs``, without network."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE / "extensions")]

import cvclassic  # noqa: E402

project = "cvclassic"
author = "cvclassic contributors"
copyright = author
version = release = cvclassic.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.doctest",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "generated_pages",
    "teaching_page",
]
exclude_patterns = ["_build", "gallery", "extensions", "generated/gallery/**/*.ipynb"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]

# Names are documented where users import them from, not where they are defined.
autosummary_generate = False  # generated_pages writes the page of each name
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

html_theme = "pydata_sphinx_theme"
html_title = "cvclassic"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "navbar_align": "left",
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "navbar_end": ["theme-switcher"],
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
    "header_links_before_dropdown": 8,
}
html_sidebars = {"index": [], "getting-started": [], "teach": []}

sphinx_gallery_conf = {
    "examples_dirs": ["gallery"],
    "gallery_dirs": ["generated/gallery"],
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("cvclassic",),
    "reference_url": {"cvclassic": None},
    "filename_pattern": os.sep + "plot_",
    "within_subsection_order": "FileNameSortKey",
    "subsection_order": "gallery_order.by_subject",
    "reset_modules": ("matplotlib", "gallery_order.reset_figures"),
    "image_scrapers": ("matplotlib",),
    "capture_repr": ("_repr_html_",),
    "remove_config_comments": True,
    "download_all_examples": False,
    "show_memory": False,
    # its pages load scripts from elsewhere
    "write_computation_times": False,
    "min_reported_time": 10,
    "plot_gallery": os.environ.get("CVCLASSIC_GALLERY", "yes") == "yes",
    "only_warn_on_example_error": False,
}
