#!/usr/bin/python3
"""The main job on another machine: optimize --host, resume after a lost connection, verify --host, several hosts at once.
The other machine is a real sshd on the loopback interface (support/sshd.py)."""
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary
from fashion import make_run
from sshd import HOST, SshdTest

LABEL = "Host Estimate (not target hardware)"
RUN = ["--data", "data:t10k", "--calibration", "data:train", "--preprocessing", "pre.toml", "--metric", "top1", "--threads", "1"]
OPTIMIZE = ["optimize", "net.onnx", *RUN, "--host", HOST]
QUICK = ["--threads", "1", "--seconds", "0.02"]


class RemoteWorkflowTest(SshdTest):
    """One sshd serves all tests, and one finished run those that only look at it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shared = cls.place / "shared"
        cls.shared.mkdir()
        make_run(cls.shared, validation=200)
        cls.process = subprocess.run([EDGEOPT, *OPTIMIZE, "--sustained", "2s", "--json"], cwd=cls.shared,
                                     env=cls.sshd.environment(), capture_output=True, text=True, check=False, timeout=400,
                                     stdin=subprocess.DEVNULL)

    def run_edgeopt(self, *arguments, **options):
        """Patiently: whole runs are measured here."""
        return subprocess.run([EDGEOPT, *map(str, arguments)], capture_output=True, text=True, errors="replace", check=False,
                              timeout=500, stdin=subprocess.DEVNULL, cwd=self.folder, env=self.sshd.environment(), **options)

    def finished(self):
        """The document of the shared run; the test works in its folder."""
        self.assertEqual(self.process.returncode, DONE, self.process.stdout + self.process.stderr)
        self.folder = self.shared
        return json.loads(self.process.stdout)

    def prepare(self):
        """What a run of the test's own takes, in its folder."""
        make_run(self.folder, validation=200)

    def test_every_number_is_of_the_host(self):
        record = self.finished()["record"]
        self.assertEqual(record["measuring"]["host"], HOST)
        self.assertEqual(record["device"], "cpu-generic")  # recognized
        self.assertEqual(record["latency_label"], "")
        self.kept_but_for_simplify(record)
        for step in record["steps"]:
            conditions = step["measured_under"]["conditions"]
            self.assertEqual(conditions["clocks"], "as they were")
            self.assertGreaterEqual(conditions["samples"], 2)
            self.assertIsInstance(conditions["throttled"], list)
        self.assertTrue(list(self.sshd.home.glob(".cache/edgeopt/agents/store/*")))
        self.assertEqual(self.sshd.agents(), [])

    def test_the_report_says_where(self):
        document = self.finished()
        self.assertEqual(document["measured_on"], {"host": HOST, "clocks": "as they were"})
        text = (self.folder / "net_edgeopt/report.md").read_text()
        self.assertIn(f"- **Measured on**: {HOST} (", text)
        self.assertIn("clocks not locked", text)

    def test_what_ships_was_under_load(self):
        document = self.finished()
        sustained = document["record"]["sustained"]
        self.assertEqual(sustained["step"], document["verdict"]["variant"])
        seconds = sustained["windows"][-1]["end_s"] - sustained["windows"][0]["begin_s"]
        self.assertGreaterEqual(seconds, 1.9)
        self.assertGreater(document["sustained"]["steady_p50_ms"], 0)
        work = self.folder / "net_edgeopt"
        self.assertIn("### Sustained Load", (work / "report.md").read_text())
        for folder in (work, work / "net_package"):
            self.assertIn("<svg", (folder / "sustained.svg").read_text())

    def test_a_finished_run_needs_no_host(self):
        self.finished()
        process = subprocess.run([EDGEOPT, "resume", "net_edgeopt"], cwd=self.folder, capture_output=True, text=True,
                                 check=False, timeout=60, env=dict(self.sshd.environment(), PATH="/nowhere"))
        self.assertEqual(process.returncode, DONE, process.stderr)

    def test_a_package_verifies_there(self):
        self.finished()
        document = self.json("verify", "net_edgeopt/net_package.tar.zst", "--host", HOST)
        self.assertTrue(document["pass"])
        self.assertEqual(document["host"]["name"], HOST)
        text = self.done("verify", "net_edgeopt/net_package", "--host", HOST).stdout
        self.assertTrue(text.startswith(f"On {HOST}: "), text)
        self.fails(USAGE, "another machine", "verify", "net_edgeopt/net_package", "--agent-files", ".")

    def test_packaged_again_from_there(self):
        self.finished()
        with tempfile.TemporaryDirectory() as folder:
            self.done("package", "net_edgeopt", "-o", pathlib.Path(folder) / "net")
            self.assertTrue(self.json("verify", pathlib.Path(folder) / "net")["pass"])

    def test_another_device_keeps_its_label(self):
        self.prepare()
        process = self.run_edgeopt("optimize", "net.onnx", *RUN, "--device", "raspberry-pi-5", "--host", HOST, "--dry-run")
        self.assertEqual(process.returncode, DONE, process.stderr)
        self.assertIn(f"latencies are measured on '{HOST}', {LABEL}", process.stderr)
        document = self.json("preflight", "net.onnx", *RUN, "--device", "raspberry-pi-5", "--host", HOST)
        items = {item["name"]: item for item in document["items"]}
        self.assertEqual((items["host"]["level"], items["device"]["level"]), ("pass", "warn"))

    def test_a_host_that_can_not_be_reached_writes_nothing(self):
        self.prepare()
        self.fails(UNAVAILABLE, "host: ", "optimize", "net.onnx", *RUN, "--host", f"{HOST}:1")
        self.assertFalse((self.folder / "net_edgeopt").exists())

    def test_options_that_do_not_go_together(self):
        self.write("net.onnx", classifier())
        self.fails(USAGE, "--sudo is for --lock-clocks", *OPTIMIZE, "--sudo")
        self.fails(USAGE, "--power-mode is for --lock-clocks", *OPTIMIZE, "--power-mode", "2")
        self.fails(USAGE, "another machine", "optimize", "net.onnx", *RUN, "--agent-files", ".")
        self.fails(USAGE, "no length of time", *OPTIMIZE, "--sustained", "soon")
        self.fails(USAGE, "named twice", *OPTIMIZE, "--host", HOST)
        self.fails(USAGE, "named twice", "bench", "net.onnx", "--host", HOST, "--host", HOST)
        self.fails(USAGE, "--plot is for one host", "bench", "net.onnx", "--host", HOST, "--host", "other", "--sustained", "1s",
                   "--plot", "load.svg")
        for command in (["profile", "net.onnx"], ["evaluate", "net.onnx", "--data", "d.npz", "--metric", "top1"]):
            self.assertEqual(self.run_edgeopt(*command, "--host", HOST, "--host", "other").returncode, USAGE)

    def test_clocks_are_locked_or_the_run_says_why_not(self):
        self.prepare()
        process = self.run_edgeopt(*OPTIMIZE, "--sustained", "0", "--lock-clocks", "--latency-target", "10000", "--json")
        self.assertEqual(process.returncode, DONE, process.stderr)
        document = json.loads(process.stdout)
        clocks = document["measured_on"]["clocks"]
        if clocks != "locked":
            self.assertTrue(clocks.startswith("clocks not locked: "), clocks)
            self.assertIn(clocks, process.stderr)
        self.assertEqual(document["record"]["steps"][0]["measured_under"]["conditions"]["clocks"], clocks)
        self.assertIsNone(document["record"]["sustained"])
        self.assertFalse((self.sshd.home / ".cache/edgeopt/clocks/clocks.json").exists())  # set back

    def test_a_lost_connection_and_resume(self):
        self.prepare()
        state = self.folder / "net_edgeopt/state.json"
        process = subprocess.Popen([EDGEOPT, *OPTIMIZE, "--sustained", "0", "--quiet"], cwd=self.folder, text=True,
                                   env=self.sshd.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            # The baseline is measured, and a variant's turn has come.
            if state.exists() and len(json.loads(state.read_text())["record"]["steps"]) > 1 and self.sshd.agents():
                break
            time.sleep(0.05)
        # One cut may fall between the agents of two steps.
        while time.monotonic() < deadline and process.poll() is None:
            self.sshd.cut()
            time.sleep(0.05)
        out, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, UNAVAILABLE, out + err)
        self.assertIn(HOST, err)
        self.assertIn("go on with 'edgeopt resume net_edgeopt'", err)
        before = json.loads(state.read_text())
        self.assertFalse(before["finished"])
        self.assertNotIn("failed", [step["decision"] for step in before["record"]["steps"]])
        document = self.json("resume")
        self.assertEqual(document["record"]["measuring"]["host"], HOST)
        self.kept_but_for_simplify(document["record"])
        self.assertEqual(document["record"]["steps"][0]["latency"], before["record"]["steps"][0]["latency"])

    def test_bench_on_two_hosts(self):
        model = self.write("m.onnx", classifier())
        other = self.trust_second_host()
        document = self.json("bench", model, "--host", HOST, "--host", other, *QUICK)
        self.assertEqual([entry["host"]["name"] for entry in document["hosts"]], [HOST, other])
        for entry in document["hosts"]:
            self.assertGreaterEqual(entry["models"][0]["runs"], 100)
        text = self.done("bench", model, "--host", HOST, "--host", other, *QUICK).stdout
        self.assertRegex(text, rf"(?m)^  {HOST} +{model}")
        self.assertRegex(text, rf"(?m)^  {other} +{model}")

    def test_a_host_that_fails_does_not_hinder_the_others(self):
        model = self.write("m.onnx", classifier())
        process = self.run_edgeopt("bench", model, "--host", HOST, "--host", f"{HOST}:1", *QUICK, "--json")
        self.assertEqual(process.returncode, UNAVAILABLE, process.stderr)
        document = json.loads(process.stdout)
        self.assertGreater(document["hosts"][0]["models"][0]["runs"], 0)
        self.assertEqual(document["hosts"][1]["error"]["code"], UNAVAILABLE)
        self.assertIn(f"{HOST}:1", document["error"]["message"])

    def test_optimize_on_two_hosts(self):
        self.prepare()
        other = self.trust_second_host()
        process = self.run_edgeopt(*OPTIMIZE, "--host", other, "--host", f"{HOST}:1", "--sustained", "0", "--json")
        self.assertEqual(process.returncode, UNAVAILABLE, process.stderr)  # of the one that nobody reaches
        runs = json.loads(process.stdout)["hosts"]
        self.assertEqual([run["host"] for run in runs], [HOST, other, f"{HOST}:1"])
        for run in runs[:2]:
            self.assertTrue(run["verdict"]["pass"])
            self.assertEqual(run["record"]["measuring"]["host"], run["host"])
            self.assertTrue(pathlib.Path(run["package_archive"]).exists())
        self.assertEqual(pathlib.Path(runs[0]["work"]).parent, self.folder / "net_edgeopt")
        self.assertEqual(runs[2]["error"]["code"], UNAVAILABLE)
        self.assertFalse(pathlib.Path(runs[2]["work"]).exists())
        self.done("status", runs[1]["work"])

    def trust_second_host(self):
        """The name 127.0.0.1:PORT for the same machine: no name of the configuration, so that user and key are said here."""
        config = self.sshd.folder / "ssh_config"
        text = config.read_text()
        self.addCleanup(config.write_text, text)
        user = next(line.split()[1] for line in text.splitlines() if line.strip().startswith("User "))
        config.write_text(text.replace("Host *\n", f"Host 127.0.0.1\n  User {user}\n  IdentityFile {self.sshd.folder}/user_key\n"
                                                   "Host *\n"))
        return f"127.0.0.1:{self.sshd.port}"


if __name__ == "__main__":
    unittest.main()
