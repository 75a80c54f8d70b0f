"""How each of Keras's backends is kept busy: a batch is sent now and fetched later."""

from functools import cache
from typing import Any

import numpy as np

from .._keras import get_keras_backend, load_keras

# From this on NVIDIA's GPUs have bfloat16.
BFLOAT16_CAPABILITY = (8, 0)


class Runner:
    """Sends batches to a network and fetches their features.

    This one is for backends that do no more than Keras itself: a batch is done when it is sent.

    - ``any_size``: whether a batch of a size that was not seen before costs no more than
      another.
    """

    any_size = False

    def __init__(self, model):
        self._model = model

    @staticmethod
    def gpu_capability() -> tuple[int, int] | None:
        """Return the compute capability of the GPU in use: (0, 0) of others than NVIDIA's."""
        return None

    def send(self, images) -> Any:
        """Have a batch computed, without waiting where the device works by itself.

        Shapes: ``images`` (n, height, width, 3).
        """
        return self._model.predict_on_batch(images)

    def fetch(self, sent) -> np.ndarray:
        """Wait for a batch, but not for those that were sent after it.

        Returns float32 (n, n_features).
        """
        return sent


class TensorFlowRunner(Runner):
    """A traced function; on a GPU its kernels are queued."""

    def __init__(self, model):
        import tensorflow as tf

        # Compiled with XLA where Keras itself does that, on a GPU, and then for each size anew.
        self.any_size = not model.jit_compile
        self._compute = tf.function(
            lambda images: model(images, training=False),
            input_signature=[tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)],
            jit_compile=model.jit_compile,
            autograph=False,
        )

    @staticmethod
    def gpu_capability():
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        if not gpus:
            return None
        details = tf.config.experimental.get_device_details(gpus[0])
        return details.get("compute_capability", (0, 0))

    def send(self, images):
        return self._compute(images)

    def fetch(self, sent):
        return sent.numpy()


class JaxRunner(Runner):
    """A jitted function, which is dispatched and not waited for."""

    def __init__(self, model):
        import jax

        self._put = jax.device_put
        self._variables = model.variables
        stateless = load_keras().StatelessScope

        def compute(values, images):
            with stateless(state_mapping=list(zip(self._variables, values, strict=True))):
                return model(images, training=False)

        self._compute = jax.jit(compute)

    @staticmethod
    def gpu_capability():
        import jax

        if jax.default_backend() != "gpu":
            return None
        # Others than NVIDIA's have none, or names such as "gfx90a".
        capability = getattr(jax.devices()[0], "compute_capability", "")
        major, _, minor = capability.partition(".")
        return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else (0, 0)

    def send(self, images):
        # The weights are asked for each time: the owner of a live model may go on training it.
        values = [variable.value for variable in self._variables]
        features = self._compute(values, self._put(images))
        features.copy_to_host_async()
        return features

    def fetch(self, sent):
        return np.asarray(sent)


class TorchRunner(Runner):
    """On an NVIDIA GPU copies have a stream of their own and go from and to pinned memory."""

    any_size = True

    def __init__(self, model):
        import torch

        self._torch = torch
        self._model = model
        self._device = load_keras().ops.zeros(1).device
        self._copies = torch.cuda.Stream() if self._device.type == "cuda" else None

    @staticmethod
    def gpu_capability():
        import torch

        if torch.cuda.is_available():
            return torch.cuda.get_device_capability()
        return None

    def send(self, images):
        torch = self._torch
        # PyTorch warns of memory that cannot be written to and refuses to go through it backwards.
        images = torch.from_numpy(np.require(images, requirements=["C", "W"]))
        # No inference mode: what a live model might keep of it could not be trained afterwards.
        with torch.no_grad():
            if self._copies is None:
                return self._model(images.to(self._device), training=False), None
            computing = torch.cuda.current_stream()
            with torch.cuda.stream(self._copies):
                images = images.pin_memory().to(self._device, non_blocking=True)
            computing.wait_stream(self._copies)
            images.record_stream(computing)
            features = self._model(images, training=False)
            fetched = torch.empty(features.shape, dtype=features.dtype, pin_memory=True)
            fetched.copy_(features, non_blocking=True)
            done = torch.cuda.Event()
            done.record()
        return fetched, done

    def fetch(self, sent):
        features, done = sent
        if done is not None:
            done.synchronize()
        return features.cpu().numpy()


_RUNNERS = {"tensorflow": TensorFlowRunner, "jax": JaxRunner, "torch": TorchRunner}


def make_runner(model) -> Runner:
    """Return what runs a network on the backend that Keras uses."""
    return _RUNNERS.get(get_keras_backend(), Runner)(model)


@cache
def gpu_capability() -> tuple[int, int] | None:
    """Return the compute capability of the GPU that Keras uses."""
    load_keras()
    return _RUNNERS.get(get_keras_backend(), Runner).gpu_capability()


def is_out_of_memory(error) -> bool:
    """Tell an error of a device that has no memory left from any other."""
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {"ResourceExhaustedError", "OutOfMemoryError"}:
        return True
    # JAX as "RESOURCE_EXHAUSTED: Out of memory", cuDNN and cuBLAS as their states.
    return any(sign in str(error) for sign in ("RESOURCE_EXHAUSTED", "_ALLOC_FAILED"))
