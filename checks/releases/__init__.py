"""Releases: the versions that answer now, their fingerprint, and which evidence a change of them makes old."""

from checks.releases.change import changes, depended, told, written
from checks.releases.in_force import LIVE, Held, Release, in_force
from checks.releases.parts import PARTS, Part

__all__ = ["LIVE", "PARTS", "Held", "Part", "Release", "changes", "depended", "in_force", "told", "written"]
