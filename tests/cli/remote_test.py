#!/usr/bin/python3
"""--host over a real sshd on the loopback interface (support/sshd.py): the same numbers' shape as here, what is copied
and when, and what is said when the connection, the agent or the other machine fails."""
import array
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from edgeopt_cli import *  # noqa: F403: a test's vocabulary
from sshd import HOST, SshdTest

AGENT = pathlib.Path(EDGEOPT).with_name("edgeopt-agent")  # what is copied
QUICK = ["--threads", "1", "--seconds", "0.02"]
# A run takes some microseconds, and a benchmark ends after 100,000 runs where no more are asked for.
LONG = ["--threads", "1", "--seconds", "60", "--runs", "1000000"]


class RemoteTest(SshdTest):
    """One sshd serves all tests; each finds the remote home as it was, empty."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.forget)
        self.model = self.write("m.onnx", classifier())

    def forget(self):
        for entry in [*self.sshd.home.iterdir(), *self.sshd.tools.iterdir()]:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def run_edgeopt(self, *arguments, **options):
        return super().run_edgeopt(*arguments, env=self.sshd.environment(), **options)

    def agents_folder(self):
        return self.sshd.home / ".cache/edgeopt/agents"

    def shape(self, value):
        """Names and types, without numbers and texts."""
        if isinstance(value, dict):
            return {key: self.shape(entry) for key, entry in value.items()}
        if isinstance(value, list):
            return [self.shape(value[0])] if value and not isinstance(value[0], str) else "texts"
        return "number" if type(value) in (int, float) else type(value).__name__

    def test_tensors_larger_than_a_line_go_in_pieces(self):
        """13 MB to the board and 13 MB back; that bytes stay what they are is tests/measure/agent_transfer_test.cc's."""
        side = [1, 1200, 1400, 2]
        twice = Model([node("Add", ["x", "x"], ["y"])], [value_info("x", side)], [value_info("y", side)])
        model = self.write("large.onnx", twice)
        rows = self.json("bench", model, "--host", HOST, *QUICK)["models"]
        self.assertGreaterEqual(rows[0]["runs"], 100)
        data = self.folder / "x.npy"
        count = 1200 * 1400 * 2
        data.write_bytes(npy(side, array.array("f", (i % 251 for i in range(count)))))
        score = self.json("evaluate", model, "--metric", "cosine", "--data", data, "--baseline", model, "--host", HOST)
        self.assertAlmostEqual(score["value"], 1)

    def test_bench_says_the_same_as_here_and_where_it_was(self):
        here, there = self.json("bench", self.model, *QUICK), self.json("bench", self.model, "--host", HOST, *QUICK)
        self.assertEqual(there.pop("host"), {"name": HOST, "device": "cpu-generic"})
        self.assertEqual(sorted(there), sorted(here))
        for part in ("models", "machine"):
            self.assertEqual(self.shape(there[part]), self.shape(here[part]))
        self.assertEqual(there["machine"]["cpu_model"], here["machine"]["cpu_model"])
        self.assertEqual(there["inputs"], here["inputs"])
        self.assertNotIn("host", here)
        text = self.done("bench", self.model, "--against", self.write("twin.onnx", classifier()), "--host", HOST, *QUICK).stdout
        self.assertTrue(text.startswith(f"On {HOST}: "), text)
        self.assertIn("(cpu-generic)", text)
        self.assertIn("times as fast", text)
        self.assertEqual(self.sshd.agents(), [])  # they end with what started them

    def test_the_second_time_nothing_is_copied(self):
        first, second = self.json("device", "probe", HOST), self.json("device", "probe", HOST)
        self.assertGreaterEqual(first["agent"]["sent_files"], 2)
        self.assertGreater(first["agent"]["sent_bytes"], os.path.getsize(AGENT))
        self.assertLess(os.path.getsize(AGENT), os.path.getsize(EDGEOPT))
        self.assertEqual((second["agent"]["sent_files"], second["agent"]["sent_bytes"]), (0, 0))
        self.assertEqual(first["agent"]["folder"], second["agent"]["folder"])
        self.done("bench", self.model, "--host", HOST, *QUICK)
        before = contents(self.agents_folder())
        self.done("bench", self.model, "--host", HOST, *QUICK)
        self.assertEqual(sorted(before), sorted(contents(self.agents_folder())))  # nor was the model

    def test_profile_and_evaluate(self):
        data = self.save_data("d.npz")
        profile = self.json("profile", self.model, "--host", HOST, "--threads", "1", "--runs", "5", "--data", data)
        self.assertIn("dense", [row["node"] for row in profile["nodes"]])
        self.assertEqual(profile["host"]["name"], HOST)
        arguments = ["evaluate", self.model, "--data", data, "--metric", "top1", "--threads", "1"]
        there = self.json(*arguments, "--host", HOST)
        self.assertEqual(there.pop("host")["name"], HOST)
        self.assertEqual(there, self.json(*arguments))

    def test_external_data_goes_along(self):
        weights = normal(80, 3)
        (self.folder / "w.bin").write_bytes(array.array("f", weights).tobytes())
        model = classifier()
        model.initializers[2] = tensor("d", [8, CLASSES], [], external={"location": "w.bin", "length": 320})
        path, data = self.write("outside.onnx", model), self.save_data("d.npz")
        arguments = ["evaluate", path, "--data", data, "--metric", "top1", "--baseline", self.model, "--host", HOST]
        document = self.json(*arguments)
        self.assertEqual(document["value"], document["baseline"]["value"])

    def test_probe_tells_what_the_machine_is(self):
        document = self.json("device", "probe", HOST)
        self.assertEqual(document["device"], "cpu-generic")
        self.assertEqual(document["machine"]["architecture"], os.uname().machine)
        self.assertIn("onnxruntime", [row["name"] for row in document["runtimes"] if "version" in row])
        libc = subprocess.run(["getconf", "GNU_LIBC_VERSION"], capture_output=True, text=True, check=True).stdout.split()[1]
        self.assertEqual(document["glibc"], libc)
        self.assertIn(document["board"]["kind"], ("other", "raspberry-pi", "jetson"))
        text = self.done("device", "probe", HOST).stdout
        for word in (HOST, "cpu-generic", "processor", "governor", "onnxruntime"):
            self.assertIn(word, text)

    def test_profiles_are_listed(self):
        rows = {row["name"]: row for row in self.json("device", "list")["devices"]}
        self.assertEqual(rows["raspberry-pi-5"]["format"], "tflite")
        self.assertEqual(rows["raspberry-pi-5"]["board"], "Raspberry Pi 5")
        self.assertIn("raspberry-pi-4", self.done("device", "list").stdout)
        self.fails(USAGE, "no host", "device", "list", HOST)
        self.fails(USAGE, "needs a HOST", "device", "probe")

    def test_clean_leaves_nothing(self):
        self.done("bench", self.model, "--host", HOST, *QUICK)
        removed = self.json("device", "clean", HOST)["removed"]
        self.assertEqual(removed["folder"], str(self.agents_folder()))
        self.assertEqual(removed["agents"], 1)
        self.assertGreaterEqual(removed["files"], 3)  # program, a runtime, the model
        self.assertEqual(list(self.sshd.home.iterdir()), [])
        self.assertIn("Nothing of edgeopt", self.done("device", "clean", HOST).stdout)

    def test_clean_keeps_what_the_clocks_were(self):
        self.done("device", "probe", HOST)
        journal = self.sshd.home / ".cache/edgeopt/clocks"
        journal.mkdir(parents=True)
        (journal / "clocks.json").write_text("{}")
        self.fails(UNAVAILABLE, "locked by edgeopt", "device", "clean", HOST)
        self.assertTrue(self.agents_folder().exists())
        (journal / "clocks.json").unlink()
        self.done("device", "clean", HOST)
        self.assertEqual(list(self.sshd.home.iterdir()), [])

    def test_lock_locks_or_says_why_not(self):
        """Where this machine has no cpufreq, or no rights, nothing is changed."""
        run = self.run_edgeopt("device", "lock", HOST)
        if run.returncode == DONE:
            self.assertIn("device unlock", run.stdout)
        else:
            self.assertEqual(run.returncode, UNAVAILABLE, run.stderr)
            self.assertIn("the clocks are not locked: ", run.stderr)
        self.assertIn("as they were", self.done("device", "unlock", HOST).stdout)
        self.fails(USAGE, "--power-mode", "device", "unlock", HOST, "--power-mode", "2")

    def while_it_runs(self, act):
        """Runs a long benchmark there, and `act` in the middle of it; returns the process."""
        process = subprocess.Popen([EDGEOPT, "bench", self.model, "--host", HOST, *LONG], cwd=self.folder, text=True,
                                   env=self.sshd.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while not self.sshd.agents() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertTrue(self.sshd.agents(), "no agent was started")
        time.sleep(1.5)
        act()
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, UNAVAILABLE, out + err)
        self.assertEqual(out, "")
        return err

    def nothing_is_left_running(self):
        deadline = time.monotonic() + 20
        while self.sshd.agents() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(self.sshd.agents(), [])

    def test_an_agent_that_is_killed(self):
        err = self.while_it_runs(lambda: [os.kill(pid, signal.SIGKILL) for pid in self.sshd.agents()])
        self.assertRegex(err, r"error: .*during '\w+'.*killed on 'board' by signal 9")
        self.assertIn("memory", err)
        self.done("bench", self.model, "--host", HOST, *QUICK)

    def test_a_connection_that_breaks(self):
        err = self.while_it_runs(self.sshd.cut)
        self.assertRegex(err, r"error: .*during '\w+'.*'board' closed the connection")
        self.assertIn("run the command again", err)
        self.nothing_is_left_running()
        self.done("bench", self.model, "--host", HOST, *QUICK)

    def test_interrupting_ends_the_agent_there(self):
        process = subprocess.Popen([EDGEOPT, "bench", self.model, "--host", HOST, *LONG], cwd=self.folder,
                                   env=self.sshd.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        while not self.sshd.agents() and process.poll() is None:
            time.sleep(0.05)
        process.kill()  # no chance to tidy up
        process.wait()
        self.nothing_is_left_running()

    def test_a_host_that_can_not_be_reached(self):
        self.fails(UNAVAILABLE, "nothing here knows", "bench", self.model, "--host", "nowhere.invalid")
        self.fails(UNAVAILABLE, "refuses the connection", "bench", self.model, "--host", f"{HOST}:1")
        known = self.sshd.folder / "known_hosts"
        text = known.read_text()
        self.addCleanup(known.write_text, text)
        known.write_text("")
        process = self.fails(UNAVAILABLE, "host key that this machine does not know", "device", "probe", HOST)
        self.assertIn("fingerprint", process.stderr)

    def test_a_key_that_is_not_accepted(self):
        accepted = self.sshd.folder / "user_key.pub"
        text = accepted.read_text()
        self.addCleanup(accepted.write_text, text)
        accepted.write_text((self.sshd.folder / "host_key.pub").read_text())
        process = self.fails(UNAVAILABLE, "lets nobody in", "device", "probe", HOST)
        self.assertIn("ssh-copy-id", process.stderr)

    def test_names_that_are_options(self):
        trace = self.folder / "trace"
        name = f"-oProxyCommand=touch {trace}"
        self.fails(USAGE, "begins with '-'", "bench", self.model, f"--host={name}")
        self.assertEqual(self.run_edgeopt("bench", self.model, "--host", name).returncode, USAGE)
        self.assertEqual(self.run_edgeopt("device", "probe", name).returncode, USAGE)
        self.fails(USAGE, "in no name of a host", "bench", self.model, "--host", "$(touch trace)")
        self.fails(USAGE, "another machine", "bench", self.model, "--agent-files", ".")
        self.assertFalse(trace.exists())

    def test_files_for_another_processor_are_refused(self):
        other = "aarch64" if os.uname().machine == "x86_64" else "x86_64"
        self.sshd.tool("uname", f'case $1 in -m) echo {other} ;; *) exec /bin/uname "$@" ;; esac\n')
        files = self.folder / "files"
        (files / "bin").mkdir(parents=True)
        shutil.copy(EDGEOPT, files / "bin/edgeopt")
        library = self.write("libonnxruntime.so.1", b"never read: the program is refused first")
        shutil.move(library, files / "libonnxruntime.so.1")
        (files / "lib/edgeopt").mkdir(parents=True)
        shutil.move(files / "libonnxruntime.so.1", files / "lib/edgeopt")
        self.fails(UNSUPPORTED, f"is built for {os.uname().machine}, '{HOST}' is {other}", "bench", self.model, "--host", HOST,
                   "--agent-files", "files")
        self.sshd.tool("uname", 'case $1 in -m) echo armv7l ;; *) exec /bin/uname "$@" ;; esac\n')
        process = self.fails(UNSUPPORTED, f"'{HOST}' is armv7l", "bench", self.model, "--host", HOST)
        self.assertIn("64-bit", process.stderr)
        self.assertEqual(list(self.sshd.home.iterdir()), [])

    def test_a_system_that_is_too_old(self):
        self.sshd.tool("getconf", 'case $1 in LONG_BIT) echo 64 ;; *) echo glibc 2.19 ;; esac\n')
        self.fails(UNSUPPORTED, f"'{HOST}' has 2.19", "bench", self.model, "--host", HOST)

    def test_a_library_that_is_missing(self):
        """An agent's program that asks for a library which nobody has: a name of the same length in its table of names."""
        files = self.folder / "files"
        files.mkdir()
        program = pathlib.Path(EDGEOPT).read_bytes().replace(b"libcrypto.so.3\0", b"libcryptx.so.9\0")
        (files / "edgeopt").write_bytes(program)
        process = self.fails(UNAVAILABLE, "missing there: libcryptx.so.9", "bench", self.model, "--host", HOST,
                             "--agent-files", "files")
        self.assertIn("--agent-files", process.stderr)

    def test_a_cache_folder_that_can_not_be_written(self):
        (self.sshd.home / ".cache").write_text("a file")
        process = self.fails(UNAVAILABLE, ".cache", "bench", self.model, "--host", HOST, *QUICK)
        self.assertIn("may write", process.stderr)

    def test_a_disk_that_is_full(self):
        self.sshd.tool("df", 'echo header; echo "/dev/x 1000 1000 1 100% /"\n')
        process = self.fails(UNAVAILABLE, "1 MB are free", "bench", self.model, "--host", HOST)
        self.assertIn(f"device clean {HOST}", process.stderr)

    def test_after_a_reboot(self):
        self.done("bench", self.model, "--host", HOST, *QUICK)
        self.sshd.restart()
        self.done("bench", self.model, "--host", HOST, *QUICK)


if __name__ == "__main__":
    unittest.main()
