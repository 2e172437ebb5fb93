"""How the linter's rules are spoken of."""

from xent.linter import Rule

# By the hundred of a code.
SUBJECTS = {
    "1": "The input of the loss",
    "2": "The target",
    "3": "Weights",
    "4": "Settings of the loss",
    "5": "Numbers",
    "6": "Training",
    "7": "Predictions",
}

LOSSES = {"other": "losses of your own", "predictions": "saved predictions"}


def subject_of(rule: Rule) -> str:
    """The hundred of its code."""
    return rule.code[2]


def losses_of(rule: Rule) -> str:
    """Where the mistake may be made."""
    return ", ".join(LOSSES.get(loss, loss) for loss in sorted(rule.losses))
