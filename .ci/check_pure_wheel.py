"""Check the wheel that a failed compilation leaves: pure, and a whole xent on its reference backend.

    python .ci/check_pure_wheel.py FOLDER

FOLDER holds that wheel and no other. torch comes from the environment of the Python that runs this.
"""

import os
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

# Two classes, logits log 3 and 0, label 0: p = 3/4, so the loss is log 4/3 and its gradient (-1/4, 1/4).
USE = """
import math, sys, torch, xent
assert xent.__file__.startswith(sys.argv[1]), xent.__file__
logits = torch.tensor([[math.log(3.0), 0.0]], dtype=torch.float64, requires_grad=True)
loss = xent.cross_entropy(logits, torch.tensor([0]))
loss.backward()
assert math.isclose(loss.item(), math.log(4 / 3), rel_tol=1e-12), loss
torch.testing.assert_close(logits.grad, torch.tensor([[-0.25, 0.25]], dtype=torch.float64), rtol=1e-12, atol=0.0)
info = xent.info()
assert info.backend == "reference", info
assert "xent._native is not built" in str(info), info
print(info)
"""


def main(folder: str) -> None:
    """Exit with a message if something is wrong."""
    wheels = sorted(Path(folder).glob("*.whl"))
    if len(wheels) != 1 or not wheels[0].name.endswith("-py3-none-any.whl"):
        sys.exit(f"Expected one pure wheel in {folder}, found {[wheel.name for wheel in wheels]}")
    with tempfile.TemporaryDirectory() as unpacked:
        with zipfile.ZipFile(wheels[0]) as archive:
            if compiled := [name for name in archive.namelist() if name.endswith((".so", ".pyd", ".dylib"))]:
                sys.exit(f"{wheels[0].name} is to hold no compiled module, but holds {compiled}")
            archive.extractall(unpacked)
        # -S: site would put the editable install of this environment before the wheel.
        paths = os.pathsep.join((unpacked, sysconfig.get_path("purelib")))
        subprocess.run([sys.executable, "-S", "-c", USE, unpacked], env={**os.environ, "PYTHONPATH": paths}, check=True)


if __name__ == "__main__":
    main(sys.argv[1])
