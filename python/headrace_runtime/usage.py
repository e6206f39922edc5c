"""What a run used: CPU time, and the most memory that one of its processes had at once."""

from __future__ import annotations

import os
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Callable

_RESET_PEAK = b"5"  # see proc_pid_clear_refs(5)
_PAGE = os.sysconf("SC_PAGESIZE") // 1024
_getrusage, _pwrite, _pread = getrusage, os.pwrite, os.pread


class Meter:
    def __init__(self, private: Callable[[int], int]) -> None:
        self._peaks = self._sizes = -1
        try:
            self._peaks = private(os.open("/proc/self/clear_refs", os.O_WRONLY))
        except OSError:  # the peak is then that of the process's whole life
            try:
                self._sizes = private(os.open("/proc/self/statm", os.O_RDONLY))
            except OSError:
                pass
        self._cpu = 0.0
        self._peak = self._children_peak = self._size = 0

    def begin(self) -> None:
        if self._peaks >= 0:
            try:
                _pwrite(self._peaks, _RESET_PEAK, 0)
            except OSError:
                self._peaks = -1  # user code has closed it
        own, children = _getrusage(RUSAGE_SELF), _getrusage(RUSAGE_CHILDREN)
        self._cpu = own[0] + own[1] + children[0] + children[1]
        self._peak, self._children_peak = own[2], children[2]
        self._size = self._resident()

    def end(self) -> tuple[float, int]:
        """CPU seconds, of children as well, and bytes. Children's memory counts if one of them
        had more than any before."""
        own, children = _getrusage(RUSAGE_SELF), _getrusage(RUSAGE_CHILDREN)
        cpu = own[0] + own[1] + children[0] + children[1] - self._cpu
        peak = own[2]
        if self._sizes >= 0 and peak == self._peak:  # an earlier run's; this one's is not known
            peak = max(self._size, self._resident()) or peak
        # A child begins with the peak of the process that started it.
        if children[2] > max(self._children_peak, own[2]):
            peak = children[2]
        return max(cpu, 0.0), peak * 1024

    def _resident(self) -> int:
        """KiB that the process has now, where its peak cannot be reset."""
        if self._sizes < 0:
            return 0
        try:
            return int(_pread(self._sizes, 100, 0).split()[1]) * _PAGE
        except (OSError, ValueError, IndexError):
            self._sizes = -1
            return 0
