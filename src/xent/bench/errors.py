"""The exception of the benchmark that is xent's own fault."""


class DisagreementError(RuntimeError):
    """A result of xent that is wrong, so that its time is worth nothing."""
