"""Members of an archive, sound or not, as the bytes of a .npy file."""

import io
import struct

import numpy as np


def npy(array, **options):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array), **options)
    return file.getvalue()


def npy_header(dtype, shape, content=b""):
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


def text(content):
    return npy(np.frombuffer(content, dtype=np.uint8))
