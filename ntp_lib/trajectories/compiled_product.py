"""A product of small matrices for compiled loops: a BLAS spends half of its time there on rearranging the factors.

The product is computed in blocks of two rows by sixteen columns, whose entries stay in registers while the sum
runs. No compiler makes that of nested loops, so the block is written in the vectors of LLVM, which become those of
the processor.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.compiled import compiled

ROWS, VECTORS, WIDTH = 2, 4, 4
COLUMNS = VECTORS * WIDTH
# Beyond so many rows of the right factor it leaves the nearest cache, and a BLAS wins.
MOST = 64

_ARRAY = "float64[:, ::1]"


@intrinsic  # type: ignore[untyped-decorator]
def _block(context: Any, left: Any, right: Any, out: Any, row: Any, column: Any) -> Any:
    """ROWS rows and COLUMNS columns of out = left @ right, from a row and a column on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        matrices = zip(signature.args[:3], arguments[:3], strict=True)
        a, b, c = (context.make_array(kind)(context, builder, value) for kind, value in matrices)
        row, column = arguments[3:]
        integer, vector = row.type, ir.VectorType(ir.DoubleType(), WIDTH)
        inner, width = (cgutils.unpack_tuple(builder, array.shape)[1] for array in (a, b))
        pieces = [(r, v) for r in range(ROWS) for v in range(VECTORS)]

        def place(array: Any, row: Any, columns: Any, start: Any) -> Any:
            return builder.gep(array.data, [builder.add(builder.mul(row, columns), start)])

        def vector_at(start: Any, v: int) -> Any:
            return builder.bitcast(builder.gep(start, [integer(v * WIDTH)]), vector.as_pointer())

        def spread(number: Any) -> Any:
            first = builder.insert_element(ir.Constant(vector, ir.Undefined), number, ir.IntType(32)(0))
            return builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), None))

        multiply_add = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fmuladd.v{WIDTH}f64"
        )
        sums = {piece: cgutils.alloca_once(builder, vector) for piece in pieces}
        for total in sums.values():
            builder.store(ir.Constant(vector, None), total)
        rows = [builder.add(row, integer(r)) for r in range(ROWS)]
        with cgutils.for_range(builder, inner) as loop:
            start = place(b, loop.index, width, column)
            # Rows begin anywhere: their vectors are aligned as numbers are.
            factors = [builder.load(vector_at(start, v), align=8) for v in range(VECTORS)]
            numbers = [spread(builder.load(place(a, r, inner, loop.index))) for r in rows]
            for (r, v), total in sums.items():
                builder.store(builder.call(multiply_add, [numbers[r], factors[v], builder.load(total)]), total)
        for (r, v), total in sums.items():
            builder.store(builder.load(total), vector_at(place(c, rows[r], width, column), v), align=8)
        return context.get_dummy_value()

    return types.void(left, right, out, types.intp, types.intp), generate


@compiled(f"void({_ARRAY}, {_ARRAY}, {_ARRAY})")
def multiply(left: Floats, right: Floats, out: Floats) -> None:
    """out = left @ right, shapes (n, k), (k, l) and (n, l), none of them sharing memory."""
    n, columns = out.shape
    if n < ROWS or columns < COLUMNS or max(len(right), columns) > MOST:
        np.dot(left, right, out)
        return
    # The last blocks overlap those before, whose entries they compute again.
    for i in range(0, n, ROWS):
        row = min(i, n - ROWS)
        for j in range(0, columns, COLUMNS):
            _block(left, right, out, row, min(j, columns - COLUMNS))
