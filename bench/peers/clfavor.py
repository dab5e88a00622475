"""The part of clfavor's C library, and of OpenCL, that the bench needs, by ctypes.

Structs are those of include/clfavor, enums their values there. Invariant: a call that fails raises
with the library's own message.
"""
import ctypes
from ctypes import POINTER, Structure, byref, c_bool, c_char_p, c_float, c_int, c_int64, c_size_t
from ctypes import c_uint, c_uint64, c_void_p
from functools import cached_property
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "build" / "bench" / "src" / "libclfavor.so"

PATH_AUTO, PATH_EXACT = 0, 3
KIND_EXP, KIND_COSH = 0, 1

CL_QUEUE_DEVICE = 0x1091
CL_DEVICE_NAME, CL_DRIVER_VERSION, CL_DEVICE_VERSION = 0x102B, 0x102D, 0x102F
CL_MEM_READ_WRITE, CL_MEM_READ_ONLY, CL_MEM_USE_HOST_PTR = 1, 4, 8

LOG_ERROR = 1
LogCallback = ctypes.CFUNCTYPE(None, c_void_p, c_int, c_char_p)


class Log(Structure):
    _fields_ = [("callback", LogCallback), ("user", c_void_p), ("level", c_int)]


class Layout(Structure):
    _fields_ = [(name, c_int64) for name in "bhl"]


class Tuning(Structure):
    _fields_ = [(name, c_int) for name in ("family", "vector_width", "tile_rows", "segments")]


class PlanParams(Structure):
    _fields_ = [
        *((name, c_int64) for name in ("B", "H", "Hkv", "L", "S", "D", "E", "R")),
        ("kind", c_int), ("causal", c_bool), ("scale", c_float), ("kernel_eps", c_float),
        ("deterministic", c_bool), ("mask", c_int), ("preset", c_int), ("path", c_int),
        *((name, c_int) for name in ("q_dtype", "k_dtype", "v_dtype", "out_dtype")),
        *((name, Layout) for name in ("q", "k", "v", "out")),
        ("projection", c_void_p), ("draw", c_int), ("seed", c_uint64), ("tuning", Tuning),
    ]


class Buffer(Structure):
    _fields_ = [("mem", c_void_p), ("offset", c_int64)]


class RunArgs(Structure):
    _fields_ = [
        *((name, Buffer) for name in ("q", "k", "v", "out", "mask")),
        ("workspace", c_void_p), ("queue", c_void_p), ("num_wait", c_uint), ("wait", c_void_p),
    ]


def _declare(library: ctypes.CDLL, name: str, result, *arguments) -> None:
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments


def load_clfavor(path: Path) -> ctypes.CDLL:
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is not there; build it with:\n"
            "  meson setup build/bench --buildtype=release && meson compile -C build/bench")
    library = ctypes.CDLL(str(path))
    handle = POINTER(c_void_p)
    _declare(library, "clf_status_string", c_char_p, c_int)
    _declare(library, "clf_context_create", c_int, c_char_p, POINTER(Log), handle)
    _declare(library, "clf_context_cl", c_void_p, c_void_p)
    _declare(library, "clf_context_queue", c_void_p, c_void_p)
    _declare(library, "clf_projection_import", c_int, c_void_p, c_void_p, c_int64, c_int64,
             c_int64, POINTER(Log), handle)
    _declare(library, "clf_projection_destroy", None, handle)
    _declare(library, "clf_plan_create", c_int, c_void_p, POINTER(PlanParams), handle)
    _declare(library, "clf_plan_describe", c_char_p, c_void_p)
    _declare(library, "clf_plan_run", c_int, c_void_p, POINTER(RunArgs), c_void_p)
    _declare(library, "clf_plan_destroy", None, handle)
    return library


def load_opencl() -> ctypes.CDLL:
    library = ctypes.CDLL("libOpenCL.so.1")
    info = (c_void_p, c_uint, c_size_t, c_void_p, c_void_p)
    _declare(library, "clGetCommandQueueInfo", c_int, *info)
    _declare(library, "clGetDeviceInfo", c_int, *info)
    _declare(library, "clCreateBuffer", c_void_p, c_void_p, c_uint64, c_size_t, c_void_p,
             POINTER(c_int))
    _declare(library, "clReleaseMemObject", c_int, c_void_p)
    _declare(library, "clFinish", c_int, c_void_p)
    _declare(library, "clEnqueueReadBuffer", c_int, c_void_p, c_void_p, c_uint, c_size_t, c_size_t,
             c_void_p, c_uint, c_void_p, c_void_p)
    return library


def check_cl(code: int, what: str) -> None:
    if code != 0:
        raise RuntimeError(f"{what} failed with OpenCL error {code}")


class Context:
    """A clf_context on the default device. One for a process; it lives as long."""

    def __init__(self, path: Path = LIBRARY) -> None:
        self.clf, self.cl = load_clfavor(path), load_opencl()
        self._message = ""
        self.log = Log(LogCallback(self._keep), None, LOG_ERROR)
        self._handle = c_void_p()
        self.check(self.clf.clf_context_create(None, byref(self.log), byref(self._handle)))
        self._queue = self.clf.clf_context_queue(self._handle)

    def _keep(self, _user, _level, message: bytes) -> None:
        self._message = message.decode()

    def check(self, status: int) -> None:
        if status != 0:
            raise RuntimeError(f"{self.clf.clf_status_string(status).decode()}: {self._message}")

    def finish(self) -> None:
        check_cl(self.cl.clFinish(self._queue), "clFinish")

    @cached_property
    def device(self) -> dict[str, str]:
        device = c_void_p()
        check_cl(self.cl.clGetCommandQueueInfo(self._queue, CL_QUEUE_DEVICE,
                                               ctypes.sizeof(device), byref(device), None),
                 "clGetCommandQueueInfo")

        def text(what: int) -> str:
            value = ctypes.create_string_buffer(1024)
            check_cl(self.cl.clGetDeviceInfo(device, what, len(value), value, None),
                     "clGetDeviceInfo")
            return value.value.decode()

        return {"device": text(CL_DEVICE_NAME), "driver": text(CL_DRIVER_VERSION),
                "opencl": text(CL_DEVICE_VERSION)}


class DeviceArray:
    """An OpenCL buffer over a host array, which a CPU device uses in place."""

    def __init__(self, context: Context, array: np.ndarray, access: int) -> None:
        code = c_int()
        self._context, self._array = context, array  # the buffer does not own the memory
        self.mem = context.cl.clCreateBuffer(
            context.clf.clf_context_cl(context._handle), access | CL_MEM_USE_HOST_PTR,
            array.nbytes, array.ctypes.data, byref(code))
        check_cl(code.value, "clCreateBuffer")

    def read(self) -> np.ndarray:
        out = np.empty_like(self._array)
        check_cl(self._context.cl.clEnqueueReadBuffer(
            self._context._queue, self.mem, 1, 0, out.nbytes, out.ctypes.data, 0, None, None),
            "clEnqueueReadBuffer")
        return out

    def __del__(self) -> None:
        self._context.cl.clReleaseMemObject(self.mem)


class Plan:
    """A clf_plan with its buffers: q, k, v, out [1, H, L, D], W [M, D] or None."""

    def __init__(self, context: Context, params: PlanParams, W: np.ndarray | None,
                 q: DeviceArray, k: DeviceArray, v: DeviceArray, out: DeviceArray) -> None:
        self._context, self._handle = context, c_void_p()
        self._buffers = q, k, v, out
        self._args = RunArgs(*(Buffer(array.mem, 0) for array in self._buffers))
        projection = c_void_p()
        if W is not None:
            W = np.ascontiguousarray(W, np.float32)
            context.check(context.clf.clf_projection_import(
                W.ctypes.data, None, 1, *W.shape, byref(context.log), byref(projection)))
        params.projection = projection
        try:
            context.check(context.clf.clf_plan_create(context._handle, byref(params),
                                                      byref(self._handle)))
        finally:
            context.clf.clf_projection_destroy(byref(projection))

    def describe(self) -> str:
        return self._context.clf.clf_plan_describe(self._handle).decode()

    def run(self) -> None:
        """Runs and waits."""
        self._context.check(self._context.clf.clf_plan_run(self._handle, byref(self._args), None))
        self._context.finish()

    def __del__(self) -> None:
        self._context.clf.clf_plan_destroy(byref(self._handle))
