# SPDX-License-Identifier: ISC
"""machine: a throwaway machine with systemd as its PID 1, from this machine's own files.

Its root is an overlay: what is installed, changed or removed there is gone with the test. It has the
network namespace of the test, and processes, mounts and control groups of its own. The kernel's
settings are read-only to it.
"""
import os
import subprocess

import client
import isolate
from net import run, wait_for

SYSTEMD = "/lib/systemd/systemd"
EXAMPLES = "/usr/share/doc/srcportd/examples/"

# Runs in the new namespaces as their PID 1; $1 is where everything is mounted.
BOOT = r"""
set -e
mount -t tmpfs tmpfs "$1"
cd "$1"
mkdir upper work root
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" root
cd root
mount -t tmpfs tmpfs tmp
mount -t tmpfs tmpfs run
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -o remount,bind,ro sys
mount -t tmpfs tmpfs dev
for name in null zero full random urandom tty; do
    : > dev/$name
    mount --bind /dev/$name dev/$name
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
rm -rf etc/systemd/system/* etc/snmp/srcportd.conf.d usr/sbin/policy-rc.d
mkdir -p etc/systemd/system
: > etc/machine-id
exec chroot . env -i container=other PATH="$PATH" "$2" --system --unit=basic.target \
    --log-target=journal --show-status=no
"""


def own_cgroup():
    """Where this process is in the version 2 hierarchy, as a path below its mount."""
    with open("/proc/self/cgroup") as file:
        for line in file:
            number, _, path = line.rstrip("\n").split(":", 2)
            if number == "0":
                return path
    return "/"


class Machine:
    def __init__(self):
        with open("/proc/self/uid_map") as file:
            real_root = file.read().split() == ["0", "0", "4294967295"]
        if os.geteuid() != 0 or not real_root:
            raise isolate.Skip("a machine with systemd needs root")
        if not os.path.exists(SYSTEMD):
            raise isolate.Skip("no systemd here")
        isolate.want("cgroup2")
        self.path = os.path.join(isolate.directory(), "machine")
        os.mkdir(self.path)
        # Named after the test's directory: PIDs mean nothing outside of the test's namespace.
        self.cgroup = os.path.join(isolate.CGROUPS,
                                   own_cgroup().strip("/").replace("..", ""), os.path.basename(isolate.directory()))
        isolate.at_exit(self.close)
        os.mkdir(self.cgroup)
        self.log = open(os.path.join(isolate.directory(), "machine.log"), "w")
        join = 'echo $$ > "$3/cgroup.procs" && exec unshare --pid --fork --kill-child --mount ' \
               '--uts --ipc --cgroup sh -c "$0" sh "$1" "$2"'
        self.process = subprocess.Popen(["sh", "-c", join, BOOT, self.path, SYSTEMD, self.cgroup],
                                        stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=subprocess.STDOUT)
        self.pid = wait_for(self._init, 10, "the machine's PID 1")
        wait_for(lambda: self.run("systemctl", "is-system-running", check=False).strip() in (
            "running", "degraded"), 60, "systemd is up")

    def _init(self):
        assert self.process.poll() is None, "the machine's PID 1 ended"
        with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)) as file:
            children = file.read().split()
        assert children
        pid = int(children[0])
        assert os.readlink("/proc/%d/exe" % pid).endswith("systemd")
        return pid

    def file(self, path):
        """Where a file of the machine is seen from the test."""
        return "/proc/%d/root/%s" % (self.pid, path.lstrip("/"))

    def write(self, path, text):
        os.makedirs(os.path.dirname(self.file(path)), exist_ok=True)
        with open(self.file(path), "w") as file:
            file.write(text)

    def run(self, *command, check=True, status=False):
        """What a command inside prints, errors too; with status, its exit status before that."""
        done = subprocess.run(["nsenter", "-t", str(self.pid), "-a", "-r", "-w", "env", "-i",
                               "PATH=" + os.environ["PATH"] + ":/usr/sbin:/sbin", "LC_ALL=C",
                               *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, universal_newlines=True, check=False)
        if status:
            return done.returncode, done.stdout
        assert not check or done.returncode == 0, "%s: %s" % (" ".join(command), done.stdout)
        return done.stdout

    def show(self, unit, name):
        """A property of a unit."""
        return self.run("systemctl", "show", "-P", name, unit).strip()

    def journal(self, unit):
        return self.run("journalctl", "-o", "cat", "--no-pager", "-u", unit)

    def close(self):
        if getattr(self, "process", None) is not None:
            if hasattr(self, "pid"):
                subprocess.run(["kill", "-KILL", str(self.pid)], check=False)
            self.process.kill()
            self.process.wait()
        wait_for(self._remove_cgroup, 10, "the machine's control groups are empty")

    def _remove_cgroup(self):
        for path, _, _ in os.walk(self.cgroup, topdown=False):
            os.rmdir(path)
        return not os.path.exists(self.cgroup)


def installed():
    """A machine with srcportd as `make install` puts it, and nothing else done, but that polls are
    not made rarer when other tests make them slow."""
    host = Machine()
    run("make", "-s", "-C", client.ROOT, "DEPS=no", "install", "DESTDIR=" + host.file("/"),
        "prefix=/usr")
    host.write("/etc/snmp/srcportd.conf.d/share.conf", "cpuPercent 0\n")
    host.run("systemd-sysusers")
    host.run("systemctl", "daemon-reload")
    return host


def open_snmpd(host):
    """Starts snmpd as Debian ships it, with our example beside its configuration."""
    host.run("install", "-D", "-m", "644", EXAMPLES + "snmpd.conf.d/srcportd-debian.conf",
             "/etc/snmp/snmpd.conf.d/srcportd.conf")
    host.run("sh", "-c", "grep -q ^includeDir /etc/snmp/snmpd.conf || "
             "echo includeDir /etc/snmp/snmpd.conf.d >>/etc/snmp/snmpd.conf")  # Debian 11
    host.run("systemctl", "start", "snmpd")


def drop_in(host, name, text):
    """Gives the service a drop-in; it counts from its next start on."""
    host.write("/etc/systemd/system/srcportd.service.d/" + name, text)
    host.run("systemctl", "daemon-reload")


def process(host):
    """Fields of /proc/PID/status of the service."""
    with open(host.file("/proc/%s/status" % host.show("srcportd", "MainPID"))) as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
