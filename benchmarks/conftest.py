"""What is timed with pytest-benchmark: one table of it, on the screen and in ``RESULTS.md``.

``pytest benchmarks --benchmark-only --results benchmarks/RESULTS.md`` measures all and writes the
section of this machine; those of other machines stay as they are. On one with a GPU, ``-k gpu``.
"""

import platform
import re
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import NamedTuple

import joblib
import pytest

from sktime_screen._versions import look_up_versions

PACKAGES = ("keras", "tensorflow", "jax", "torch", "openvino", "av", "numpy", "scikit-learn")


class Rate(NamedTuple):
    """How much of something a way gets through in a second, and what else is known of it."""

    group: str
    way: str
    per_second: float
    unit: str
    is_baseline: bool
    note: str


RATES: pytest.StashKey[list[Rate]] = pytest.StashKey()


def pytest_addoption(parser):
    parser.addoption("--results", type=Path, metavar="FILE", help="write the table there as well")


def pytest_configure(config):
    config.stash[RATES] = []


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """Keep them from disturbing each other."""
    return 0


@pytest.fixture
def measure(benchmark, pytestconfig):
    """Time a call that gets through a number of something, as one of the ways of a group.

    What the baselines of a group are at best, the other ways are compared with.
    """

    def measure(
        call, arguments=None, *, group, way, number, unit, baseline=False, note="", **options
    ):
        benchmark.group = group
        result = benchmark.pedantic(call, arguments or (), **options)
        if benchmark.stats is not None:
            rate = number / benchmark.stats["median"]
            found = Rate(group, way, rate, unit, baseline, note(rate) if callable(note) else note)
            pytestconfig.stash[RATES].append(found)
            benchmark.extra_info.update(found._asdict())
        return result

    return measure


def pytest_terminal_summary(terminalreporter, config):
    rates = config.stash[RATES]
    if not rates:
        return
    table = make_table(rates)
    terminalreporter.write_line(f"\n{table}")
    path = config.getoption("--results")
    if path is not None:
        text = path.read_text() if path.exists() else ""
        path.write_text(replace_section(text, describe_machine(), table))


def make_table(rates):
    """Write rates as Markdown, each divided by the best baseline of its group."""
    baselines = defaultdict(float)
    for rate in rates:
        if rate.is_baseline:
            baselines[rate.group] = max(baselines[rate.group], rate.per_second)
    lines = ["| what | way | a second | ratio | |", "| --- | --- | ---: | ---: | --- |"]
    for rate in rates:
        ratio = f"{rate.per_second / baselines[rate.group]:.2f}" if rate.group in baselines else ""
        digits = ",.0f" if rate.per_second >= 100 else ".3g"
        amount = f"{rate.per_second:{digits}} {rate.unit}"
        note = "baseline" if rate.is_baseline else rate.note
        lines.append(f"| {rate.group} | {rate.way} | {amount} | {ratio} | {note} |")
    return "\n".join(lines)


def describe_machine():
    """Return the heading of this machine's section, and the lines below it."""
    from cpuinfo import get_cpu_info

    from sktime_screen._keras import get_keras_backend

    cores = joblib.cpu_count(only_physical_cores=True)
    backend, gpu = get_keras_backend(), gpu_name()
    heading = gpu or f"{get_cpu_info()['brand_raw']}, {cores} cores"
    if gpu or backend != "tensorflow":
        heading += f", Keras on {backend}"
    packages = [f"{name} {version}" for name, version in look_up_versions(PACKAGES).items()]
    return heading, f"{date.today()}, Python {platform.python_version()}, {', '.join(packages)}."


def gpu_name():
    """Return the name of the GPU that Keras computes on, if there is one."""
    from sktime_screen._keras import get_keras_backend
    from sktime_screen.features._engines import has_gpu

    if not has_gpu():
        return None
    if get_keras_backend() == "torch":
        import torch

        return torch.cuda.get_device_name()
    if get_keras_backend() == "jax":
        import jax

        return jax.devices()[0].device_kind
    import tensorflow as tf

    [gpu, *_] = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")


def replace_section(text, machine, table):
    """Put the table of a machine in the place of its last one, or at the end."""
    heading, description = machine
    section = f"## {heading}\n\n{description}\n\n{table}\n"
    old = re.compile(rf"^## {re.escape(heading)}\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    if old.search(text):
        return old.sub(lambda _: f"{section}\n", text).rstrip() + "\n"
    return f"{text.rstrip()}\n\n{section}"
