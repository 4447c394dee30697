"""Cases of the operations that move, choose, resize and unpack values, and of the recurrent ones."""

import itertools
from typing import Any

import numpy as np

from .cases import IMAGE, Case, R, X, sigmoid

f = np.float32


def i32(*values: Any) -> np.ndarray:
    return np.array(values, np.int32)


def other_cases() -> list[Case]:
    return [
        *creation_cases(), *shape_cases(), *slice_cases(), *index_cases(), *order_cases(), *space_cases(),
        *resize_cases(), *sample_cases(), *quantized_cases(), *recurrent_cases(), *box_cases(),
    ]  # fmt: skip


def creation_cases() -> list[Case]:
    square = R.normal(size=(4, 5)).astype(f)
    one_hot = np.full((3, 4), -1, f)
    one_hot[0, 2] = one_hot[1, 0] = 5
    mask = np.array([[0, 1, 0], [1, 1, 0]], np.int32)
    return [
        ("fill", "iOS15", {"shape": i32(2, 3)}, {"value": f(1.5)}, [np.full((2, 3), 1.5, f)]),
        ("fill", "iOS15", {"shape": i32(2)}, {"value": np.int32(4)}, [i32(4, 4)]),
        ("fill_like", "iOS16", {"ref_tensor": X}, {"value": f(2)}, [np.full(X.shape, 2, f)]),
        ("range_1d", "iOS15", {"start": f(1)}, {"end": f(2), "step": f(0.25)}, [np.arange(1, 2, 0.25).astype(f)]),
        ("range_1d", "iOS15", {"start": np.int32(5)}, {"end": np.int32(-2), "step": np.int32(-3)}, [i32(5, 2, -1)]),
        ("one_hot", "iOS15", {"indices": i32(2, 0, -1)}, {"one_hot_vector_size": np.int32(4), "axis": -1, "on_value": f(5), "off_value": f(-1)}, [one_hot]),
        ("one_hot", "iOS15", {"indices": i32(2, 0, -1)}, {"one_hot_vector_size": np.int32(4), "axis": 0, "on_value": f(5), "off_value": f(-1)}, [one_hot.T]),
        ("band_part", "iOS15", {"x": square}, {"lower": 1, "upper": 2}, [np.triu(np.tril(square, 2), -1)]),
        ("band_part", "iOS15", {"x": square}, {"lower": -1, "upper": 0}, [np.tril(square)]),
        ("non_zero", "iOS15", {"x": mask}, {}, [np.argwhere(mask).astype(np.int32)]),
        ("cumsum", "iOS15", {"x": square}, {"axis": 1, "exclusive": False, "reverse": False}, [np.cumsum(square, 1)]),
        ("cumsum", "iOS15", {"x": square}, {"axis": 0, "exclusive": True, "reverse": False},
         [np.concatenate([np.zeros((1, 5)), np.cumsum(square, 0)[:-1]])]),
        ("cumsum", "iOS15", {"x": square}, {"axis": 0, "exclusive": True, "reverse": True},
         [np.concatenate([np.cumsum(square[::-1], 0)[:-1][::-1], np.zeros((1, 5))])]),
    ]  # fmt: skip


def shape_cases() -> list[Case]:
    sequence = np.arange(12, dtype=f).reshape(3, 4)
    reversed_rows = np.array([[1, 0, 2, 3], [6, 5, 4, 7], [8, 9, 10, 11]], f)
    flat = X.reshape(2, 12)
    return [
        ("shape", "iOS15", {"x": X}, {}, [i32(2, 3, 4)]),
        ("reshape", "iOS15", {"x": X}, {"shape": i32(4, -1)}, [X.reshape(4, 6)]),
        ("reshape", "iOS15", {"x": X}, {"shape": i32(0, -1, 2)}, [X.reshape(2, 6, 2)]),
        ("reshape", "iOS15", {"x": X, "shape": i32(6, 4)}, {}, [X.reshape(6, 4)]),
        ("reshape", "iOS17", {"x": np.ones((2, 50), f)}, {"shape": i32(1, 0, -1, 0)}, [np.ones((1, 1, 2, 50), f)]),
        ("reshape_like", "iOS16", {"x": X, "ref_tensors": [np.zeros((9, 4), f), np.zeros((6, 8), f)]},
         {"begins": [np.array(1), np.array(0)], "ends": [np.array(2), np.array(1)], "end_masks": [np.array(True), np.array(False)]}, [X.reshape(4, 6)]),
        ("flatten2d", "iOS15", {"x": X}, {"axis": 1}, [flat]),
        ("flatten2d", "iOS15", {"x": X}, {"axis": -1}, [X.reshape(6, 4)]),
        ("expand_dims", "iOS15", {"x": X}, {"axes": i32(0, -1)}, [X[None, ..., None]]),
        ("squeeze", "iOS15", {"x": X[None, :, :1]}, {"axes": i32(0, 2)}, [X[:, 0]]),
        ("squeeze", "iOS15", {"x": X[None, :, :1]}, {}, [X[:, 0]]),
        ("transpose", "iOS15", {"x": X}, {"perm": i32(2, 0, 1)}, [X.transpose(2, 0, 1)]),
        ("reverse", "iOS15", {"x": X}, {"axes": i32(0, -1)}, [X[::-1, :, ::-1]]),
        ("reverse", "iOS15", {"x": X}, {}, [X[::-1, ::-1, ::-1]]),
        ("reverse_sequence", "iOS15", {"x": sequence, "lengths": i32(2, 3, 1)}, {"seq_axis": 1, "batch_axis": 0}, [reversed_rows]),
        ("reverse_sequence", "iOS15", {"x": sequence.T.copy(), "lengths": i32(2, 3, 1)}, {"seq_axis": 0, "batch_axis": 1}, [reversed_rows.T]),
        ("concat", "iOS15", {"values": [X, X[:, :1]]}, {"axis": 1, "interleave": False}, [np.concatenate([X, X[:, :1]], 1)]),
        ("concat", "iOS15", {"values": [np.int32(5), np.int32(7)]}, {"axis": 0, "interleave": False}, [i32(5, 7)]),
        ("concat", "iOS15", {"values": [i32(1, 2), i32(3, 4)]}, {"axis": 0, "interleave": True}, [i32(1, 3, 2, 4)]),
        ("stack", "iOS15", {"values": [X, X + 1]}, {"axis": 1}, [np.stack([X, X + 1], 1)]),
        ("split", "iOS15", {"x": X}, {"num_splits": 2, "axis": 2}, np.split(X, 2, 2)),
        ("split", "iOS15", {"x": X}, {"split_sizes": i32(1, 3), "axis": -1}, [X[..., :1], X[..., 1:]]),
        ("tile", "iOS15", {"x": X}, {"reps": i32(2, 1, 3)}, [np.tile(X, (2, 1, 3))]),
        ("pad", "iOS15", {"x": X}, {"pad": i32(1, 2, 0, 1), "mode": "constant", "constant_val": f(7)},
         [np.pad(X, ((0, 0), (1, 2), (0, 1)), constant_values=7)]),
        ("pad", "iOS15", {"x": X}, {"pad": i32(1, 2, 3, 1), "mode": "reflect"}, [np.pad(X, ((0, 0), (1, 2), (3, 1)), "reflect")]),
        ("pad", "iOS15", {"x": X}, {"pad": i32(1, 0, 2, 3), "mode": "replicate"}, [np.pad(X, ((0, 0), (1, 0), (2, 3)), "edge")]),
        ("sliding_windows", "iOS15", {"x": sequence}, {"axis": 1, "size": 2, "stride": 2}, [sequence.reshape(3, 2, 2)]),
    ]  # fmt: skip


def slice_cases() -> list[Case]:
    updated = X.copy()
    updated[0:2, 2:0:-1, 1] = 9
    mask = np.array([False, False, True])
    return [
        ("slice_by_index", "iOS15", {"x": X}, {"begin": i32(0, 2, -3), "end": i32(2, 0, 4), "stride": i32(1, -1, 2)}, [X[0:2, 2:0:-1, -3:4:2]]),
        ("slice_by_index", "iOS15", {"x": X}, {"begin": i32(1, 1, 1), "end": i32(2, 2, 2),
         "begin_mask": np.array([True, False, False]), "end_mask": np.array([False, True, False]), "squeeze_mask": mask}, [X[:2, 1:, 1]]),
        ("slice_by_index", "iOS15", {"x": X, "begin": i32(0, 0, 1), "end": i32(2, 3, 3)}, {}, [X[:, :, 1:3]]),
        ("slice_by_index", "iOS15", {"x": X}, {"begin": i32(0, 2, 0), "end": i32(0, 0, 0), "stride": i32(1, -1, 1),
         "end_mask": np.array([True, True, True])}, [X[:, ::-1]]),
        ("slice_by_size", "iOS15", {"x": X}, {"begin": i32(1, 0, 2), "size": i32(1, -1, 2)}, [X[1:2, :, 2:4]]),
        ("slice_by_size", "iOS15", {"x": X, "begin": i32(0, 1, 0)}, {"size": i32(2, 2, 1)}, [X[:, 1:3, :1]]),
        ("slice_update", "iOS18", {"x": X, "update": np.full((2, 2), 9, f)}, {"begin": i32(0, 2, 1), "end": i32(2, 0, 2),
         "stride": i32(1, -1, 1), "squeeze_mask": mask}, [updated]),
    ]  # fmt: skip


def scattered(data, places, updates, combine):
    out = data.copy()
    for place, value in zip(places, updates, strict=True):
        out[place] = combine(out[place], value)
    return out


MODES = {
    "update": lambda a, b: b, "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide,
    "max": np.maximum, "min": np.minimum,
}  # fmt: skip


def index_cases() -> list[Case]:
    along = i32([0, 2, 1, 0], [1, 1, 2, 0])
    nd = i32([0, 2], [1, -1]), i32([1, 0], [0, 0])
    batch = R.normal(size=(2, 3, 2)).astype(f)
    data, updates = R.normal(size=(4, 3)).astype(f), R.normal(size=(3, 3)).astype(f)
    rows = i32(1, 3, 1)
    cases: list[Case] = [
        ("gather", "iOS15", {"x": X, "indices": i32(2, -1, 0)}, {"axis": 1}, [X[:, [2, 2, 0]]]),
        ("gather", "iOS15", {"x": X, "indices": i32([0, 1], [2, 2])}, {"axis": -1}, [X[..., [[0, 1], [2, 2]]]]),
        ("gather", "iOS15", {"x": X, "indices": np.int32(1)}, {"axis": 0}, [X[1]]),
        ("gather", "iOS17", {"x": i32(4, 5, 6), "indices": np.int32(-1)}, {"axis": 0}, [np.int32(6)]),
        ("gather_nd", "iOS17", {"x": X, "indices": i32(1, 0, -1)}, {}, [X[1, 0, -1]]),
        ("gather", "iOS16", {"x": batch, "indices": np.array([[2, 0], [1, 1]], np.uint16)}, {"axis": 1, "batch_dims": 1},
         [np.stack([batch[0][[2, 0]], batch[1][[1, 1]]])]),
        ("gather", "iOS17", {"x": X, "indices": np.array([1, 0], np.int8)}, {"axis": 2, "validate_indices": True}, [X[..., [1, 0]]]),
        ("gather_along_axis", "iOS15", {"x": X[0, :, :], "indices": along}, {"axis": 0}, [np.take_along_axis(X[0], along.astype(int), 0)]),
        ("gather_nd", "iOS15", {"x": X, "indices": nd[0]}, {}, [np.stack([X[0, 2], X[1, -1]])]),
        ("gather_nd", "iOS16", {"x": batch, "indices": i32([[2]], [[0]])}, {"batch_dims": 1}, [np.stack([batch[0, [2]], batch[1, [0]]])]),
    ]  # fmt: skip
    for mode, combine in MODES.items():
        cases.append(("scatter", "iOS15", {"data": data, "indices": rows, "updates": updates}, {"axis": 0, "mode": mode},
                      [scattered(data, rows.tolist(), updates, combine)]))  # fmt: skip
        cases.append(("scatter", "iOS17", {"data": data.T.copy(), "indices": rows, "updates": updates.T.copy()}, {"axis": 1, "mode": mode},
                      [scattered(data, rows.tolist(), updates, combine).T]))  # fmt: skip
        places = i32([1, 0, 1], [3, 2, 1])
        expected = data.copy()
        for r, c in itertools.product(range(2), range(3)):
            expected[places[r, c], c] = combine(expected[places[r, c], c], updates[r, c])
        cases.append(
            (
                "scatter_along_axis",
                "iOS15",
                {"data": data, "indices": places, "updates": updates[:2]},
                {"axis": 0, "mode": mode},
                [expected],
            )
        )
        pairs = i32([0, 1], [3, 2], [0, 1])
        expected = data.copy()
        for (r, c), value in zip(pairs.tolist(), updates[:, 0], strict=True):
            expected[r, c] = combine(expected[r, c], value)
        cases.append(
            (
                "scatter_nd",
                "iOS15",
                {"data": data, "indices": pairs, "updates": updates[:, 0].copy()},
                {"mode": mode},
                [expected],
            )
        )
    return cases


def order_cases() -> list[Case]:
    ties = np.array([[3, 1, 3, 2], [0, 5, 5, 5]], f)
    return [
        ("argsort", "iOS15", {"x": ties}, {"axis": 1, "ascending": True}, [np.argsort(ties, 1, kind="stable").astype(np.int32)]),
        ("argsort", "iOS15", {"x": ties}, {}, [np.argsort(-ties, -1, kind="stable").astype(np.int32)]),
        ("topk", "iOS15", {"x": ties}, {"k": 2, "axis": 1, "ascending": False}, [f([[3, 3], [5, 5]]), i32([0, 2], [1, 2])]),
        ("topk", "iOS16", {"x": ties}, {"k": 2, "axis": 1, "ascending": True, "sort": True, "return_indices": False}, [f([[1, 2], [0, 5]])]),
        ("topk", "iOS17", {"x": ties}, {"k": -1, "axis": 0, "output_indices_dtype": "uint16"},
         [f([[3, 5, 5, 5], [0, 1, 3, 2]]), np.array([[0, 1, 1, 1], [1, 0, 0, 0]], np.uint16)]),
    ]  # fmt: skip


def space_cases() -> list[Case]:
    deep = np.arange(2 * 8 * 2 * 3, dtype=f).reshape(2, 8, 2, 3)
    to_space = np.zeros((2, 2, 4, 6), f)
    shuffled = np.zeros((2, 2, 4, 6), f)
    for c, by, bx, y, x in itertools.product(range(2), range(2), range(2), range(2), range(3)):
        to_space[:, c, y * 2 + by, x * 2 + bx] = deep[:, (by * 2 + bx) * 2 + c, y, x]
        shuffled[:, c, y * 2 + by, x * 2 + bx] = deep[:, c * 4 + by * 2 + bx, y, x]
    wide = np.arange(2 * 1 * 3 * 4, dtype=f).reshape(2, 1, 3, 4)
    padded = np.pad(wide, ((0, 0), (0, 0), (1, 0), (0, 0)))
    to_batch = np.concatenate([padded[:, :, i::2, j::2] for i in range(2) for j in range(2)])
    return [
        ("depth_to_space", "iOS15", {"x": deep}, {"block_size": 2}, [to_space]),
        ("space_to_depth", "iOS15", {"x": to_space}, {"block_size": 2}, [deep]),
        ("pixel_shuffle", "iOS15", {"x": deep}, {"upscale_factor": 2}, [shuffled]),
        ("pixel_unshuffle", "iOS16", {"x": shuffled}, {"downscale_factor": np.uint16(2)}, [deep]),
        ("space_to_batch", "iOS15", {"x": wide}, {"block_shape": i32(2, 2), "paddings": i32([1, 0], [0, 0])}, [to_batch]),
        ("batch_to_space", "iOS15", {"x": to_batch}, {"block_shape": i32(2, 2), "crops": i32([1, 0], [0, 0])}, [wide]),
    ]  # fmt: skip


def interpolated(x, height, width, point):
    """Interpolate linearly at ``point(index, size, count)`` along both image axes."""
    for axis, count in ((-2, height), (-1, width)):
        size = x.shape[axis]
        at = np.clip([point(i, size, count) for i in range(count)], 0, size - 1)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, size - 1)
        share = (at - low).reshape((-1,) + (1,) * (-axis - 1))
        x = np.take(x, low, axis) * (1 - share) + np.take(x, high, axis) * share
    return x


POINTS = {
    "STRICT_ALIGN_CORNERS": lambda i, n, m: i * (n - 1) / (m - 1) if m > 1 else 0,
    "ALIGN_CORNERS": lambda i, n, m: i * (n - 1) / (m - 1) if m > 1 else (n - 1) / 2,
    "DEFAULT": lambda i, n, m: i * n / m,
    "OFFSET_CORNERS": lambda i, n, m: (i + 0.5) * max(1, n - 1) / m,
    "UNALIGN_CORNERS": lambda i, n, m: (i + 0.5) * n / m - 0.5,
}


def resize_cases() -> list[Case]:
    nearest = IMAGE[:, :, np.arange(8) * 5 // 8][:, :, :, np.arange(3) * 2]
    cases: list[Case] = [
        ("upsample_nearest_neighbor", "iOS15", {"x": IMAGE}, {"scale_factor_height": 2, "scale_factor_width": 3},
         [IMAGE.repeat(2, 2).repeat(3, 3)]),
        ("upsample_nearest_neighbor", "iOS15", {"x": IMAGE}, {"scale_factor_height": f(1.6), "scale_factor_width": f(0.5)}, [nearest]),
        ("resize_nearest_neighbor", "iOS15", {"x": IMAGE}, {"target_size_height": 8, "target_size_width": 3}, [nearest]),
        ("resize", "iOS17", {"x": IMAGE, "shape": i32(1, 8, 0)}, {"resized_dims": 2, "interpolation_mode": "NEAREST_NEIGHBOR"},
         [IMAGE[:, :, np.floor(np.arange(8) * 5 / 8 + 0.5).clip(max=4).astype(int)]]),
        ("crop", "iOS15", {"x": IMAGE}, {"crop_height": i32(1, 0), "crop_width": i32(2, 1)}, [IMAGE[:, :, 1:, 2:-1]]),
        ("upsample_bilinear", "iOS15", {"x": IMAGE}, {"scale_factor_height": 2, "scale_factor_width": f(1.5), "align_corners": True},
         [interpolated(IMAGE, 10, 9, POINTS["STRICT_ALIGN_CORNERS"])]),
        ("upsample_bilinear", "iOS15", {"x": IMAGE}, {"scale_factor_height": 2, "scale_factor_width": 2, "align_corners": False},
         [interpolated(IMAGE, 10, 12, POINTS["UNALIGN_CORNERS"])]),
        ("upsample_bilinear", "iOS16", {"x": IMAGE}, {"scale_factor_height": 2, "scale_factor_width": 2, "align_corners": False,
         "half_pixel_centers": False}, [interpolated(IMAGE, 10, 12, POINTS["DEFAULT"])]),
    ]  # fmt: skip
    for mode, point in POINTS.items():
        for size in ((7, 4), (1, 9)):
            cases.append(("resize_bilinear", "iOS15", {"x": IMAGE}, {"target_size_height": size[0], "target_size_width": size[1],
                          "sampling_mode": mode}, [interpolated(IMAGE, *size, point)]))  # fmt: skip
        cases.append(("resize", "iOS17", {"x": IMAGE, "shape": i32(7, 4)}, {"resized_dims": 2, "sampling_mode": mode},
                      [interpolated(IMAGE, 7, 4, point)]))  # fmt: skip
    return cases


def read_pixel(image, row, column, mode, value):
    height, width = image.shape[-2:]
    if mode == "constant":
        return image[:, row, column] if 0 <= row < height and 0 <= column < width else np.full(image.shape[0], value)
    return image[:, min(max(row, 0), height - 1), min(max(column, 0), width - 1)]


def sampled(image, row, column, mode, value):
    top, left = int(np.floor(row)), int(np.floor(column))
    result = 0
    for r, c in itertools.product((0, 1), (0, 1)):
        share = (row - top if r else 1 - row + top) * (column - left if c else 1 - column + left)
        result = result + share * read_pixel(image, top + r, left + c, mode, value)
    return result


def sample_cases() -> list[Case]:
    coordinates = R.uniform(-2, 7, size=(2, 2, 3, 2)).astype(f)
    cases: list[Case] = []
    folds = {
        "constant": lambda at, n: at,
        "border": lambda at, n: min(max(at, 0), n - 1),
        "reflection": lambda at, n: abs((at + n - 1) % (2 * (n - 1)) - (n - 1)),
        "symmetric": lambda at, n: min(max(abs((at + 0.5 + n) % (2 * n) - n) - 0.5, 0), n - 1),
    }
    for mode, fold in folds.items():
        linear, nearest = np.zeros((2, 3, 2, 3)), np.zeros((2, 3, 2, 3))
        for b, i, j in itertools.product(range(2), range(2), range(3)):
            column, row = coordinates[b, i, j].astype(float)
            column, row = fold(column, 6), fold(row, 5)
            linear[b, :, i, j] = sampled(IMAGE[b], row, column, mode, 3)
            nearest[b, :, i, j] = read_pixel(IMAGE[b], round(row), round(column), mode, 3)
        settings = {
            "padding_mode": mode,
            "padding_value": f(3),
            "coordinates_mode": "unnormalized",
            "align_corners": True,
        }
        cases.append(
            (
                "resample",
                "iOS15",
                {"x": IMAGE, "coordinates": coordinates},
                {"sampling_mode": "bilinear", **settings},
                [linear],
            )
        )
        cases.append(
            (
                "resample",
                "iOS16",
                {"x": IMAGE, "coordinates": coordinates},
                {"sampling_mode": "nearest", **settings},
                [nearest],
            )
        )
    size = np.array([5, 4], f)
    corners = np.zeros((2, 3, 2, 3))
    edges = np.zeros((2, 3, 2, 3))
    ratio = R.uniform(0, 1, size=(2, 2, 3, 2)).astype(f)
    for b, i, j in itertools.product(range(2), range(2), range(3)):
        column, row = ratio[b, i, j] * size
        corners[b, :, i, j] = sampled(IMAGE[b], row, column, "border", 0)
        column, row = np.clip(ratio[b, i, j] * (size + 1) - 0.5, 0, size)
        edges[b, :, i, j] = sampled(IMAGE[b], row, column, "border", 0)
    settings = {"sampling_mode": "bilinear", "padding_mode": "border", "padding_value": f(0)}
    cases += [
        ("resample", "iOS17", {"x": IMAGE, "coordinates": ratio}, {**settings, "coordinates_mode": "normalized_zero_to_one", "align_corners": True}, [corners]),
        ("resample", "iOS17", {"x": IMAGE, "coordinates": ratio * 2 - 1}, {**settings, "coordinates_mode": "normalized_minus_one_to_one", "align_corners": False}, [edges]),
    ]  # fmt: skip
    # Mirrored: x' = -x. Shifted out of the picture by a quarter of its width: zeros come in.
    mirror = {"output_height": 5, "output_width": 6, "sampling_mode": "bilinear", "padding_mode": "constant",
              "padding_value": f(0), "coordinates_mode": "normalized_minus_one_to_one", "align_corners": True}  # fmt: skip
    shifted = np.concatenate([IMAGE[:, :, :, 1:], np.zeros((2, 3, 5, 1))], 3)
    cases += [
        ("affine", "iOS15", {"x": IMAGE, "transform_matrix": f([[-1, 0, 0, 0, 1, 0]])}, mirror, [IMAGE[:, :, :, ::-1]]),
        ("affine", "iOS15", {"x": IMAGE, "transform_matrix": f([[1, 0, 0.4, 0, 1, 0]])}, mirror, [shifted]),
    ]
    return cases


def box_cases() -> list[Case]:
    image = np.arange(1, 17, dtype=f).reshape(1, 1, 4, 4)
    crop = f([[6, 7], [10, 11]]).reshape(1, 1, 1, 2, 2)
    settings = {
        "target_height": 2,
        "target_width": 2,
        "normalized_coordinates": False,
        "sampling_mode": "ALIGN_CORNERS",
    }
    roi = f([1, 1, 2, 2]).reshape(1, 1, 4, 1, 1)
    indexed = f([0, 1, 1, 2, 2]).reshape(1, 1, 5, 1, 1)
    centre = f([1.5, 1.5, 1, 1]).reshape(1, 1, 4, 1, 1)
    wide = f([0, 1, 3, 2])  # left, top, right, bottom
    outside = f([[-1, 0, 0, 1]])
    boxes = f([[0, 0, 2, 2], [0.5, 0, 2, 2], [5, 5, 1, 1], [0, 3, 2, 2]])
    scores = f([[0.9], [0.8], [0.3], [0.05]])
    two = f([[0.9, 0.1], [0.2, 0.8], [0.3, 0.1], [0.05, 0]])
    zeros = np.zeros((1, 1, 4), f)
    return [
        ("crop_resize", "iOS15", {"x": image, "roi": roi}, {**settings, "box_coordinate_mode": "CORNERS_HEIGHT_FIRST"}, [crop]),
        ("crop_resize", "iOS15", {"x": image, "roi": indexed}, settings, [crop]),
        ("crop_resize", "iOS16", {"x": image, "roi": centre}, {**settings, "box_coordinate_mode": "CENTER_SIZE_WIDTH_FIRST"}, [crop]),
        ("crop_resize", "iOS15", {"x": image, "roi": (roi / 3).astype(f)}, {**settings, "normalized_coordinates": True}, [crop]),
        ("crop_resize", "iOS17", {"x": image, "boxes": wide[None]}, {**settings, "box_coordinate_mode": "CORNERS_WIDTH_FIRST"},
         [f([[5, 8], [9, 12]]).reshape(1, 1, 2, 2)]),
        ("crop_resize", "iOS17", {"x": np.concatenate([image, image + 100]), "boxes": roi.reshape(1, 4), "box_indices": i32(1)}, settings, [crop[0] + 100]),
        ("crop_resize", "iOS17", {"x": image, "boxes": outside}, {**settings, "pad_value": f(9)}, [f([[9, 9], [1, 2]]).reshape(1, 1, 2, 2)]),
        ("non_maximum_suppression", "iOS15", {"boxes": boxes[None], "scores": scores[None]},
         {"iou_threshold": f(0.3), "score_threshold": f(0.2), "max_boxes": 3, "per_class_suppression": False},
         [np.concatenate([boxes[None, [0, 2]], zeros], 1), f([[[0.9], [0.3], [0]]]), i32([0, 2, -1]), i32(2)]),
        ("non_maximum_suppression", "iOS17", {"boxes": boxes.T[None].copy(), "scores": two.T[None].copy()},
         {"iou_threshold": f(0.3), "max_boxes": 4, "per_class_suppression": True},
         [boxes.T[None], two.T[None], i32([0, 1, 2, 3])]),
    ]  # fmt: skip


def quantized_cases() -> list[Case]:
    scale, zero = f([0.1, 0.5, 1.0]), np.array([3, 0, -3], np.int8)
    steps = np.clip(np.rint(X / scale.reshape(1, 3, 1)) + zero.reshape(1, 3, 1), -128, 127).astype(np.int8)
    weight = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    lut = f([0.5, -1, 2, 4])
    numbers = np.array([1, 3, 0, 2, 2], np.uint8)
    packed = np.array([1 | 3 << 2 | 0 << 4 | 2 << 6, 2], np.uint8)
    mask = np.array([1, 0, 1, 1, 0, 0, 0, 0, 1], np.uint8)
    sparse = np.zeros(9, f)
    sparse[[0, 2, 3, 8]] = [1, 2, 3, 4]
    grouped_lut = f([1, 5, 9, 13, 2, 10, 18, 26]).reshape(2, 1, 4, 1)
    grouped = np.array([[2, 3], [3, 0], [1, 0], [3, 0], [2, 1], [0, 3]], np.uint8)
    vectors = f([[1, 2, 3], [4, 5, 6]]).reshape(1, 1, 2, 3)
    block_scale = f([[1, 2], [3, 4]])
    data = np.arange(16, dtype=np.int8).reshape(4, 4)
    wide_scale = block_scale.repeat(2, 0).repeat(2, 1)
    square_mask = np.array([[1, 0], [0, 1]], np.uint8)
    sparse_name = "constexpr_sparse_blockwise_shift_scale"
    return [
        ("quantize", "iOS17", {"input": X}, {"scale": scale, "zero_point": zero, "axis": 1, "output_dtype": "int8"}, [steps]),
        ("quantize", "iOS17", {"input": X}, {"scale": f(0.01), "output_dtype": "uint8"}, [np.clip(np.rint(X / f(0.01)), 0, 255).astype(np.uint8)]),
        ("dequantize", "iOS17", {"input": steps}, {"scale": scale, "zero_point": zero, "axis": 1},
         [(steps.astype(f) - zero.reshape(1, 3, 1)) * scale.reshape(1, 3, 1)]),
        ("constexpr_cast", "iOS16", {}, {"source_val": X.astype(np.float16), "output_dtype": "fp32"}, [X.astype(np.float16).astype(f)]),
        ("constexpr_affine_dequantize", "iOS16", {}, {"quantized_data": weight, "zero_point": np.uint8(5), "scale": scale, "axis": 1},
         [(weight.astype(f) - 5) * scale.reshape(1, 3, 1)]),
        ("constexpr_lut_to_dense", "iOS16", {}, {"indices": packed, "lut": lut, "shape": i32(5)}, [lut[numbers]]),
        ("constexpr_sparse_to_dense", "iOS16", {}, {"nonzero_data": f([1, 2, 3, 4]), "mask": np.packbits(mask, bitorder="little"),
         "shape": i32(3, 3)}, [sparse.reshape(3, 3)]),
        ("constexpr_sparse_to_dense", "iOS18", {}, {"nonzero_data": f([1, 2, 3, 4]), "mask": mask}, [sparse]),
        ("constexpr_lut_to_dense", "iOS18", {}, {"indices": grouped, "lut": grouped_lut},
         [f([[9, 13], [13, 1], [5, 1], [26, 2], [18, 10], [2, 26]])]),
        ("constexpr_lut_to_dense", "iOS18", {}, {"indices": np.array([[0, 1], [1, 0]], np.uint8), "lut": vectors, "vector_axis": 1},
         [f([[1, 2, 3, 4, 5, 6], [4, 5, 6, 1, 2, 3]])]),
        ("constexpr_lut_to_dense", "iOS18", {}, {"indices": np.array([[0, 1]], np.uint8), "lut": vectors, "vector_axis": 0},
         [f([[1, 4], [2, 5], [3, 6]])]),
        ("constexpr_lut_to_sparse", "iOS18", {}, {"indices_mask": np.array([1, 0, 1], np.uint8), "indices_nonzero_data": np.array([3, 1], np.uint8),
         "lut": lut.reshape(1, 4, 1)}, [np.array([1, 0, 1], np.uint8), f([4, -1])]),
        ("constexpr_blockwise_shift_scale", "iOS18", {}, {"data": data, "scale": block_scale, "offset": np.array([[1, 2], [3, 4]], np.int8)},
         [(data.astype(f) - np.array([[1, 2], [3, 4]]).repeat(2, 0).repeat(2, 1)) * wide_scale]),
        ("constexpr_blockwise_shift_scale", "iOS18", {}, {"data": data, "scale": block_scale}, [data * wide_scale]),
        (sparse_name, "iOS18", {}, {"data_mask": square_mask, "nonzero_data": np.array([5, 7], np.int8), "scale": f([[2], [3]]),
         "offset": np.array([[1], [2]], np.int8)}, [square_mask, f([8, 15])]),
    ]  # fmt: skip


def recurrent_cases() -> list[Case]:
    steps, batch, inputs, hidden = 3, 2, 4, 5
    x = R.normal(size=(steps, batch, inputs)).astype(f)
    h, c = R.normal(size=(batch, hidden)).astype(f), R.normal(size=(batch, hidden)).astype(f)

    def matrix(gates: int, width: int) -> np.ndarray:
        return (R.normal(size=(gates * hidden, width)) * 0.5).astype(f)

    def vector(gates: int) -> np.ndarray:
        return (R.normal(size=gates * hidden) * 0.5).astype(f)

    def lstm(x, h, c, wi, wh, b, peep=None, clip=None, out=np.tanh):
        peep = np.zeros((3, hidden)) if peep is None else peep.reshape(3, hidden)
        outputs = []
        for step in x:
            i, o_f, o, g = np.split(step @ wi.T + h @ wh.T + b, 4, -1)
            c = sigmoid(o_f + peep[1] * c) * c + sigmoid(i + peep[0] * c) * np.tanh(g)
            c = c if clip is None else np.clip(c, -clip, clip)
            h = sigmoid(o + peep[2] * c) * out(c)
            outputs.append(h)
        return np.stack(outputs), h, c

    def gru(x, h, wi, wh, b, input_bias=0, reset_after=False):
        outputs = []
        for step in x:
            (ir, io, iz), (br, bo, bz) = np.split(step @ wi.T + input_bias, 3, -1), np.split(b, 3)
            wr, wo, wz = np.split(wh, 3)
            r, z = sigmoid(ir + h @ wr.T + br), sigmoid(iz + h @ wz.T + bz)
            o = np.tanh(io + r * (h @ wo.T + bo)) if reset_after else np.tanh(io + (r * h) @ wo.T + bo)
            h = (1 - z) * o + z * h
            outputs.append(h)
        return np.stack(outputs), h

    def rnn(x, h, wi, wh, b):
        outputs = []
        for step in x:
            h = np.maximum(step @ wi.T + h @ wh.T + b, 0)
            outputs.append(h)
        return np.stack(outputs), h

    lw, lh, lb, peep = matrix(4, inputs), matrix(4, hidden), vector(4), vector(3)
    lw2, lh2, lb2 = matrix(4, inputs), matrix(4, hidden), vector(4)
    gw, gh, gb, gi = matrix(3, inputs), matrix(3, hidden), vector(3), vector(3)
    rw, rh, rb = matrix(1, inputs), matrix(1, hidden), vector(1)
    forth, back = lstm(x, h, c, lw, lh, lb), lstm(x[::-1], c, h, lw2, lh2, lb2)
    both_h, both_c = np.concatenate([h, c], 1), np.concatenate([c, h], 1)
    both = (
        np.concatenate([forth[0], back[0][::-1]], 2),
        np.concatenate([forth[1], back[1]], 1),
        np.concatenate([forth[2], back[2]], 1),
    )
    lw_all = {"weight_ih": lw, "weight_hh": lh, "bias": lb}
    start = {"x": x, "initial_h": h, "initial_c": c}
    peeped = lstm(x, h, c, lw, lh, lb, peep, 0.3, lambda v: np.maximum(v, 0))
    last = lambda found: [found[0][-1:], *found[1:]]  # noqa: E731
    return [
        ("lstm", "iOS15", start, {**lw_all, "direction": "forward", "output_sequence": True}, list(forth)),
        ("lstm", "iOS15", start, {**lw_all, "direction": "forward", "output_sequence": False}, last(forth)),
        ("lstm", "iOS17", start, {**lw_all, "direction": "reverse", "output_sequence": True}, list(lstm(x[::-1], h, c, lw, lh, lb))),
        ("lstm", "iOS15", {"x": x, "initial_h": both_h, "initial_c": both_c}, {**lw_all, "direction": "bidirectional", "output_sequence": True,
         "weight_ih_back": lw2, "weight_hh_back": lh2, "bias_back": lb2}, list(both)),
        ("lstm", "iOS15", start, {**lw_all, "peephole": peep, "clip": f(0.3), "activation": "relu", "output_sequence": True}, list(peeped)),
        ("lstm", "iOS15", start, {**lw_all, "activation": "scaled_tanh", "output_sequence": True}, list(forth)),
        ("lstm", "iOS15", start, {"weight_ih": lw, "weight_hh": lh, "output_sequence": True}, list(lstm(x, h, c, lw, lh, 0))),
        ("gru", "iOS15", {"x": x, "initial_h": h}, {"weight_ih": gw, "weight_hh": gh, "bias": gb, "output_sequence": True}, list(gru(x, h, gw, gh, gb))),
        ("gru", "iOS17", {"x": x, "initial_h": h}, {"weight_ih": gw, "weight_hh": gh, "bias": gb, "direction": "reverse", "output_sequence": True},
         list(gru(x[::-1], h, gw, gh, gb))),
        ("gru", "iOS18", {"x": x, "initial_h": h}, {"weight_ih": gw, "weight_hh": gh, "bias": gb, "input_bias": gi, "reset_after": True, "output_sequence": False},
         last(gru(x, h, gw, gh, gb, gi, True))),
        ("rnn", "iOS15", {"x": x, "initial_h": h}, {"weight_ih": rw, "weight_hh": rh, "bias": rb, "activation": "relu", "output_sequence": True}, list(rnn(x, h, rw, rh, rb))),
        ("rnn", "iOS17", {"x": x, "initial_h": h}, {"weight_ih": rw, "weight_hh": rh, "bias": rb, "activation": "relu", "direction": "reverse", "output_sequence": False},
         last(rnn(x[::-1], h, rw, rh, rb))),
    ]  # fmt: skip
