"""The cancellation of Textual's thread workers."""

from textual.worker import NoActiveWorker, get_current_worker


def is_worker_cancelled() -> bool:
    """Return whether the worker that this context belongs to, if any, has been cancelled."""
    try:
        return get_current_worker().is_cancelled
    except NoActiveWorker:
        return False
