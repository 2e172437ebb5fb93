"""The command ``xent``. This file imports nothing that an installation without extras lacks."""

import sys

# Import name -> name to install, of what the extras bring.
PACKAGES = {
    "bokeh": "bokeh",
    "jinja2": "jinja2",
    "matplotlib": "matplotlib",
    "pyarrow": "pyarrow",
    "rich": "rich",
    "safetensors": "safetensors",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "typer": "typer",
}

# Commands that have an extra of their own name; the first brings what every other needs.
EXTRAS = ("compare", "audit", "bench", "lint", "losses")


def main() -> None:
    """Run the command; exit status 0 if all went well, 2 for bad input, 130 if interrupted."""
    try:
        from xent.cli.app import app

        app()
    except ModuleNotFoundError as missing:
        package = PACKAGES.get((missing.name or "").partition(".")[0])
        if package is None:
            raise
        command = sys.argv[1] if sys.argv[1:] and sys.argv[1] in EXTRAS else EXTRAS[0]
        print(f'xent {command} needs {package}: pip install "xent[{command}]"', file=sys.stderr)
        sys.exit(2)
