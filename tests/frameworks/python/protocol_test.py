#!/usr/bin/env python3
"""The worker's side of the agent protocol that no framework is needed for, and the stand-in libraries."""

import ctypes
import os
import pathlib
import platform
import signal
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from worker_client import PLAN, PYTHON_FOLDER, WORKER, Refused, Worker  # noqa: E402

sys.path.insert(0, str(PYTHON_FOLDER))
import make_stub_libraries  # noqa: E402
from edgeopt_worker import bench, torch_pt2_check  # noqa: E402


def missing_framework(**source):
    """A worker that never gets as far as the model: its file does not exist."""
    return Worker("pytorch", "torchscript", path="/nonexistent/model.pt", **source)


class Protocol(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.worker = missing_framework().__enter__()
        cls.addClassCleanup(cls.worker.__exit__)

    def refused(self, line):
        return self.worker.say(line)["error"]

    def test_hello_tells_what_the_client_requires(self):
        hello = self.worker.hello
        self.assertEqual(hello["protocol"], 2)
        self.assertEqual(hello["pid"], self.worker.process.pid)
        self.assertEqual(hello["runtimes"][0]["name"], "pytorch")
        self.assertTrue({"version", "missing"} & set(hello["runtimes"][0]))
        # measure/machine_json.cc reads each of these.
        self.assertEqual(set(hello["machine"]), {
            "cpu_model", "architecture", "logical_cpus", "usable_cpus", "cpu_quota", "cpu_features", "governor",
            "boost", "max_frequency_khz", "load_1min", "memory_bytes", "memory_available_bytes", "kernel", "os",
            "board", "container", "virtual_machine"})
        self.assertEqual(hello["machine"]["architecture"], platform.machine())
        self.assertEqual(hello["machine"]["usable_cpus"], len(os.sched_getaffinity(0)))

    def test_garbage_is_refused_and_the_worker_goes_on(self):
        for line in (b"", b"garbage", b"[]", b"{", b'"text"', b"\xff\xfe", b"[" * 100_000, b'{"id": "x"}',
                     b'{"id": true, "method": "hello"}',
                     b'{"id": 1.5, "method": "hello"}', b'{"id": -1, "method": "hello"}'):
            answer = self.worker.say(line)
            self.assertIsNone(answer["id"], line[:40])
            self.assertEqual(answer["error"]["code"], 3, line[:40])
        self.assertEqual(self.worker.say('{"id": 5}')["id"], 5)
        self.assertEqual(self.worker.call("hello", protocol=2, client="again")["protocol"], 2)

    def test_a_line_that_is_too_long_is_skipped(self):
        answer = self.worker.say(b"x" * ((16 << 20) + 10))
        self.assertEqual((answer["id"], answer["error"]["message"]), (None, "the line is longer than 16 MiB"))
        self.assertEqual(self.worker.call("hello", protocol=2, client="again")["protocol"], 2)

    def test_unknown_methods_and_fields_are_refused(self):
        self.assertEqual(self.refused('{"id": 1, "method": "profile", "params": {}}')["code"], 4)
        self.assertEqual(self.refused('{"id": 1, "method": "board"}')["code"], 4)
        self.assertIn("'extra'", self.refused('{"id": 1, "method": "memory", "params": {"extra": 1}}')["message"])
        self.assertIn("'more'", self.refused('{"id": 1, "method": "memory", "more": 1}')["message"])
        self.assertIn("'params'", self.refused('{"id": 1, "method": "memory", "params": []}')["message"])

    def test_another_version_is_refused(self):
        with self.assertRaises(Refused) as caught:
            self.worker.call("hello", protocol=1, client="old")
        self.assertEqual(caught.exception.code, 5)

    def test_nothing_runs_without_a_model(self):
        for method, params in (("run", {"inputs": []}), ("inputs", {"samples": [[]]}), ("bench", PLAN), ("memory", {}),
                               ("unload", {})):
            with self.assertRaises(Refused) as caught:
                self.worker.call(method, **params)
            self.assertEqual((caught.exception.code, caught.exception.message), (3, "no model is loaded"), method)

    def test_a_runtime_that_it_is_not_is_refused(self):
        with self.assertRaises(Refused) as caught:
            self.worker.call("load", model={"path": "/x"}, runtime="litert", options={"threads": 1})
        self.assertEqual(caught.exception.code, 4)


class Life(unittest.TestCase):
    def test_the_first_request_is_hello(self):
        with Worker("pytorch", "torchscript", greet=False, path="/model.pt") as worker:
            with self.assertRaises(Refused) as caught:
                worker.call("memory")
            self.assertIn("hello", caught.exception.message)

    def test_shutdown_and_the_end_of_input_end_it(self):
        with Worker("pytorch", "torchscript", greet=False, path="/model.pt") as worker:
            worker.process.stdin.close()
            self.assertEqual(worker.process.wait(20), 0)
        with missing_framework() as worker:
            self.assertEqual(worker.call("shutdown"), {})
            self.assertEqual(worker.process.wait(20), 0)

    def test_an_interrupt_is_the_clients_business(self):
        with missing_framework() as worker:
            worker.process.send_signal(signal.SIGINT)
            time.sleep(0.2)
            self.assertEqual(worker.call("shutdown"), {})

    def test_a_source_that_is_none_ends_it_with_a_message(self):
        for source in ({"framework": "caffe", "kind": "pt2"}, {"framework": "pytorch", "kind": "keras"}):
            with Worker(source["framework"], source["kind"], greet=False, path="/model.pt") as worker:
                self.assertEqual(worker.process.wait(20), 3)
                self.assertIn("is not one of", worker.error_output())
        with Worker("pytorch", "pt2", greet=False, path="relative.pt2") as worker:
            self.assertEqual(worker.process.wait(20), 3)
            self.assertIn("not absolute", worker.error_output())


class Bench(unittest.TestCase):
    def plan(self, **changes):
        return bench.Plan({**PLAN, **changes})

    def test_runs_until_both_limits_are_reached(self):
        now = [0]

        def run(index):
            now[0] += 10_000_000  # 10 ms
        warm_up = {"min_runs": 10, "min_seconds": 0.3, "max_seconds": 10, "tolerance": 0.03}
        timings = bench.time_runs(self.plan(warm_up=warm_up, min_runs=20, min_seconds=0.5), run, None,
                                  clock=lambda: now[0])
        # Windows of 0.1 s are 10 runs; the second agrees with the first, but 0.3 s are asked for: 30 runs.
        self.assertEqual((timings["warm_up"]["runs"], timings["warm_up"]["settled"]), (30, True))
        self.assertAlmostEqual(timings["warm_up"]["seconds"], 0.3)
        self.assertEqual(timings["latencies_ns"], [10_000_000] * 50)

    def test_a_latency_that_grows_does_not_settle(self):
        now = [0]

        def run(index):
            now[0] += 10_000_000 * (index + 1)
        warm_up = {"min_runs": 1, "min_seconds": 0.1, "max_seconds": 10, "tolerance": 0.03}
        timings = bench.time_runs(self.plan(warm_up=warm_up, min_runs=1, min_seconds=0), run, lambda *told: None,
                                  clock=lambda: now[0])
        self.assertFalse(timings["warm_up"]["settled"])
        self.assertEqual(timings["warm_up"]["runs"], 45)  # 10 ms * 45 * 46 / 2 is the first sum beyond 10 s
        self.assertEqual(timings["latencies_ns"], [460_000_000])


class Pt2Check(unittest.TestCase):
    def test_sizes_of_real_programs_pass(self):
        for text in ("s0", "s77", "u0 + 1", "2*s0 - 3", "Max(1, s0//2)", "FloorDiv(s0 + 7, 8)", "Eq(Mod(s5, 2), 0)",
                     "-1", "s0**2", "(s0 < 9) & Ne(s1, 1)", "Piecewise((1, s0 < 2), (s0, true))",
                     "Symbol('s77', positive=True, integer=True)",
                     "Add(Mul(Integer(2), Symbol('s0', integer=True)), Float('0.5', precision=53))"):
            self.assertTrue(torch_pt2_check.is_size(text), text)

    def test_code_does_not_pass(self):
        for text in ("__import__('os')", "exit()", "().__class__", "s0.__class__", "open(s0)", "eval(chr(49))", "'s0'",
                     "lambda: 1", "[x for x in s0]", "s0[0]", "Max(s0, key=s1)", "Symbol('__import__')", "Symbol(s0)",
                     "Float('exit()')", "Integer('exit()')", "sympify('exit()')",
                     "f'{s0}'", "S", "", "s0 if s1 else s2",
                     "(" * 5000 + "s0" + ")" * 5000, None):
            self.assertFalse(torch_pt2_check.is_size(text), str(text)[:60])

    def test_only_operators_are_targets(self):
        for text in ("torch.ops.aten.conv2d.default", "_operator.getitem", "torch.sym_max"):
            self.assertTrue(torch_pt2_check.is_target(text), text)
        for text in ("torch.os.system", "torch.hub.load", "os.system", "torch.ops.load_library", "builtins.eval", 7):
            self.assertFalse(torch_pt2_check.is_target(text), text)


@unittest.skipUnless(platform.machine() == "x86_64", "the machine number below is that of x86-64")
class StubLibraries(unittest.TestCase):
    def test_the_loader_takes_them_and_finds_their_variables(self):
        with tempfile.TemporaryDirectory() as folder:
            for version, variables in (("", ()), ("VERSION_1", ("edgeopt_one", "edgeopt_two"))):
                name = f"libedgeopt_stand_in{len(variables)}.so.7"
                path = pathlib.Path(folder) / name
                path.write_bytes(make_stub_libraries.empty_library(name, 62, version, variables))
                library = ctypes.CDLL(str(path))
                for variable in variables:
                    self.assertEqual(ctypes.c_int64.in_dll(library, variable).value, 0)
                with self.assertRaises(ValueError):
                    ctypes.c_int.in_dll(library, "edgeopt_three")
                self.assertEqual(make_stub_libraries.needed_libraries(path), ([], 62))

    def test_reads_what_a_real_library_needs(self):
        library = next(path for path in (pathlib.Path("/lib/x86_64-linux-gnu/libm.so.6"),
                                         pathlib.Path("/lib64/libm.so.6")) if path.exists())
        names, machine = make_stub_libraries.needed_libraries(library)
        self.assertEqual(machine, 62)
        self.assertIn("libc.so.6", names)
        self.assertEqual(make_stub_libraries.needed_libraries(WORKER / "__init__.py"), ([], None))


if __name__ == "__main__":
    unittest.main()
