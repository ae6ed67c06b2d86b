"""TensorFlow and Keras: imported here, opened as one of their kinds."""

import os

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow  # noqa: E402

from . import tf_keras_model, tf_model, tf_saved_model  # noqa: E402
from .errors import unsupported  # noqa: E402

OPENERS = {"saved_model": tf_saved_model.open_saved_model, "keras": tf_keras_model.open_keras,
           "h5": tf_keras_model.open_keras}


def version():
    return str(tensorflow.__version__)


def open_model(source, threads):
    if threads is not None:
        set_threads(threads)
    # Models without weights begin with random ones: the same in every worker.
    tensorflow.random.set_seed(0)
    return tf_model.TfModel(OPENERS[source.kind](source), source)


def set_threads(threads):
    config = tensorflow.config.threading
    if config.get_intra_op_parallelism_threads() == threads:
        return
    try:
        config.set_intra_op_parallelism_threads(threads)
        config.set_inter_op_parallelism_threads(1)
    except RuntimeError as error:
        raise unsupported(f"TensorFlow began with {config.get_intra_op_parallelism_threads()} threads, which can't "
                          "be changed", "start another worker") from error
