"""The command ``xent``. This file imports nothing that an installation without extras lacks."""

import sys

# Import name -> name to install, of what the extra "compare" brings.
EXTRA = {
    "matplotlib": "matplotlib",
    "rich": "rich",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "typer": "typer",
}


def main() -> None:
    """Run the command; exit status 0 if all went well, 2 for bad input, 130 if interrupted."""
    try:
        from xent.cli.app import app

        app()
    except ModuleNotFoundError as missing:
        package = EXTRA.get((missing.name or "").partition(".")[0])
        if package is None:
            raise
        print(f'xent compare needs {package}: pip install "xent[compare]"', file=sys.stderr)
        sys.exit(2)
