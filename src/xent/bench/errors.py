"""The exceptions of the benchmark."""


class InputError(ValueError):
    """Settings or a directory that the benchmark cannot use. Its message is one line and says what to do."""


class DisagreementError(RuntimeError):
    """Contestants that do not compute the same: their times would not be comparable."""
