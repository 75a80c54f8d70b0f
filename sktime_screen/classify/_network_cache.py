"""Networks that are built and traced once for a shape, and shared within a bound of memory."""

from collections import OrderedDict
from threading import RLock
from typing import Any

from .._keras import refuse_forked_process

# What the networks that are kept may take, and what the graph of each takes beside its arrays.
_MOST_BYTES = 2**28
_GRAPH_BYTES = 2**22
# What describes a classifier, or one of an earlier version, and not the network.
_ASIDE = ("dropout", "loss", "momentum")

_networks: OrderedDict[Any, Any] = OrderedDict()
_lock = RLock()


def get_shared_network(kind, architecture):
    """Give the network of a class and its arguments, the same one for every call with equal ones.

    Building and tracing a network takes longer than a small fit, and Keras never gives back all
    of a network's memory. Hold its ``lock`` from loading weights to reading results.
    """
    refuse_forked_process()
    arguments = {name: value for name, value in architecture.items() if name not in _ASIDE}
    key = (kind, *sorted(arguments.items()))
    with _lock:
        network = _networks.pop(key, None)
        if network is None:
            network = kind(**arguments)
        _networks[key] = network
        taken = sum(each.n_bytes + _GRAPH_BYTES for each in _networks.values())
        while taken > _MOST_BYTES and len(_networks) > 1:
            _, oldest = _networks.popitem(last=False)
            taken -= oldest.n_bytes + _GRAPH_BYTES
    return network


def forget_networks():
    """Let go of all networks that nobody uses."""
    with _lock:
        _networks.clear()
