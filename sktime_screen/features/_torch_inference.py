"""Networks of Keras on PyTorch with fewer passes over memory, which take longer than the sums."""

from .._keras import load_keras


def fuse_normalization(layer):
    """Have PyTorch's own kernel do what a layer of batch normalisation does outside of training.

    Keras goes to float32 and back and subtracts, multiplies and adds in between: five passes.
    """
    if type(layer) is not load_keras().layers.BatchNormalization:
        return
    from torch.nn.functional import batch_norm

    def call(inputs, training=None, mask=None):
        normalized = batch_norm(
            inputs.movedim(layer.axis, 1),
            layer.moving_mean.value,
            layer.moving_variance.value,
            layer.gamma.value if layer.scale else None,
            layer.beta.value if layer.center else None,
            eps=layer.epsilon,
        )
        return normalized.movedim(1, layer.axis)

    layer.call = call


def keep_channels_last(model):
    """Have a network of images leave them as they are in memory, with their channels last.

    Before each convolution and pooling, Keras puts the channels first, and before convolutions
    last again: a copy each. PyTorch needs none, since it goes by the order of the axes alone. What
    writes into a copy would now write into the original, so this is for networks that do not.
    """
    from torch import Tensor, channels_last
    from torch.overrides import TorchFunctionMode

    class WithoutCopies(TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            if func is Tensor.contiguous and len(args) == 1 and not kwargs:
                (images,) = args
                if images.dim() == 4 and images.is_contiguous(memory_format=channels_last):
                    return images
            return func(*args, **(kwargs or {}))

    given = model.call

    def call(*args, **kwargs):
        with WithoutCopies():
            return given(*args, **kwargs)

    model.call = call
