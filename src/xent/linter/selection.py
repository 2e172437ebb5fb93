"""Which rules are asked, by code or the beginning of one, as in ruff."""

from collections.abc import Iterable

from xent.linter import rules as _rules  # noqa: F401  (registers them)
from xent.linter.rule import RULES, Rule


def choose(select: Iterable[str] = (), ignore: Iterable[str] = (), *, over_time: bool = False) -> tuple[Rule, ...]:
    """The rules in the order of their codes.

    Args:
        select: Codes or their beginnings, such as "XE1"; all rules if there is none.
        ignore: Codes or their beginnings that are left out.
        over_time: Whether to give the rules that a watch asks of a training, in place of those that look at a call.

    Raises:
        ValueError: No rule has a code with this beginning.
    """
    selected, ignored = _known("select", select), _known("ignore", ignore)
    return tuple(
        rule
        for code, rule in sorted(RULES.items())
        if rule.over_time is over_time
        and (not selected or code.startswith(selected))
        and not (ignored and code.startswith(ignored))
    )


def _known(name: str, prefixes: Iterable[str]) -> tuple[str, ...]:
    prefixes = (prefixes,) if isinstance(prefixes, str) else tuple(prefixes)
    for prefix in prefixes:
        if not prefix or not any(code.startswith(prefix) for code in RULES):
            raise ValueError(
                f"`{name}`: no rule has a code that begins with {prefix!r}. Codes: {', '.join(sorted(RULES))}."
            )
    return prefixes
