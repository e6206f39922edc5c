"""Bounds that are promised to users, for a machine that may have other things to do."""

import os


def promised(seconds):
    """A promised time, stretched by what the machine is overloaded by. What is promised holds
    where a processor is free."""
    waiting = os.getloadavg()[0] / (os.cpu_count() or 1)
    return seconds * max(1.0, 2 * waiting)
