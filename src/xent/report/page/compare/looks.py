"""How each loss looks: the same colour, dashes and marker in every plot, told apart with any colour vision."""

from dataclasses import dataclass
from itertools import product

from xent.compare import Results
from xent.report.colours import COLOURS, GREY

# More losses than colours: the next round of colours has other dashes and another marker.
ROUNDS = (("solid", "circle"), ("dashed", "square"), ("dotted", "triangle"), ("dotdash", "diamond"))

# So many losses can be seen in one plot; of more, the baseline and the best are shown at first.
MOST_SHOWN = 8
BEST_SHOWN = 5


@dataclass(frozen=True)
class Look:
    """What a loss is drawn with.

    Attributes:
        loss: Its name.
        colour: As #rrggbb.
        dash: Bokeh's name of the line's dashes.
        marker: Bokeh's name of the marker.
        shown: Whether it is shown when the page opens; the others are drawn faintly.
    """

    loss: str
    colour: str
    dash: str
    marker: str
    shown: bool


def looks_of(results: Results) -> tuple[Look, ...]:
    """The look of every loss, in the order of the results. Those shown at first get the first colours."""
    shown = results.losses if len(results.losses) <= MOST_SHOWN else baseline_and_best(results)
    others = sorted((loss for loss in results.losses if loss != results.baseline), key=lambda loss: loss not in shown)
    styles = [(colour, dash, marker) for (dash, marker), colour in product(ROUNDS, COLOURS)]
    of_loss = {loss: styles[index % len(styles)] for index, loss in enumerate(others)}
    of_loss[results.baseline] = (GREY, *ROUNDS[0])
    return tuple(Look(loss, *of_loss[loss], shown=loss in shown) for loss in results.losses)


def baseline_and_best(results: Results) -> frozenset[str]:
    """The plain loss and those that are best on the main measure."""
    others = [loss for loss in results.losses if loss != results.baseline]
    ranked = sorted(others, key=lambda loss: results.spread(loss, results.main.key).mean, reverse=True)
    return frozenset((results.baseline, *ranked[:BEST_SHOWN]))
