"""Bokeh's figures as JSON, its script, and how both get into a page that runs no other script."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from bokeh.document import Document
from bokeh.embed.util import standalone_docs_json_and_render_items
from bokeh.plotting import figure
from bokeh.resources import Resources
from markupsafe import Markup


def plots_json(plots: Mapping[str, figure]) -> dict[str, Any]:
    """What Bokeh draws: its documents, and which figure goes into which element, by the element's id."""
    document = Document()
    # Frozen, the document looks for the models in its plots once, and not at every plot.
    with document.models.freeze():
        for plot in plots.values():
            document.add_root(plot)
    documents, items = standalone_docs_json_and_render_items(list(plots.values()))
    item = items[0].to_json()
    item["roots"] = {plot.id: element for element, plot in plots.items()}
    return {"documents": documents, "items": [item]}


def bokeh_script() -> Markup:
    """Bokeh's own code for plots, without its widgets, tables and mathematics."""
    return Markup("\n".join(Resources(mode="inline", components=["bokeh"], log_level="warn").js_raw))


def json_for_script(content: Any) -> Markup:
    """JSON that cannot end the script element that it stands in, whatever the texts in it hold."""
    return Markup(json.dumps(content, allow_nan=False, ensure_ascii=False).replace("<", "\\u003c"))


def content_security_policy(*scripts: str) -> str:
    """Run these scripts and no other, load nothing from anywhere."""
    digests = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {digests}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
