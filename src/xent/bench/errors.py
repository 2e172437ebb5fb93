"""The exceptions of the benchmark."""


class InputError(ValueError):
    """Settings or a directory that the benchmark cannot use. Its message is one line and says what to do."""


class DisagreementError(RuntimeError):
    """A result of xent that is wrong, so that its time is worth nothing."""
