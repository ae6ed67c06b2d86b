#!/usr/bin/python3
"""`edgeopt agent` against a client that talks nonsense: each line gets one answer of docs/agent-protocol.md, and the agent
goes on."""
import base64
import hashlib
import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary

HELLO = {"id": 0, "method": "hello", "params": {"protocol": 2, "client": "test"}}
OPTIONS = {"threads": 1, "optimization": "all", "spin": False, "arena": True, "kernels": "xnnpack"}
PLAN = {"warm_up": {"min_runs": 1, "min_seconds": 0.0, "max_seconds": 1.0, "tolerance": 0.1}, "min_runs": 1, "min_seconds": 0.0,
        "max_runs": 10}
CODES = {3, 4, 5}  # a client's mistakes are never our bug (70)


class AgentTest(CliTest):
    def talk(self, *lines):
        """Answers to the lines (bytes, or objects that become JSON), progress left out; the agent must end by itself."""
        data = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
        process = subprocess.run([EDGEOPT, "agent"], input=data, capture_output=True, check=False, timeout=120,
                                 cwd=self.folder)
        self.assertEqual(process.returncode, DONE, process.stderr)
        answers = [json.loads(line) for line in process.stdout.splitlines()]
        return [answer for answer in answers if "progress" not in answer]

    def refused(self, answer, number):
        self.assertEqual(set(answer), {"id", "error"}, answer)
        self.assertEqual(answer["id"], number, answer)
        self.assertIn(answer["error"]["code"], CODES, answer)
        self.assertTrue(answer["error"]["message"], answer)

    def test_lines_that_are_no_requests(self):
        lines = [b"", b"garbage", b"{", b"[]", b"null", b"7", b'"hello"', b"\xff\xfe\x00", b'{"id": 1', b"{}",
                 b'{"id": "one", "method": "hello"}', b'{"id": -1, "method": "hello"}', b'{"id": 1e3, "method": "hello"}',
                 b'{"id": 99999999999999999999, "method": "hello"}', b"[" * 100000, b'{"a":' * 100000,
                 b'{"method": "hello"}', b"\x00" * 1000]
        answers = self.talk(*lines)
        self.assertEqual(len(answers), len(lines))
        for answer in answers:
            self.refused(answer, None)

    def test_requests_that_are_wrong_keep_their_id(self):
        digest = "0" * 64
        wrong = [("bench", {}), ("explode", {}), ("has", {"files": "x"}), ("has", {"files": ["../../etc/passwd"]}),
                 ("put", {"sha256": digest, "size": 1 << 60, "offset": 0, "data": "AAAA"}),
                 ("put", {"sha256": digest, "size": 3, "offset": 7, "data": "AAAA"}),
                 ("put", {"sha256": digest, "size": 3, "offset": 0, "data": "!!!!"}),
                 ("put", {"sha256": digest, "size": 3, "offset": 0, "data": "AAAA"}),  # its hash is another
                 ("load", {"model": {"path": "/etc/passwd"}, "runtime": "onnxruntime", "options": {}}),
                 ("load", {"model": {"path": "relative.onnx"}, "runtime": "onnxruntime", "options": {}}),
                 ("load", {"model": {"files": [{"name": "../x", "sha256": digest}]}, "runtime": "onnxruntime", "options": {}}),
                 ("load", {"model": {"path": "/x"}, "runtime": "tensorrt", "options": {"threads": -1}}),
                 ("run", {"inputs": []}), ("inputs", {"samples": []}), ("memory", {}), ("unload", {}), ("profile", {"runs": 1}),
                 ("hello", {"protocol": 3, "client": "x"}), ("memory", {"surprise": 1}), ("shutdown", [])]
        answers = self.talk(HELLO, *({"id": 10 + i, "method": method, "params": params}
                                     for i, (method, params) in enumerate(wrong)), {"id": 99, "method": "shutdown"})
        self.assertEqual(len(answers), len(wrong) + 2)
        self.assertIn("result", answers[0])
        for i, answer in enumerate(answers[1:-1]):
            with self.subTest(request=wrong[i]):
                self.refused(answer, 10 + i)
        self.assertEqual(answers[-1], {"id": 99, "result": {}})

    def test_hello_comes_first(self):
        self.refused(self.talk({"id": 4, "method": "memory", "params": {}})[0], 4)

    def test_a_line_that_is_too_long_is_skipped(self):
        answers = self.talk(HELLO, b'{"id": 1, "method": "' + b"x" * (17 << 20) + b'"}', {"id": 2, "method": "shutdown"})
        self.refused(answers[1], None)
        self.assertEqual(answers[2], {"id": 2, "result": {}})

    def load(self):
        path = self.write("model.onnx", classifier())
        return {"id": 1, "method": "load", "params": {"model": {"path": path}, "runtime": "onnxruntime", "options": OPTIONS}}

    def test_tensors_that_are_wrong(self):
        whole = base64.b64encode(bytes(3072)).decode()
        right = {"name": "x", "type": "float32", "dims": [1, 3, 16, 16], "data": whole}
        changes = [{"dims": [1, 3, 16, 17]}, {"dims": [1 << 40, 1 << 40]}, {"dims": [-1]}, {"dims": "x"}, {"type": "float99"},
                   {"type": "int8"}, {"name": "other"}, {"data": "AAAA"}, {"data": 7}, {"offset": 0}, {"strings": ["a"]},
                   {"surprise": 1}]
        requests = [{"id": 2 + i, "method": "run", "params": {"inputs": [{**right, **change}]}}
                    for i, change in enumerate(changes)]
        requests.append({"id": 50, "method": "run", "params": {"inputs": [right, right]}})
        requests.append({"id": 51, "method": "run", "params": {"inputs": []}})
        answers = self.talk(HELLO, self.load(), *requests, {"id": 60, "method": "run", "params": {"inputs": [right]}})
        self.assertIn("result", answers[1])
        for request, answer in zip(requests, answers[2:-1]):
            with self.subTest(request=request["params"]["inputs"][0] if request["params"]["inputs"] else None):
                self.refused(answer, request["id"])
        self.assertEqual(answers[-1]["result"]["outputs"][0]["dims"], [1, CLASSES])

    def test_absurd_benchmarks(self):
        right = {"name": "x", "type": "float32", "dims": [1, 3, 16, 16], "data": base64.b64encode(bytes(3072)).decode()}
        plans = [{"min_runs": 0}, {"min_runs": -5}, {"min_runs": 1 << 62}, {"min_seconds": -1}, {"min_seconds": 1e300},
                 {"max_runs": 0}, {"warm_up": 7}]
        answers = self.talk(HELLO, self.load(), {"id": 2, "method": "inputs", "params": {"samples": [[right]]}},
                            *({"id": 3 + i, "method": "bench", "params": {**PLAN, **plan}} for i, plan in enumerate(plans)))
        self.assertEqual(answers[2]["result"], {"count": 1})
        for plan, answer in zip(plans, answers[3:]):
            with self.subTest(plan=plan):
                self.refused(answer, answer["id"])

    def test_random_damage_never_ends_the_agent(self):
        generator = random.Random(7)
        text = json.dumps(HELLO).encode()
        lines = []
        for _ in range(300):
            damaged = bytearray(text)
            for _ in range(generator.randrange(1, 5)):
                damaged[generator.randrange(len(damaged))] = generator.choice(b'{}[]":,0189aetrx\\\xff ')
            lines.append(bytes(damaged))
        self.assertEqual(len(self.talk(*lines)), len(lines))

    def test_a_file_sent_in_pieces(self):
        model = classifier().bytes()
        digest = hashlib.sha256(model).hexdigest()
        half = len(model) // 2
        pieces = [{"id": 1 + i, "method": "put", "params": {"sha256": digest, "size": len(model), "offset": offset,
                                                            "data": base64.b64encode(piece).decode()}}
                  for i, (offset, piece) in enumerate(((0, model[:half]), (half, model[half:])))]
        load = {"id": 5, "method": "load", "params": {"model": {"files": [{"name": "m.onnx", "sha256": digest}]},
                                                      "runtime": "onnxruntime", "options": OPTIONS}}
        answers = self.talk(HELLO, *pieces, load)
        self.assertEqual([answer["result"]["complete"] for answer in answers[1:3]], [False, True])
        self.assertEqual(answers[3]["result"]["inputs"][0]["dims"], [1, 3, 16, 16])


if __name__ == "__main__":
    unittest.main()
