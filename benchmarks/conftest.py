"""Benchmarks run one after the other, in one process."""

import pytest


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """Keep them from disturbing each other."""
    return 0
