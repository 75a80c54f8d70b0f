"""Batch normalisation on PyTorch: in one pass over memory instead of Keras's five."""

from .._keras import load_keras


def fuse_normalization(layer):
    """Have PyTorch's own kernel do what a layer of batch normalisation does outside of training.

    Keras goes to float32 and back and subtracts, multiplies and adds in between, each a pass over
    all values, which on a GPU takes longer than the convolutions.
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
