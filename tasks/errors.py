"""The errors a user sees, each with the exit code that the command ends with."""

# The variable that `--debug` sets: unexpected errors keep their message and traceback.
DEBUG = "EVERGREEN_DEBUG"


class EvergreenError(Exception):
    """Anything that stops a run and that one clear line can explain."""

    exit_code = 1


class InputError(EvergreenError):
    """Bad usage, settings or input: what is wrong, where, and what to do."""

    exit_code = 2


class GateRefused(EvergreenError):
    """A critical check failed at a stage boundary: the check, the count and the ids."""

    exit_code = 3


class BudgetSpent(EvergreenError):
    """The money that a run may spend is spent; what it bought is kept."""

    exit_code = 4


class StageFailed(EvergreenError):
    """A fault of the program: the type of the error and where it was, never what it said."""
