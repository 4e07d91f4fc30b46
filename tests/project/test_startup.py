"""Starting is quick, because nothing is imported that is not used."""

import subprocess
import sys
import time

import pytest

HEAVY = ["cv2", "joblib", "matplotlib", "numpy", "rich", "scipy", "skimage", "sklearn"]


def seconds(*args: str) -> float:
    """Wall time of one fresh interpreter."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *args], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def test_time_to_start() -> None:
    """The smallest of interleaved runs, as other work on the machine only ever adds.

    A machine on which Python alone takes longer than 30 ms is slow or busy: it gets more time.
    """
    pytest.importorskip("cvclassic_cli", reason="cvclassic is not installed (./dev setup)")
    bare, library, command = [], [], []
    for _ in range(7):
        bare.append(seconds("-c", "pass"))
        library.append(seconds("-c", "import cvclassic"))
        command.append(seconds("-m", "cvclassic_cli", "--help"))
    slower = max(1.0, min(bare) / 0.03)
    assert min(library) - min(bare) < 0.05 * slower
    assert min(command) < 0.25 * slower


@pytest.mark.parametrize(
    "code",
    [
        "import cvclassic",
        "from cvclassic_cli.main import main; main(['--help'], standalone_mode=False)",
        "from cvclassic_cli.main import main; main(['recipes'], standalone_mode=False)",
        "from cvclassic_cli.main import main; main(['train', '--help'], standalone_mode=False)",
        "from cvclassic_cli.main import main; main(['config', 'train'], standalone_mode=False)",
    ],
)
def test_nothing_heavy_is_imported(code: str) -> None:
    if "cvclassic_cli" in code:
        pytest.importorskip("cvclassic_cli", reason="cvclassic is not installed (./dev setup)")
    code += f"\nimport sys\nprint('heavy:', [name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "heavy: []"


def test_info_reads_only_the_header(toy_model_file) -> None:
    code = f"""
from cvclassic_cli.main import main
main(['info', {str(toy_model_file)!r}], standalone_mode=False)
import sys
print('heavy:', [name for name in {HEAVY} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "heavy: []"
