"""One numerical thread per process: on shared cores more threads make fits many times slower."""

import os
import sys

VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def limit_to_one_thread() -> bool:
    """Limit BLAS and OpenMP to one thread in this process and its children.

    Call it first thing in a forecast worker: the libraries read the variables once, while
    numpy loads. Returns whether the limit holds in this process: False when numpy was loaded
    before with other settings (children started from now on are limited all the same).
    """
    already = all(os.environ.get(name) == "1" for name in VARIABLES)
    for name in VARIABLES:
        os.environ[name] = "1"
    return already or "numpy" not in sys.modules
