"""The one exception of a job that is the caller's to mend."""


class InputError(ValueError):
    """Settings, data or a directory that a job cannot use. Its message is one line and says what to do."""
