"""Gradients and compiled functions: what Keras leaves to each of its backends."""

import numpy as np

from .._keras import load_keras

# What describes a number among the arguments of a function.
_NUMBER = ((), "float32")


def make_compiler():
    """Make the compiler of the backend that Keras runs on."""
    compilers = {"tensorflow": _TensorFlowCompiler, "jax": _JAXCompiler, "torch": _TorchCompiler}
    backend = load_keras().config.backend()
    if backend not in compilers:
        raise RuntimeError(
            f"Networks are trained with Keras on one of {sorted(compilers)}, but this process runs "
            f"it on {backend!r}: set KERAS_BACKEND to one of them and start again."
        )
    return compilers[backend]()


def copy_value(variable):
    """Copy a variable's value out."""
    return np.array(as_array(variable.value))


def as_array(tensor):
    """Return a tensor as an array, which may share its memory."""
    # Keras's own `convert_to_numpy` has NumPy warn of how it reads the tensors of PyTorch.
    if hasattr(tensor, "detach"):
        tensor = tensor.detach().cpu()
    return tensor.numpy() if hasattr(tensor, "numpy") else np.asarray(tensor)


class _Compiler:
    """What a network needs to train and to predict.

    - ``compile_function(function, argument, variables)``: a function of rows, such as (n, 512) ->
      (n, 2). The ``argument`` is described as (shape, dtype), the number of rows being None.
    - ``compile_step(evaluate, update, trained, others, arguments)``: a step of a training.
      ``evaluate(x, y, w)`` returns the objective and a tuple of results; ``update(gradients, l2)``
      changes the variables. Returns a function ``step(x, y, w, l2)`` that returns the results.
    - ``compile_steps``, the same: a function ``train(X, Y, W, batch_size, l2)`` that takes a step
      for each batch of the rows, and returns the sums of the results.

    ``trained`` are the variables to differentiate by, ``others`` those that change with them, such
    as an optimizer's, and ``constants`` those that are only read.
    """

    def compile_steps(self, *step, **options):
        take_step = self.compile_step(*step, **options)

        def train(X, Y, W, batch_size, l2):
            totals = None
            for start in range(0, len(X), batch_size):
                rows = slice(start, start + batch_size)
                results = take_step(X[rows], Y[rows], W[rows], l2)
                totals = results if totals is None else map(sum, zip(totals, results, strict=True))
                totals = tuple(totals)
            return totals

        return train


class _TensorFlowCompiler(_Compiler):
    """Functions traced once, with the number of rows left open.

    They are called through their only trace: TensorFlow would warn of tracing the same lines again
    for every new architecture.
    """

    def compile_function(self, function, argument, variables):
        return _trace(function, [argument])

    def compile_step(self, evaluate, update, trained, others, arguments, constants=()):
        step = self._make_step(evaluate, update, trained)
        return _trace(step, [*arguments, _NUMBER])

    def compile_steps(self, evaluate, update, trained, others, arguments):
        import tensorflow as tf

        step = self._make_step(evaluate, update, trained)

        # All batches in one call: started from Python one by one, they would take four times as
        # long.
        def train(X, Y, W, batch_size, l2):
            total_loss, total_right = 0.0, 0.0
            for start in tf.range(0, tf.shape(X)[0], batch_size):
                stop = start + batch_size
                loss, right = step(X[start:stop], Y[start:stop], W[start:stop], l2)
                total_loss += loss
                total_right += right
            return total_loss, total_right

        return _trace(train, [*arguments, ((), "int32"), _NUMBER])

    @staticmethod
    def _make_step(evaluate, update, trained):
        import tensorflow as tf

        def step(x, y, w, l2):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([variable.value for variable in trained])
                objective, results = evaluate(x, y, w)
            update(tape.gradient(objective, trained), l2)
            return results

        return step


def _trace(function, arguments):
    import tensorflow as tf

    signature = [tf.TensorSpec(*argument) for argument in arguments]
    return tf.function(function, input_signature=signature).get_concrete_function()


class _JAXCompiler(_Compiler):
    """Pure functions of all values of variables, compiled anew for each number of rows."""

    def compile_function(self, function, argument, variables):
        import jax

        @jax.jit
        def compute(values, x):
            with _set(variables, values):
                return function(x)

        def call(x):
            # Rows up to a power of two, so that few numbers of rows are compiled for.
            n_rows = len(x)
            padding = [(0, (1 << (n_rows - 1).bit_length()) - n_rows)] + [(0, 0)] * (x.ndim - 1)
            return compute(_values(variables), np.pad(x, padding))[:n_rows]

        return call

    def compile_step(self, evaluate, update, trained, others, arguments, constants=()):
        import jax

        @jax.jit
        def take_step(trained_values, values, constant_values, x, y, w, l2):
            def differentiate(trained_values):
                known = [*trained_values, *values, *constant_values]
                with _set([*trained, *others, *constants], known) as scope:
                    objective, results = evaluate(x, y, w)
                return objective, (results, [scope.get_current_value(v) for v in others])

            gradients, (results, changed) = jax.grad(differentiate, has_aux=True)(trained_values)
            with _set([*trained, *others], [*trained_values, *changed]) as scope:
                update(gradients, l2)
            return results, [scope.get_current_value(v) for v in [*trained, *others]]

        def step(x, y, w, l2):
            values = (_values(variables) for variables in (trained, others, constants))
            results, changed = take_step(*values, x, y, w, l2)
            for variable, value in zip([*trained, *others], changed, strict=True):
                variable.assign(value)
            return results

        return step


def _values(variables):
    return [variable.value for variable in variables]


def _set(variables, values):
    """Make a context in which variables have other values, and keep to it what is assigned."""
    pairs = zip(variables, values, strict=True)
    return load_keras().StatelessScope(state_mapping=list(pairs))


class _TorchCompiler(_Compiler):
    """Functions that are run as they are."""

    def compile_function(self, function, argument, variables):
        import torch

        def call(x):
            with torch.no_grad():
                return as_array(function(_tensor(x)))

        return call

    def compile_step(self, evaluate, update, trained, others, arguments, constants=()):
        import torch

        def step(x, y, w, l2):
            objective, results = evaluate(_tensor(x), _tensor(y), _tensor(w))
            gradients = torch.autograd.grad(objective, _values(trained))
            with torch.no_grad():
                update(gradients, l2)
                return tuple(result.detach() for result in results)

        return step


def _tensor(array):
    return load_keras().ops.convert_to_tensor(array)
