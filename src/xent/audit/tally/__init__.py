"""What is kept of a stream of predictions: counts, sums, some rows. Merged, it does not depend on how it was split."""
