"""Some plots of a page, under a title with the sentence that says how to read them."""

from dataclasses import dataclass

from bokeh.plotting import figure


@dataclass(frozen=True)
class Section:
    """Some plots.

    Attributes:
        name: Names the section's elements on the page.
        title: Its heading.
        reading: How to read the plots.
        plots: The figures.
        columns: How many of them stand beside one another.
        choices: What the page calls an axis, and the measure that it shows at first, if measures can be chosen.
    """

    name: str
    title: str
    reading: str
    plots: tuple[figure, ...]
    columns: int = 1
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def elements(self) -> dict[str, figure]:
        """The figures by the id of the element that each goes into."""
        return {f"{self.name}-{index}": plot for index, plot in enumerate(self.plots)}
