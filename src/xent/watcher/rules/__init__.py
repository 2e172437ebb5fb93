"""Rules over time: mistakes that no single call shows. A file each, as in xent.linter.rules; their codes begin XE6."""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
