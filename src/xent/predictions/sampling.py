"""Looking at rows from all over the files before they are read in order."""

from collections.abc import Iterator, Sequence

from torch import Tensor

from xent.predictions.guess import Kind
from xent.predictions.kind import Evidence, spread_rows
from xent.predictions.piece import Piece

# Rows that are looked at together, in how many places of all files together, and how many scores that may be; in
# every file at least some places are looked at.
ROWS = 16
PLACES = 256
SCORES = 2**22
PLACES_OF_A_FILE = 4

# Scores of a batch of a file that has to be read through, at most.
SCORES_READ = 2**21


def kind_by_values(pieces: Sequence[Piece], multi_label: bool) -> Kind:
    """What the scores are, by a sample from all of them.

    Raises:
        InputError: They could be of more than one kind.
    """
    evidence = Evidence(multi_label)
    for piece in pieces:
        for scores in _sample(piece, SCORES // (len(pieces) * piece.labels.classes), PLACES // len(pieces)):
            evidence.add(scores)
    return evidence.verdict(pieces[0].scores.keys[0])


def itemsize_of(piece: Piece) -> int:
    """Bytes of a score, by the first row; 4 if there is none."""
    first = next(piece.read_scores(0, 1, 1), None)
    return 4 if first is None else first.element_size()


def _sample(piece: Piece, most: int, places: int) -> Iterator[Tensor]:
    """About ``most`` rows, from ``places`` places if the file need not be read through."""
    total = piece.rows
    if piece.source.seekable and total is not None:
        places = max(PLACES_OF_A_FILE, min(places, most))
        rows = max(1, min(ROWS, most // places, total))
        starts = sorted({(total - rows) * place // (places - 1) for place in range(places)})
        for start in starts:
            yield from piece.read_scores(start, start + rows, rows)
        return
    for scores in piece.read_scores(0, None, max(1, SCORES_READ // piece.labels.classes)):
        yield spread_rows(scores, 4 * ROWS)
