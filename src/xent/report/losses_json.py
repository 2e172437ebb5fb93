"""The catalogue as JSON, for other programs."""

import inspect
import json
from collections.abc import Sequence
from typing import Any

from xent.catalog import Row, Trait


def rows_json(rows: Sequence[Row]) -> str:
    """A list with one object a loss."""
    return json.dumps([_row(row) for row in rows], indent=2, ensure_ascii=False, default=repr) + "\n"


def _row(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "title": row.title,
        "link": row.link,
        "formula": row.formula,
        "takes_counts": row.takes_counts,
        "function": f"xent.{row.function.__name__}",
        "module": f"xent.{row.module.__name__}",
        "code": row.code(),
        "parameters": [_parameter(row, name) for name in row.parameters],
        "traits": {trait.name.lower(): trait.value for trait in Trait if trait in row.traits},
        "hand": [
            {
                "logits": hand.logits,
                "target": hand.target,
                "arguments": dict(hand.arguments),
                "expected": hand.expected,
                "computed": row.computed(hand),
                "arithmetic": hand.arithmetic,
            }
            for hand in row.hand
        ],
        "note": row.note,
        "source": row.source,
        "link_to_source": row.link_to_source,
    }


def _parameter(row: Row, name: str) -> dict[str, Any]:
    default, domain = row.default(name), row.parameters[name]
    required = default is inspect.Parameter.empty
    return {
        "name": name,
        "required": required,
        **({} if required else {"default": default}),
        **({"here": row.arguments[name]} if name in row.arguments else {}),
        "values": domain.values,
        "meaning": domain.meaning,
    }
