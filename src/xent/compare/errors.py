"""The one exception of the job that is the caller's to mend."""


class InputError(ValueError):
    """Settings, data or a directory that the job cannot use. Its message is one line and says what to do."""
