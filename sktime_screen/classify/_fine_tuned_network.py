"""A backbone with a dense head behind it, whose last layers can be trained as well."""

import random
from contextlib import contextmanager
from functools import partial
from math import prod

from ..features import as_backbone, build_model, flatten_layers
from ._backend_compilers import copy_value
from ._network import DenseNetwork, _blocks, _compact, leave_out


class FineTunedNetwork(DenseNetwork):
    """A dense network that sees images through a backbone."""

    def __init__(self, backbone, weights, weights_identity, image_size, trainable_layers, **head):
        source = as_backbone(backbone)
        if source.identify_weights(weights) != weights_identity:
            raise ValueError(
                f"The file of backbone={backbone!r}, weights={weights!r} has changed since the"
                " classifier was fitted: bring the old file back, or fit again."
            )
        with _python_random_untouched():
            model = build_model(source, image_size, pooling="avg")
            model = source.load(model, weights, pooling="avg")
        model.trainable = True
        self._backbone = model
        self._preprocess = source.preprocess
        self._image_shape = (*image_size, 3)
        self._tuned = _last_weights(model, trainable_layers, source.name)
        self._pretrained = [copy_value(variable) for variable in self._tuned]
        super().__init__(n_features=prod(model.output_shape[1:]), **head)

    def _trace(self, n_features):
        # Two optimizers, because one that knows variables it is given no gradients of would
        # go on moving them.
        trained = self._variables + self._tuned
        self._tuner = type(self._optimizer).from_config(self._optimizer.get_config())
        self._tuner.build(trained)
        self._fresh_tuner_state = [_compact(v) for v in self._tuner.variables]
        images = (None, *self._image_shape), "uint8"
        arguments = [images, ((None, self.n_outputs), "float32"), ((None, None), "float32")]

        def compile_step(optimizer, variables):
            others = self._list_others(optimizer, variables)
            return self._compiler.compile_step(
                self._evaluate,
                partial(self._update, optimizer, variables),
                variables,
                others,
                arguments,
                constants=leave_out(self._backbone.variables, variables),
            )

        self._warm_up_step = compile_step(self._optimizer, self._variables)
        self._tuning_step = compile_step(self._tuner, trained)
        self._logits = self._compile(
            lambda x: self._mean(self._outputs(x, training=False)),
            images,
            constants=self._backbone.variables,
        )
        self._weights = self._weights + self._tuned

    def _outputs(self, x, training):
        # The backbone always runs as in use: few images would spoil the statistics of its batch
        # normalisation.
        x = self._preprocess(self._keras.ops.cast(x, "float32"))
        return super()._outputs(self._backbone(x, training=False), training)

    @property
    def n_bytes(self):
        """What the arrays of the network, its backbone and its optimizers take."""
        arrays = self._backbone.variables + self._tuner.variables
        return super().n_bytes + 4 * sum(prod(array.shape) for array in arrays)

    def draw_weights(self, generator):
        """Draw first weights of the head, and give the backbone those it came with."""
        return super().draw_weights(generator) + self._pretrained

    def start_optimizer(self):
        """Begin a training: the optimizers forget everything, and the warm-up is ahead."""
        super().start_optimizer()
        for variable, value in zip(self._tuner.variables, self._fresh_tuner_state, strict=True):
            variable.assign(value)
        self._epochs_trained = 0

    def train_epoch(
        self,
        X,
        Y,
        W,
        rows,
        *,
        batch_size,
        l2,
        generator,
        warm_up_epochs,
        fine_tuning_rate,
        augmentation,
        **settings,
    ):
        """Train once over some images, in their given order.

        Shapes: ``X`` (n, height, width, 3).
        """
        warm_up = self._epochs_trained < warm_up_epochs
        self._epochs_trained += 1
        step = self._warm_up_step if warm_up else self._tuning_step
        self._begin_epoch(generator=generator, **settings)
        self._tuner.learning_rate = fine_tuning_rate
        loss, right = 0.0, 0.0
        for block in _blocks(rows, batch_size):
            images = augmentation.vary(X[block], generator)
            results = step(images, Y[block], W[block], l2)
            loss, right = loss + float(results[0]), right + float(results[1])
        return loss / (len(rows) * self._loss_columns), right / len(rows)


def _last_weights(model, n_layers, name):
    """Return the variables of a model's last layers that have a kernel."""
    if n_layers == 0:
        return []
    layers = [
        layer
        for layer in flatten_layers(model)
        if any(len(weight.shape) > 1 for weight in layer.trainable_weights)
    ]
    if n_layers > len(layers):
        raise ValueError(
            f"trainable_layers={n_layers}, but {name} has {len(layers)} layers with a kernel."
        )
    return [weight for layer in layers[-n_layers:] for weight in layer.trainable_weights]


@contextmanager
def _python_random_untouched():
    # Layers that are given no seed draw one from Python's global generator.
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)
