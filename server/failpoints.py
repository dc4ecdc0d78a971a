"""Named places at which a test may kill the process, to prove that nothing is lost or doubled.

Off unless HADIR_FAILPOINT names one; then the process kills itself (SIGKILL) on reaching it.
"""

import os
import signal

_ARMED = os.environ.get("HADIR_FAILPOINT", "")


def arm(name: str) -> None:
    """Arms a failpoint in this process; an empty name disarms."""
    global _ARMED  # noqa: PLW0603  one switch a process, set before the work begins
    _ARMED = name


def failpoint(name: str) -> None:
    """Kills the process here if this failpoint is armed."""
    if name == _ARMED:
        os.kill(os.getpid(), signal.SIGKILL)
