__all__ = [
    "CHANGES",
    "Dataset",
    "Detections",
    "FrameSelection",
    "LabeledImages",
    "LabeledTable",
    "augment_image",
    "decode_image",
    "load_dataset",
    "load_folder",
    "load_keywords",
    "load_manifest",
    "load_table",
    "parse_changes",
    "read_frames",
    "read_image",
    "write_image",
]

from .archives.members import (
    MemberReader as MemberReader,
)
from .archives.walking import (
    ArchiveMember as ArchiveMember,
)
from .archives.walking import (
    archive_kind as archive_kind,
)
from .archives.walking import (
    walk_archive as walk_archive,
)
from .arrays import (
    LabeledArrays as LabeledArrays,
)
from .arrays import (
    NamedItem as NamedItem,
)
from .arrays import (
    is_array_file as is_array_file,
)
from .arrays import (
    load_arrays as load_arrays,
)
from .arrays import (
    read_array as read_array,
)
from .augment import (
    CHANGES as CHANGES,
)
from .augment import (
    AugmentedImage as AugmentedImage,
)
from .augment import (
    AugmentedImages as AugmentedImages,
)
from .augment import (
    augment_image as augment_image,
)
from .augment import (
    parse_changes as parse_changes,
)
from .cached_image import (
    Picture as Picture,
)
from .cached_image import (
    Spool as Spool,
)
from .cached_image import (
    load_pixels as load_pixels,
)
from .cached_image import (
    spool_pictures as spool_pictures,
)
from .checks import to_gray as to_gray
from .detections import (
    Detections as Detections,
)
from .files import (
    read_file as read_file,
)
from .folders import (
    find_splits as find_splits,
)
from .folders import (
    load_dataset as load_dataset,
)
from .folders import (
    load_folder as load_folder,
)
from .formats.decoder_warnings import (
    watch_decoders as watch_decoders,
)
from .formats.headers import (
    identify as identify,
)
from .formats.headers import (
    read_header as read_header,
)
from .formats.image_header import (
    ImageHeader as ImageHeader,
)
from .frames import FrameSelection as FrameSelection
from .frames import VideoFrame as VideoFrame
from .frames import VideoLimits as VideoLimits
from .frames import is_video as is_video
from .frames import read_frames as read_frames
from .frames import split_fragment as split_fragment
from .keywords import (
    load_keywords as load_keywords,
)
from .labeled import (
    DataNote as DataNote,
)
from .labeled import (
    Dataset as Dataset,
)
from .labeled import (
    LabeledImages as LabeledImages,
)
from .labeled import (
    clean_label as clean_label,
)
from .labeled import (
    differ_in_case as differ_in_case,
)
from .labeled import (
    split_kind as split_kind,
)
from .labeled_source import (
    LabeledData as LabeledData,
)
from .labeled_source import (
    load_labeled as load_labeled,
)
from .manifests import (
    load_manifest as load_manifest,
)
from .reading import (
    DecodedImage as DecodedImage,
)
from .reading import (
    ImageWarning as ImageWarning,
)
from .reading import (
    decode_image as decode_image,
)
from .reading import (
    read_image as read_image,
)
from .remote import (
    check_url as check_url,
)
from .remote import (
    is_url as is_url,
)
from .resizing import (
    reduced_size as reduced_size,
)
from .resizing import (
    resize_to as resize_to,
)
from .sources import (
    find_inputs as find_inputs,
)
from .sources import (
    read_list as read_list,
)
from .sources import (
    walk_manifest as walk_manifest,
)
from .streaming import (
    check_images as check_images,
)
from .streaming import (
    in_threads as in_threads,
)
from .streaming import (
    map_blocks as map_blocks,
)
from .streaming import (
    single_threaded as single_threaded,
)
from .streaming import (
    thread_map as thread_map,
)
from .streaming import (
    worker_processes as worker_processes,
)
from .tables import (
    LabeledTable as LabeledTable,
)
from .tables import (
    load_table as load_table,
)
from .tables import (
    read_table as read_table,
)
from .walking import (
    Fault as Fault,
)
from .walking import (
    FoundFile as FoundFile,
)
from .walking import (
    walk_images as walk_images,
)
from .writing import (
    encode_image as encode_image,
)
from .writing import (
    write_image as write_image,
)
