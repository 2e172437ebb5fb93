"""The vocabulary of the losses: events, logit transforms, targets, reductions and their checks."""
