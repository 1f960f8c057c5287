"""Parameters of models as bytes: JSON and arrays, compressed. Nothing that is read can run as code."""

import base64
import json
import zlib
from typing import Any

import numpy as np

MOST_BYTES = 256 * 1024 * 1024
DTYPES = ("float64", "float32", "int64", "bool")
ARRAY, TUPLE = "array", "tuple"


def pack(tree: Any) -> bytes:
    """Return a tree of dicts with text keys, lists, tuples, texts, numbers, None and arrays as bytes.

    Raises TypeError for anything else.
    """
    return zlib.compress(json.dumps(_marked(tree)).encode())


def unpack(data: bytes) -> Any:
    """Return the tree; raises ValueError where the bytes are no such tree."""
    opened = zlib.decompressobj()
    try:
        text = opened.decompress(data, MOST_BYTES)
    except zlib.error as error:
        raise ValueError(f"no packed models: {error}") from None
    if not opened.eof:
        raise ValueError("no packed models: cut off, or too large")
    return json.loads(text, object_hook=_unmarked)


def _marked(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: _marked(each) for name, each in tree.items()}
    if isinstance(tree, tuple):
        return {TUPLE: [_marked(each) for each in tree]}
    if isinstance(tree, list):
        return [_marked(each) for each in tree]
    if isinstance(tree, np.ndarray):
        return _array(tree)
    return tree.item() if isinstance(tree, np.generic) else tree


def _array(values: Any) -> dict[str, Any]:
    kind = str(values.dtype)
    if kind not in DTYPES:
        raise TypeError(f"arrays of {kind} are not packed; make it one of {', '.join(DTYPES)}")
    text = base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
    return {ARRAY: kind, "shape": list(values.shape), "data": text}


def _unmarked(found: dict[str, Any]) -> Any:
    if found.keys() == {TUPLE}:
        return tuple(found[TUPLE])
    if found.keys() != {ARRAY, "shape", "data"}:
        return found
    if found[ARRAY] not in DTYPES:
        raise ValueError(f"no packed models: an array of {found[ARRAY]}")
    values = np.frombuffer(base64.b64decode(found["data"]), dtype=found[ARRAY])
    return values.reshape(found["shape"]).copy()
