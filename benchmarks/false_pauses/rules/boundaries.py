"""Rules about all units so far are boundaries on their bad units: one number per look."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.false_pauses.setting import Integers, Setting, first


def crossing(bad: Integers, setting: Setting, proves: Callable[[int, int], bool]) -> Integers:
    """First look at which `proves(units, bad units)` of everything so far, for a rule that more bad units favour."""
    bounds, most = [], 0
    for look in range(1, bad.shape[1] + 1):
        # No boundary falls when units are added.
        while most <= look * setting.per_look and not proves(look * setting.per_look, most):
            most += 1
        bounds.append(most)
    return first(np.cumsum(bad, axis=1) >= np.array(bounds))
