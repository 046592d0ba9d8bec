"""Documents to text, in a child process that may be killed.

markitdown's own front door loads `magika`, a neural network that guesses what a file is, with onnxruntime, numpy and sympy
behind it: 170 MB of packages, and 45 MiB in every child. We tell a file's kind by its bytes (`formats`) and call markitdown's
converters one by one, so an empty module stands in magika's place, and the image goes without it (infra/docker/overrides.txt).
"""

import sys
from types import ModuleType

sys.modules.setdefault("magika", ModuleType("magika"))
