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
    """Tells the callbacks of an estimator how its training goes on.

    Parameters
    ----------
    estimator : CallbackSupportMixin
        In whose ``fit``, decorated by `with_callbacks`, this is made.
    epochs : int
        How many epochs there are, at most.
    X, y, sample_weight : object
        The arguments of ``fit``, for callbacks that score.
    """

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
        """Tell that the epoch is over.

        Parameters
        ----------
        weights : callable
            Gives the weights as they are; called if a callback asks for a fitted estimator.

        Returns
        -------
        bool
            Whether a callback wants the training to stop.
        """
        return self._epoch.call_on_fit_task_end(
            **self._told, reconstruction_attributes=lambda: {"weights_": weights()}
        )

    def end(self):
        """Tell that the training is over, and the estimator fitted."""
        self._fit.call_on_fit_task_end(**self._told, reconstruction_attributes={})
