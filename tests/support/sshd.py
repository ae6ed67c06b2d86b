"""A real sshd on the loopback interface, for tests of what goes over ssh: its host key, the user's key, its port, its
configuration and the home that it gives its sessions lie in one temporary folder.

    with Sshd(folder) as sshd:
        subprocess.run([...], env=sshd.environment())   # `ssh board` reaches it

The `ssh` of environment() is the system's with a configuration of its own: ssh reads the home of the account, not $HOME.
"""
import os
import pathlib
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from edgeopt_cli import CliTest

PRIVILEGE_SEPARATION = pathlib.Path("/run/sshd")  # compiled into Debian's sshd; on a booted system systemd makes it
HOST = "board"
SERVER_CONFIG = """\
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/user_key.pub
AuthenticationMethods publickey
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PrintMotd no
SetEnv HOME={home} PATH={tools}:{path}
"""
CLIENT_CONFIG = """\
Host {host}
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {folder}/user_key
Host *
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
"""


def needed(program):
    path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if path is None:
        raise RuntimeError(f"{program} is not there; tools/setup installs openssh-server and openssh-client")
    return path


def make_key(path):
    subprocess.run([needed("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)], check=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def processes():
    """pid: (parent, command line) of everything that runs."""
    found = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            status = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if status[0] != "Z":
            found[int(entry.name)] = (int(status[1]), b" ".join(words).decode(errors="replace"))
    return found


class Sshd:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.home = self.folder / "remote home"  # with a space: nothing may rely on there being none
        self.tools = self.folder / "remote-tools"  # first on the remote PATH
        self.bin = self.folder / "local-bin"
        for made in (self.home, self.tools, self.bin):
            made.mkdir(parents=True)
        self.process, self.port = None, 0

    def __enter__(self):
        make_key(self.folder / "host_key")
        make_key(self.folder / "user_key")
        if os.geteuid() == 0:
            PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
        self.make_ssh()
        for _ in range(5):  # the port may be taken between looking and listening
            self.start(free_port())
            if self.listening():
                return self
            self.__exit__()
        raise RuntimeError("sshd did not start: " + (self.folder / "sshd.log").read_text(errors="replace"))

    def __exit__(self, *_):
        if self.process is None:
            return
        self.cut()
        self.process.kill()
        self.process.wait()
        self.process = None

    def start(self, port):
        self.port = port
        user = pwd.getpwuid(os.geteuid()).pw_name
        public = (self.folder / "host_key.pub").read_text()
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}")
        (self.folder / "sshd_config").write_text(SERVER_CONFIG.format(
            port=port, folder=self.folder, home=f'"{self.home}"', tools=self.tools, path="/usr/local/bin:/usr/bin:/bin"))
        (self.folder / "ssh_config").write_text(CLIENT_CONFIG.format(host=HOST, port=port, user=user, folder=self.folder))
        with open(self.folder / "sshd.log", "ab") as log:
            self.process = subprocess.Popen([needed("sshd"), "-D", "-e", "-f", str(self.folder / "sshd_config")],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def restart(self):
        """As after a reboot: the same machine at the same place."""
        self.__exit__()
        self.start(self.port)
        if not self.listening():
            raise RuntimeError("sshd did not start again: " + (self.folder / "sshd.log").read_text(errors="replace"))

    def make_ssh(self):
        wrapper = self.bin / "ssh"
        wrapper.write_text(f"#!/bin/sh\nexec {needed('ssh')} -F {shlex.quote(str(self.folder / 'ssh_config'))} \"$@\"\n")
        wrapper.chmod(0o755)

    def listening(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return True
            time.sleep(0.05)
        return False

    def environment(self, **more):
        return dict(os.environ, PATH=f"{self.bin}:{os.environ['PATH']}", **more)

    def tool(self, name, script):
        """A program of the remote machine, before its real ones."""
        path = self.tools / name
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)

    def cut(self):
        """Kills the server's side of every connection."""
        for pid, (parent, _) in processes().items():
            if self.process is not None and parent == self.process.pid:
                os.kill(pid, signal.SIGKILL)

    def agents(self):
        """Process ids of the agents that run there: started below the home, by no shell."""
        return [pid for pid, (_, command) in processes().items()
                if command.startswith("./bin/edgeopt agent ") and str(self.home) in command]


class SshdTest(CliTest):
    """One sshd serves all tests of a class: `sshd`. `place`: the folder around it, which outlives the tests."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.place = pathlib.Path(folder.name)
        cls.sshd = Sshd(cls.place / "sshd")
        cls.enterClassContext(cls.sshd)
