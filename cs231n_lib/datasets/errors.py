"""The errors of the datasets, so that the command line can print their text without a traceback."""


class DataError(Exception):
    """A dataset could not be had; the message says what to do."""


class UnknownDataset(DataError, ValueError):
    """No dataset has this name."""


class MissingData(DataError, FileNotFoundError):
    """The files of a dataset are not on this machine, or not all of them."""


class DamagedData(DataError, ValueError):
    """A file is there, but it is not the official one."""


class DownloadError(DataError, OSError):
    """A download, or writing what it brought, failed; nothing half-written counts as complete."""
