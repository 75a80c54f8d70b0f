"""What runs a network over images: Keras or OpenVINO, and how OpenVINO does."""

import importlib.util
import os
import sys
import tempfile
from collections import deque
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock, RLock

import joblib

from .._keras import get_keras_backend
from ._keras_runners import BFLOAT16_CAPABILITY, gpu_capability

# Images to a request, for each thread that shares the work, and requests at a time to each
# compiled network: the next one is there when the one before is done. Each compiled network holds
# its own weights, so there are few even where there are many cores.
_IMAGES_PER_THREAD = 4
_N_REQUESTS = 2
_MOST_COMPILED = 4

# What Linux has where there is a GPU: only then is Keras, slow to import, asked for it.
_GPU_FILES = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")

_importing = Lock()


def choose_engine(engine, precision, *, live_model):
    """Decide what runs a network on this machine, and with which numbers."""
    if engine == "openvino" and importlib.util.find_spec("openvino") is None:
        raise ImportError("engine='openvino' needs OpenVINO: pip install openvino.")
    if live_model and (engine == "openvino" or precision == "bfloat16"):
        raise ValueError(
            f"engine={engine!r}, precision={precision!r} is not possible with a live keras.Model, "
            f"which Keras runs as it is. Save it with model.save('my.keras') and pass the path."
        )
    if precision == "int8":
        raise ValueError(
            "precision='int8': save_int8_network writes a network in 8 bits, quantised on your own "
            "images, as a file .xml. That file is then the backbone, with precision='auto'."
        )
    if engine == "auto":
        engine = "keras" if live_model or not _prefers_openvino() else "openvino"
    if precision == "auto":
        has_bfloat16 = _has_bfloat16() if engine == "openvino" else _gpu_has_bfloat16()
        precision = "bfloat16" if has_bfloat16 and not live_model else "float32"
    if engine == "openvino" and precision == "bfloat16" and not _has_bfloat16():
        raise ValueError(
            "precision='bfloat16': this processor has no instructions for it (AVX512_BF16, AMX); "
            "take 'auto' or 'float32'."
        )
    return engine, precision


def has_gpu():
    """Tell whether Keras computes on a GPU."""
    if sys.platform == "linux" and not any(map(os.path.exists, _GPU_FILES)):
        return False
    return gpu_capability() is not None


def _prefers_openvino():
    # A network is handed over by way of TensorFlow's graph, and a GPU is left to Keras.
    installed = importlib.util.find_spec("openvino") is not None
    return installed and get_keras_backend() == "tensorflow" and not has_gpu()


def _gpu_has_bfloat16():
    return has_gpu() and gpu_capability() >= BFLOAT16_CAPABILITY


@cache
def _has_bfloat16():
    return "BF16" in load_openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def load_openvino():
    with _importing:
        if "openvino" not in sys.modules:
            _require_consent()
        import openvino
    return openvino


def _require_consent():
    """Have OpenVINO report its use over the network only where the user has agreed to that."""
    try:
        from openvino_telemetry import Telemetry
    except ImportError:
        return
    # Whoever makes the one such object of a process decides. OpenVINO would report each import
    # unless the user has objected. In a terminal this leaves an empty folder.
    folder = Path.home() / "intel"
    is_new = not folder.exists()
    Telemetry("OpenVINO", tid="", backend="ga4", enable_opt_in_dialog=True)
    if is_new:
        with suppress(OSError):
            folder.rmdir()


def import_nncf():
    """Import NNCF, which reports nothing over the network."""
    load_openvino()
    # It asks for this once, when it is imported.
    switch = "NNCF_CI"
    with _importing:
        is_set = switch in os.environ
        os.environ.setdefault(switch, "1")
        try:
            import nncf
        except ImportError as error:
            raise ImportError(
                f"Networks are quantised by NNCF, which cannot be imported ({error}): "
                f"pip install 'sktime_screen[int8]'. It is not needed to use what was quantised."
            ) from error
        finally:
            if not is_set:
                del os.environ[switch]
    return nncf


def convert(model):
    """Convert a network for OpenVINO."""
    backend = get_keras_backend()
    if backend != "tensorflow":
        raise ValueError(
            f"Keras runs on {backend}, and networks are converted for OpenVINO by TensorFlow: set "
            f"KERAS_BACKEND=tensorflow, or leave it to {backend} with engine='keras'. A network "
            f"that was converted once is found with any."
        )
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    images = tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)
    network = tf.function(model.call, input_signature=[images], autograph=False)
    frozen = convert_variables_to_constants_v2(network.get_concrete_function())
    # By way of a file: what converts functions in memory fails on Python 3.13 (OpenVINO 2026.4).
    with tempfile.TemporaryDirectory() as folder:
        path = tf.io.write_graph(frozen.graph, folder, "network.pb", as_text=False)
        return load_openvino().Core().read_model(path)


def unflatten(network, map_size):
    """Return a converted network whose rows are maps, (n, height, width, channels) again."""
    from openvino import Model, opset13

    rows = network.outputs[0].get_node().input_value(0)
    maps = opset13.reshape(rows, [0, *map_size, -1], special_zero=True)
    return Model([opset13.result(maps)], network.get_parameters(), network.get_friendly_name())


def serialize(network, path):
    """Write a converted network, as it is, to a file ``.xml`` and one ``.bin`` beside it."""
    load_openvino().save_model(network, path, compress_to_fp16=False)


def deserialize(xml, weights):
    """Return a converted network."""
    return load_openvino().Core().read_model(xml, weights)


def compile_network(network, precision="float32"):
    """Make a network ready to run, several times: these share the cores out among themselves."""
    # One network of several streams would do, but for those OpenVINO repeats a round of tasks until
    # each stream's thread happens to have taken one; where other processes keep the processor busy,
    # the same thread may take them all for hours.
    core = load_openvino().Core()
    return [
        core.compile_model(
            network,
            "CPU",
            {
                "NUM_STREAMS": 1,
                "INFERENCE_NUM_THREADS": share,
                "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision],
                "ENABLE_CPU_PINNING": False,
            },
        )
        for share in _share_cores()
    ]


def _share_cores():
    """Return how many cores each compiled network has."""
    n_cores = joblib.cpu_count(only_physical_cores=True)
    return _split_evenly(n_cores, min(n_cores, _MOST_COMPILED))


class RunsWhenNeeded:
    """Base of networks that are made ready to run when the first images come.

    Subclasses have `_load`, which returns the engine.
    """

    def __init__(self):
        self._engine = None
        self._loading = RLock()

    def run(self, batches, batch_size, store):
        """Compute the features of many batches."""
        with self._loading:
            if self._engine is None:
                self._engine = self._load()
        self._engine.run(batches, batch_size, store)


class OpenVINOEngine:
    """Runs a network with OpenVINO, several requests at a time."""

    def __init__(self, network, precision):
        self._compiled = compile_network(network, precision)
        n_images = network.inputs[0].partial_shape[0]
        self._request_size = (
            _IMAGES_PER_THREAD * max(_share_cores())
            if n_images.is_dynamic
            else n_images.get_length()
        )

    def run(self, batches, batch_size, store):
        """Compute the features of many batches."""
        # Requests of its own for every call, because calls may come from several threads. Results
        # are waited for and not called back: a callback that is still in one of OpenVINO's threads
        # when the interpreter ends aborts the process.
        free = deque(
            network.create_infer_request() for _ in range(_N_REQUESTS) for network in self._compiled
        )
        running = deque()

        def finish():
            request, rows = running.popleft()
            request.wait()
            store(rows, request.get_output_tensor().data)
            free.append(request)

        size = self._request_size
        if batch_size != "auto":
            size = min(size, batch_size)
        try:
            for rows, images in batches:
                for start in range(0, len(rows), size):
                    if not free:
                        finish()
                    part = slice(start, start + size)
                    running.append((free.popleft(), rows[part]))
                    running[-1][0].start_async({0: images[part]})
            while running:
                finish()
        finally:
            for request, _ in running:
                request.wait()


def _split_evenly(whole, n):
    """Share out a whole number into `n` that differ by one at most."""
    return [(k + 1) * whole // n - k * whole // n for k in range(n)]
