"""The rules, one file each; a new file here is a new rule.

The hundred of a code is its subject: 1 the input, 2 the target, 3 weights, 4 settings of the loss, 5 numbers,
6 training, 7 predictions.
"""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
