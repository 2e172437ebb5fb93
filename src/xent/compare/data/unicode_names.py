"""The names of Unicode's characters, in Python's standard library: a natural long tail.

From a name such as "LATIN SMALL LETTER A" to its general category, such as Ll, a letter in lower case. In Unicode 14
(Python 3.11) 25,418 rows in 24 classes, 9250 of the largest and 10 of the smallest.
"""

import re
import unicodedata

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer

from xent.compare.data.dataset import Dataset

# What is numbered or listed by syllables has a name that says its category without being understood.
LISTED = re.compile(r"\d|SYLLABLE|^CJK")
# Fewer rows of a class could not be divided into training and test.
LEAST_ROWS = 10
FEATURES = 512


def unicode_names() -> Dataset:
    """Hashed words of the names, counted, (N, 512); labels are general categories."""
    characters = map(chr, range(0x110000))
    rows = [(unicodedata.name(c, ""), unicodedata.category(c)) for c in characters]
    rows = [(name, category) for name, category in rows if name and not LISTED.search(name)]
    categories, counts = np.unique([category for _, category in rows], return_counts=True)
    kept = {str(category): k for k, category in enumerate(categories[counts >= LEAST_ROWS])}
    rows = [(name, category) for name, category in rows if category in kept]
    words = HashingVectorizer(
        n_features=FEATURES, norm=None, alternate_sign=False, lowercase=False, token_pattern="[A-Z]+"
    )
    return Dataset(
        name="unicode",
        features=words.transform(name for name, _ in rows).toarray().astype(np.float32),
        target=np.array([kept[category] for _, category in rows]),
        class_names=tuple(kept),
    )
