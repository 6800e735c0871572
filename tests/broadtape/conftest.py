"""Fixtures of the desk's tests: the editions of sessions that readers remember."""

from __future__ import annotations

import pytest
from editions import DATES, Press

from broadtape.config import Instance


@pytest.fixture(scope="session")
def press(acceptance_instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Press:
    """A newsroom in which the editions of DATES are written, in order. Read it; do not write to it."""
    room = Press(acceptance_instance, tmp_path_factory.mktemp("press"))
    for day in DATES:
        room.on(day)
    return room
