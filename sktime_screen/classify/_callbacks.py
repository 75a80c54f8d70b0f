"""A training as scikit-learn's callbacks see it: a task for the fit, and in it one an epoch."""

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn before 1.9 has no callbacks

    class _NobodyListens:
        def subcontext(self, task_name):
            return self

        def call_on_fit_task_begin(self, **told):
            return self

        def call_on_fit_task_end(self, **told):
            return False

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in for the mixin of the same name, without ``set_callbacks``."""

        def _init_callback_context(self, max_subtasks):
            return _NobodyListens()

    def with_callbacks(fit):
        """Return the method as it is."""
        return fit


__all__ = ["CallbackSupportMixin", "FitTasks", "with_callbacks"]


class FitTasks:
    """Tells the callbacks of an estimator how its training goes on."""

    def __init__(self, estimator, epochs, X, y, sample_weight):
        self._told = {
            "estimator": estimator,
            "X": X,
            "y": y,
            "metadata": {"sample_weight": sample_weight},
        }
        self._fit = estimator._init_callback_context(max_subtasks=epochs)
        self._fit.call_on_fit_task_begin(**self._told)

    def begin_epoch(self):
        """Tell that an epoch begins."""
        self._epoch = self._fit.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(**self._told)

    def end_epoch(self, weights):
        """Tell that the epoch is over."""
        return self._epoch.call_on_fit_task_end(
            **self._told, reconstruction_attributes=lambda: {"weights_": weights()}
        )

    def end(self):
        """Tell that the training is over, and the estimator fitted."""
        self._fit.call_on_fit_task_end(**self._told, reconstruction_attributes={})
