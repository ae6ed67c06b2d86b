#!/usr/bin/python3
"""Faults at every point of the agent protocol over a real sshd: the connection is cut, the agent is killed, it talks nonsense,
its disk is full. Each ends in one clear error that names the host, leaves nothing half-written there, and the next run works.

The other machine's agent is replaced by a shim that passes lines through and acts when a given method is asked for. Silence
is tested with a client that is less patient (tests/measure/agent_client_test.cc), locked clocks on a board made of files
(tests/measure/agent_board_test.cc)."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary
from sshd import HOST, SshdTest

QUICK = ["--threads", "1", "--seconds", "0.02"]
# What `bench` asks, in order: each is struck, and each by more than one fault.
CUT_AT, KILLED_AT = ["hello", "put", "run", "bench"], ["has", "load", "inputs", "watch", "bench"]
GARBAGE_AT, HALF_AT = ["hello", "put", "load", "run"], ["inputs", "bench"]

# In the place of bin/edgeopt there. PLAN is written by the test: {"method", "fault"}; SEEN gets the methods.
SHIM = """#!/usr/bin/python3
import json, os, resource, signal, subprocess, sys
REAL, PLAN, SEEN = sys.argv[0] + ".real", @PLAN@, @SEEN@
if sys.argv[1:2] != ["agent"]:
    os.execv(REAL, sys.argv)
plan = json.load(open(PLAN))

def room():
    if plan["fault"] == "full":  # for files; the log of this shim is open by then
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

agent = subprocess.Popen(["./bin/edgeopt", *sys.argv[1:]], executable=REAL, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         preexec_fn=room)

def sshd():
    pid = os.getppid()
    while True:
        fields = open(f"/proc/{pid}/stat").read()
        if fields[fields.index("(") + 1:].startswith("sshd"):
            return pid
        pid = int(fields.rpartition(")")[2].split()[1])

seen = open(SEEN, "a", buffering=1)
for line in sys.stdin.buffer:
    method = json.loads(line)["method"]
    print(method, file=seen)
    strikes = method == plan["method"]
    if strikes and plan["fault"] == "kill":
        agent.kill()
        agent.wait()
        os.kill(os.getpid(), signal.SIGKILL)
    agent.stdin.write(line)
    agent.stdin.flush()
    if strikes and plan["fault"] == "cut":
        os.kill(sshd(), signal.SIGKILL)
    answer = agent.stdout.readline()
    while b'"progress"' in answer[:60]:
        answer = agent.stdout.readline()
    if strikes and plan["fault"] == "garbage":
        answer = b"\\xff no JSON {\\n"
    if strikes and plan["fault"] == "half":
        answer = answer[:len(answer) // 2] + b"\\n"
    if strikes and plan["fault"] == "version":
        hello = json.loads(answer)
        hello["result"]["protocol"] = 1
        answer = json.dumps(hello).encode() + b"\\n"
    try:
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        break
agent.stdin.close()
sys.exit(agent.wait())
"""


class RemoteFaultsTest(SshdTest):
    """One sshd, and one agent with the shim, serve all tests."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan, cls.seen = cls.place / "plan.json", cls.place / "seen"
        subprocess.run([EDGEOPT, "device", "probe", HOST], env=cls.sshd.environment(), check=True, capture_output=True,
                       timeout=120)
        agents = cls.sshd.home / ".cache/edgeopt/agents"
        cls.store = agents / "store"
        (program,) = agents.glob("*/bin/edgeopt")
        program.rename(program.with_name("edgeopt.real"))
        program.write_text(SHIM.replace("@PLAN@", repr(str(cls.plan))).replace("@SEEN@", repr(str(cls.seen))))
        program.chmod(0o755)

    def setUp(self):
        super().setUp()
        self.addCleanup(lambda: [tool.unlink() for tool in self.sshd.tools.iterdir()])
        self.models = 0
        self.strike(None, None)

    def strike(self, method, fault):
        self.plan.write_text(json.dumps({"method": method, "fault": fault}))
        self.seen.write_text("")

    def run_edgeopt(self, *arguments, **options):
        return super().run_edgeopt(*arguments, env=self.sshd.environment(), **options)

    def new_model(self):
        """One that the store there lacks: onnx.ModelProto's producer_version (3) tells them apart."""
        self.models += 1
        return self.write(f"m{self.models}.onnx", classifier().bytes() + field(3, f"{self.id()} {self.models}"))

    def half_written(self):
        agents = self.store.parent
        return [str(path.relative_to(agents)) for path in agents.rglob("*") if ".part." in path.name or ".tmp." in path.name]

    def assert_nothing_half_written(self):
        """What the other side's shell removes, it removes after the connection has ended."""
        deadline = time.monotonic() + 20
        while self.half_written() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(self.half_written(), [])

    def each(self, methods, fault, told, left=()):
        """The fault at each of the methods; `told` must be in the error line. `left`: methods after which a dead agent leaves
        something, which the next ones remove."""
        for method in methods:
            with self.subTest(method=method, fault=fault):
                self.strike(method, fault)
                model = self.new_model()
                process = self.run_edgeopt("bench", model, "--host", HOST, *QUICK)
                output = process.stdout + process.stderr
                self.assertEqual(self.seen.read_text().split()[-1:], [method], output)  # the fault did strike
                self.assertEqual((process.returncode, process.stdout), (UNAVAILABLE, ""), output)
                errors = [line for line in process.stderr.splitlines() if line.startswith("error: ")]
                self.assertEqual(len(errors), 1, output)
                self.assertRegex(errors[0], rf"during '{method}'.*{told}", output)
                self.assertIn(f"'{HOST}'", errors[0])
                self.nothing_runs_there()
                self.forget_old_leftovers()
                if method not in left:
                    self.assert_nothing_half_written()
        self.strike(None, None)
        self.done("bench", self.new_model(), "--host", HOST, *QUICK)
        self.assert_nothing_half_written()

    def nothing_runs_there(self):
        deadline = time.monotonic() + 20
        while self.sshd.agents() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(self.sshd.agents(), [])

    def forget_old_leftovers(self):
        """Makes what is left two hours old: the next agent removes it."""
        past = time.time() - 7200
        for name in self.half_written():
            os.utime(self.store.parent / name, (past, past))

    def test_a_connection_that_is_cut(self):
        self.each(CUT_AT, "cut", f"'{HOST}' (closed the connection|is no longer connected)")

    def test_an_agent_that_is_killed(self):
        """It had no chance to tidy up: what it had laid out stays until the next agent starts."""
        self.each(KILLED_AT, "kill", f"killed on '{HOST}' by signal 9", left=("inputs", "watch", "bench"))

    def test_an_agent_that_talks_nonsense(self):
        self.each(GARBAGE_AT, "garbage", "does not follow the protocol")
        self.each(HALF_AT, "half", "does not follow the protocol")

    def test_what_was_measured_before_the_fault_is_told(self):
        self.strike("memory", "kill")
        self.assertIn("unmeasured", self.done("bench", self.new_model(), "--host", HOST, *QUICK).stdout)

    def test_an_agent_of_another_version(self):
        self.strike("hello", "version")
        process = self.fails(UNAVAILABLE, "speaks version 1 of the protocol", "bench", self.new_model(), "--host", HOST)
        self.assertIn(f"'{HOST}'", process.stderr)
        self.assertIn("same edgeopt on both sides", process.stderr)

    def test_a_disk_that_fills_while_the_model_is_sent(self):
        """The limit of a file's size stands for it: write() fails in the middle of the model."""
        self.strike("put", "full")
        process = self.run_edgeopt("bench", self.new_model(), "--host", HOST, *QUICK)
        self.assertEqual((process.returncode, process.stdout), (UNAVAILABLE, ""), process.stderr)
        self.assertRegex(process.stderr, r"(?m)^error: .*store/[0-9a-f]{64}.*")
        self.assert_nothing_half_written()
        process = self.run_edgeopt("bench", self.new_model(), "--host", HOST, *QUICK, "--json")
        self.assertTrue(json.loads(process.stdout)["error"]["environment"], process.stdout)  # a run ends, no step fails
        self.strike(None, None)
        self.done("bench", self.new_model(), "--host", HOST, *QUICK)

    def with_an_empty_home(self):
        """As before anything was copied; the shim's agent is put back afterwards."""
        cache, aside = self.sshd.home / ".cache", self.sshd.folder / "aside"
        cache.rename(aside)

        def put_back():
            shutil.rmtree(cache, ignore_errors=True)
            aside.rename(cache)
        self.addCleanup(put_back)

    def test_faults_while_the_agent_is_copied(self):
        self.with_an_empty_home()
        # `cat` is what takes a file from the connection; with /dev/null behind it, it only holds the connection open.
        receive = ('if [ "$(readlink /proc/$$/fd/1)" = /dev/null ]; then exec /bin/cat; fi\n'
                   "head -c 5000\n")
        cases = {"cat: write error: No space left on device": "device clean", "cat: -: Input/output error": ""}
        for words, hint in cases.items():
            self.sshd.tool("cat", receive + f"echo '{words}' >&2\nexit 1\n")
            process = self.fails(UNAVAILABLE, words, "device", "probe", HOST)
            self.assertIn(f"on '{HOST}': can't store '", process.stderr)
            self.assertIn(hint, process.stderr)
            self.assert_nothing_half_written()
        self.sshd.tool("cat", receive)  # cut off, and nobody says so
        self.fails(UNAVAILABLE, "damaged or cut off", "device", "probe", HOST)
        # The server's side of the connection dies: the process above the shell that runs this.
        self.sshd.tool("cat", receive + "kill -9 $(ps -o ppid= -p $PPID)\n")
        process = self.fails(UNAVAILABLE, f"'{HOST}'", "device", "probe", HOST)
        self.assertRegex(process.stderr, "closed the connection|no longer connected")
        for tool in list(self.sshd.tools.iterdir()):
            tool.unlink()
        self.assert_nothing_half_written()
        self.done("device", "probe", HOST)

    def test_faults_before_anything_is_copied(self):
        self.with_an_empty_home()
        self.sshd.tool("uname", "exit 1\n")
        self.fails(UNAVAILABLE, "uname", "device", "probe", HOST)
        self.sshd.tool("uname", "kill -9 $(ps -o ppid= -p $PPID)\n")
        self.fails(UNAVAILABLE, f"'{HOST}'", "device", "probe", HOST)
        self.sshd.tool("uname", 'exec /bin/uname "$@"\n')
        self.sshd.tool("sha256sum", "exit 1\n")
        self.fails(UNAVAILABLE, "can't store", "device", "probe", HOST)
        self.sshd.tool("sha256sum", 'exec /usr/bin/sha256sum "$@"\n')
        self.sshd.tool("mv", "echo 'mv: cannot move: No space left on device' >&2\nexit 1\n")
        self.fails(UNAVAILABLE, "No space left", "device", "probe", HOST)
        self.assert_nothing_half_written()
        (self.sshd.tools / "mv").unlink()
        self.done("device", "probe", HOST)


if __name__ == "__main__":
    unittest.main()
