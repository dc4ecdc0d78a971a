"""Memory of the process: what the collector need not look at, and what glibc need not keep."""

import ctypes
import gc
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def spare_modules() -> None:
    """Takes what was imported out of the rounds of the garbage collector: it stays anyway.

    A month of 3,000 people took some tenth less processor time, in turns on a noisy machine.
    """
    gc.freeze()


class _Readers:
    """How many read much at this moment; on the event loop alone."""

    count = 0


def reads_much(call: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Decorates what reads so much that a round of the garbage collector over it holds all threads.

    None begins until it is done and has let go of what it read, which is no garbage. A recap of
    10,000 people held the event loop for 0.16 and 0.21 s, and takes a tenth less time without.
    """

    @wraps(call)
    async def calls(*args: P.args, **kwargs: P.kwargs) -> T:
        _Readers.count += 1
        gc.disable()
        try:
            return await call(*args, **kwargs)
        finally:
            _Readers.count -= 1
            if not _Readers.count:
                gc.enable()

    return calls


def give_back() -> None:
    """Returns free memory to the system; does nothing where the C library is not glibc.

    Measured behind a start with two workers: some 50 MB of resident memory less.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
