"""The dense network itself: built and traced once for a shape, then reset and used again."""

from functools import partial
from math import prod
from threading import RLock

import numpy as np
from scipy.sparse import issparse

from .._keras import load_keras
from ._backend_compilers import copy_value, make_compiler

# Rows are handed to Keras in blocks of about this size, so that a table of features is never
# copied as a whole.
_BLOCK_BYTES = 2**24


def check_layer_sizes(sizes):
    """Bring the sizes of hidden layers into one form."""
    checked = tuple(np.ravel(sizes).tolist())
    if any(size != int(size) or size < 1 for size in checked):
        raise ValueError(f"hidden_layer_sizes must be whole numbers from 1 on, got {sizes!r}.")
    return tuple(int(size) for size in checked)


class DenseNetwork:
    """Stacks of dense layers with their optimizer and their traced training loop."""

    def __init__(
        self,
        n_features,
        n_outputs,
        softmax,
        hidden_layer_sizes,
        activation,
        batch_normalization,
        optimizer,
        standardize=False,
        n_ensemble=1,
    ):
        keras = load_keras()
        self._compiler = make_compiler()
        # The same thread enters twice where a callback scores the network during its training.
        self.lock = RLock()
        self.n_outputs = n_outputs
        self.softmax = softmax
        self._keras = keras

        # What varies in a search is no part of what is traced.
        self._dropout = keras.Variable(0.0, trainable=False)
        self._momentum = keras.Variable(0.0, trainable=False)
        self._inputs = []
        if standardize:
            self._inputs = [
                keras.Variable(np.full(n_features, value, np.float32), trainable=False)
                for value in (0, 1)
            ]
        layers = (n_outputs, hidden_layer_sizes, activation, batch_normalization)
        self._models = self._make_models(n_ensemble, n_features, *layers)
        self._seed_states = [
            layer.seed_generator.state
            for model in self._models
            for layer in model.layers
            if hasattr(layer, "seed_generator")
        ]
        self._weights = [weight for model in self._models for weight in model.weights]
        self._variables = [v for model in self._models for v in model.trainable_variables]

        self._kernels = {id(v) for v in self._variables if len(v.shape) == 2}

        self._takes_momentum = optimizer in ("sgd", "rmsprop")
        # The momentum itself is applied in `_step`.
        options = {"momentum": 1.0} if self._takes_momentum else {}
        self._optimizer = keras.optimizers.get(
            {"class_name": optimizer, "config": {"learning_rate": 0.001, **options}}
        )
        self._optimizer.build(self._variables)
        self._fresh_weights = [_compact(w) for w in self._weights]
        self._fresh_optimizer_state = [_compact(v) for v in self._optimizer.variables]
        self._trace(n_features)

    @property
    def n_bytes(self):
        """What the arrays of the network and its optimizer take."""
        arrays = self._weights + self._inputs + self._optimizer.variables
        return 4 * sum(prod(array.shape) for array in arrays)

    def _make_models(self, n_ensemble, *architecture):
        return [self._keras.Sequential(self._make_layers(*architecture)) for _ in range(n_ensemble)]

    def _make_layers(
        self,
        n_features,
        n_outputs,
        hidden_layer_sizes,
        activation,
        batch_normalization,
        drops=True,
    ):
        keras = self._keras
        # Kernels are drawn in `draw_weights`: Keras's own initialisers, even those that are never
        # seeded, take numbers from Python's global generator.
        layers = [keras.Input((n_features,))]
        for units in hidden_layer_sizes:
            layers.append(keras.layers.Dense(units, kernel_initializer="zeros"))
            if batch_normalization:
                # Keras's momentum, 0.99, takes hundreds of steps to forget the statistics it began
                # with, and a fit on few frames has not so many.
                layers.append(keras.layers.BatchNormalization(momentum=0.9))
            layers.append(keras.layers.Activation(activation))
            if drops:
                layers.append(make_dropout_layer(keras, self._dropout))
        layers.append(keras.layers.Dense(n_outputs, kernel_initializer="zeros"))
        return layers

    def _outputs(self, x, training):
        """Return the logits of each network."""
        if self._inputs:
            mean, scale = self._inputs
            x = (x - mean) / scale
        return [model(x, training=training) for model in self._models]

    def _trace(self, n_features):
        features = ((None, n_features), "float32")
        self._train = self._compiler.compile_steps(
            self._evaluate,
            partial(self._update, self._optimizer, self._variables),
            self._variables,
            self._list_others(self._optimizer, self._variables),
            [features, ((None, self.n_outputs), "float32"), ((None, None), "float32")],
        )
        self._logits = self._compile(
            lambda x: self._mean(self._outputs(x, training=False)), features
        )

    def _compile(self, function, features, constants=()):
        """Compile a function of rows of features that reads the weights."""
        variables = [*self._weights, *self._inputs, *constants]
        return self._compiler.compile_function(function, features, variables)

    def _mean(self, outputs):
        return self._keras.ops.mean(self._keras.ops.stack(outputs), axis=0)

    def _list_others(self, optimizer, variables):
        """List what changes in a step of a training beside the variables that are trained."""
        others = [*self._weights, *self._seed_states, *self._inputs, *optimizer.variables]
        return leave_out([*others, self._dropout, self._momentum], variables)

    def _evaluate(self, x, y, w):
        """Return the objective of a batch, and its losses and right answers, summed."""
        ops = self._keras.ops
        outputs = self._outputs(x, training=True)
        objective = sum(ops.mean(self._losses(y, each, w)) for each in outputs)
        logits = self._mean(outputs)
        losses, right = self._losses(y, logits, w), self._right(y, logits)
        return objective, (ops.sum(losses), ops.sum(right))

    def _update(self, optimizer, variables, gradients, l2):
        """Let an optimizer make a step."""
        # The penalty's own gradient: squares of wide kernels take longer than the rest.
        gradients = [
            gradient + 2 * l2 * variable if id(variable) in self._kernels else gradient
            for gradient, variable in zip(gradients, variables, strict=True)
        ]
        if self._takes_momentum:
            for variable in optimizer.variables:
                if "momentum" in variable.path:
                    variable.assign(self._momentum * variable)
        optimizer.apply(gradients, variables)

    def _losses(self, y, logits, w):
        """Compute the losses of a batch, missing labels (NaN) being 0 to it."""
        losses, ops = self._keras.losses, self._keras.ops
        if self.softmax:
            values = losses.categorical_crossentropy(y, logits, from_logits=True)[:, None]
        else:
            y = ops.where(ops.isnan(y), 0.0, y)
            values = losses.binary_crossentropy(y[..., None], logits[..., None], from_logits=True)
        return ops.multiply(values, w)

    def _right(self, y, logits):
        ops = self._keras.ops
        if self.softmax:
            right = ops.argmax(y, axis=-1) == ops.argmax(logits, axis=-1)
        else:
            known = ops.cast(ops.logical_not(ops.isnan(y)), "float32")
            right = known * ops.cast((logits > 0) == (y > 0.5), "float32")
            right = ops.sum(right, axis=-1) / ops.sum(known, axis=-1)
        return ops.cast(right, "float32")

    def draw_weights(self, generator):
        """Draw a first set of weights, kernels after Glorot and Bengio (2010)."""
        # A single layer has one minimum. It begins at zero: of few columns the weights are drawn so
        # large that few steps do not lead back from the wrong side.
        drawn = []
        n_kernels = sum(fresh.ndim == 2 for fresh in self._fresh_weights)
        for fresh in self._fresh_weights:
            if fresh.ndim == 2 and n_kernels > 1:
                limit = np.sqrt(6 / sum(fresh.shape))
                fresh = generator.uniform(-limit, limit, fresh.shape).astype(np.float32)
            drawn.append(fresh)
        return drawn

    def load(self, weights):
        """Set the weights."""
        for variable, value in zip(self._weights, weights, strict=True):
            variable.assign(value)

    def load_inputs(self, means_and_scales):
        """Set what a network that standardizes does to the columns of features."""
        for variable, value in zip(self._inputs, means_and_scales, strict=True):
            variable.assign(value)

    def start_optimizer(self, state=None):
        """Set what the optimizer remembers."""
        state = self._fresh_optimizer_state if state is None else state
        for variable, value in zip(self._optimizer.variables, state, strict=True):
            variable.assign(value)

    def weights(self):
        """Copy the weights out."""
        return [copy_value(w) for w in self._weights]

    def optimizer_state(self):
        """Copy out what the optimizer remembers, such as moments and the number of steps."""
        return [copy_value(v) for v in self._optimizer.variables]

    def _begin_epoch(self, learning_rate, dropout, momentum, generator):
        self._optimizer.learning_rate = learning_rate
        self._dropout.assign(dropout)
        self._momentum.assign(momentum)
        for state in self._seed_states:
            state.assign(generator.integers(2**31, size=2))

    def train_epoch(self, X, Y, W, rows, *, batch_size, l2, **settings):
        """Train once over some rows, in their given order."""
        self._begin_epoch(**settings)
        loss, right = 0.0, 0.0
        per_block = batch_size * max(1, _BLOCK_BYTES // (4 * X.shape[1] * batch_size))
        for block in _blocks(rows, per_block):
            results = self._train(widen(X[block]), Y[block], W[block], batch_size, l2)
            loss, right = loss + float(results[0]), right + float(results[1])
        return loss / (len(rows) * self._loss_columns), right / len(rows)

    def evaluate(self, X, Y, W, rows):
        """Measure the loss and the accuracy of some rows."""
        loss, right = 0.0, 0.0
        for block in iter_blocks(X, rows):
            logits = self._logits(widen(X[block]))
            loss += float(self._keras.ops.sum(self._losses(Y[block], logits, W[block])))
            right += float(self._keras.ops.sum(self._right(Y[block], logits)))
        return loss / (len(rows) * self._loss_columns), right / len(rows)

    def logits(self, X):
        """Compute the outputs before sigmoid or softmax.

        Shapes: ``X`` (n, n_features) -> float32 (n, n_outputs).
        """
        return _by_blocks(self._logits, X)

    @property
    def _loss_columns(self):
        return 1 if self.softmax else self.n_outputs


def leave_out(variables, left_out):
    """Return the variables but some."""
    known = {id(variable) for variable in left_out}
    return [variable for variable in variables if id(variable) not in known]


def make_dropout_layer(keras, rate, shared_axis=None):
    """Make a layer that drops a share of the units, alike along an axis, which may change."""

    class ChangingDropout(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.seed_generator = keras.random.SeedGenerator(0)

        def call(self, x, training=False):
            if not training:
                return x
            ops = keras.ops
            shape = [1 if axis == shared_axis else size for axis, size in enumerate(ops.shape(x))]
            kept = keras.random.uniform(shape, seed=self.seed_generator) >= rate
            return x * ops.where(kept, 1 / (1 - rate), 0.0)

    return ChangingDropout()


def _compact(variable):
    """Copy a variable's value out, in no memory where it is the same throughout."""
    value = copy_value(variable)
    if value.size and (value == value.flat[0]).all():
        return np.broadcast_to(value.flat[0], value.shape)
    return value


def _by_blocks(function, X):
    step = _rows_of_block(X)
    return np.concatenate(
        [np.asarray(function(widen(X[at : at + step]))) for at in range(0, X.shape[0], step)]
    )


def widen(block):
    """Return a block of features as an array to compute with."""
    if issparse(block):
        return block.toarray()
    # Maps are large and may come in half precision, in which nothing is computed.
    return block.astype(np.float32) if block.dtype == np.float16 else block


def _rows_of_block(X):
    return max(1, _BLOCK_BYTES // (4 * prod(X.shape[1:])))


def iter_blocks(X, rows):
    """Cut positions of rows into pieces whose features take little room."""
    return _blocks(rows, _rows_of_block(X))


def _blocks(rows, size):
    return (rows[at : at + size] for at in range(0, len(rows), size))
