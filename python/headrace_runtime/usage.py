"""What a run used: CPU time, and the most memory that one of its processes had at once."""

from __future__ import annotations

import os
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Callable

_RESET_PEAK = b"5"  # see proc_pid_clear_refs(5)
_getrusage, _pwrite = getrusage, os.pwrite


class Meter:
    def __init__(self, private: Callable[[int], int]) -> None:
        try:
            self._peaks = private(os.open("/proc/self/clear_refs", os.O_WRONLY))
        except OSError:
            self._peaks = -1  # the peak is then that of the process's whole life
        self._cpu = 0.0
        self._children_peak = 0

    def begin(self) -> None:
        if self._peaks >= 0:
            try:
                _pwrite(self._peaks, _RESET_PEAK, 0)
            except OSError:
                self._peaks = -1  # user code has closed it
        own, children = _getrusage(RUSAGE_SELF), _getrusage(RUSAGE_CHILDREN)
        self._cpu = own[0] + own[1] + children[0] + children[1]
        self._children_peak = children[2]

    def end(self) -> tuple[float, int]:
        """CPU seconds, of children as well, and bytes. Children's memory counts if one of them
        had more than any before."""
        own, children = _getrusage(RUSAGE_SELF), _getrusage(RUSAGE_CHILDREN)
        cpu = own[0] + own[1] + children[0] + children[1] - self._cpu
        peak = own[2]
        if children[2] > self._children_peak:
            peak = max(peak, children[2])
        return max(cpu, 0.0), peak * 1024
