"""A page put together: a template with its plots, its style and its script, in one file."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from bokeh.plotting import figure
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from xent.report.page.embed import bokeh_script, content_security_policy, json_for_script, plots_json

SHARED = "template"


def document(job: str, plots: Mapping[str, figure], content: Mapping[str, Any], **context: Any) -> str:
    """The page of a job as text. Whatever texts the context holds are shown and never run.

    Args:
        job: Whose page it is: its folder here, with page.html, page.js and style.css in ``template``.
        plots: The figures by the id of the element that each goes into.
        content: What the job's script works with.
        context: What the template shows.
    """
    folders = (SHARED, f"{job}/{SHARED}")
    script = Markup("\n".join(_read(f"{folder}/page.js") for folder in folders))
    bokeh = bokeh_script()
    return (
        _environment()
        .get_template(f"{job}/{SHARED}/page.html")
        .render(
            policy=content_security_policy(bokeh, script),
            style=Markup("\n".join(_read(f"{folder}/style.css") for folder in folders)),
            bokeh=bokeh,
            script=script,
            content=json_for_script({**content, "plots": plots_json(plots)}),
            **context,
        )
    )


def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(_read), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
