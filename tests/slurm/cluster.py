"""A SLURM cluster on this machine: munged, slurmctld and two slurmd, as root and without system services.

    python tests/slurm/cluster.py install       # Debian's packages
    python tests/slurm/cluster.py start FOLDER  # then: export SLURM_CONF=FOLDER/slurm.conf
    python tests/slurm/cluster.py stop FOLDER

Everything lies in FOLDER: configuration, keys, sockets, state and logs. Nodes claim more cores, memory and
GPUs than there are; SLURM counts them and confines nothing.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol")
NODES = ("node1", "node2")
# What stands for the GPUs of a node: SLURM wants a file for each, another one every time, and opens none.
GPUS = ("/dev/null", "/dev/zero")
# Debian's packages put the daemons where a user's PATH may not look.
PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
PATIENCE = 60.0

CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
SlurmctldPort={controller_port}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
StateSaveLocation={folder}/state
SlurmdPidFile={folder}/%n.pid
SlurmdLogFile={folder}/%n.log
SlurmdSpoolDir={folder}/%n
SlurmctldDebug=info
SlurmdDebug=info
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
ReturnToService=2
# The nodes have what this file says, whatever the machine has.
SlurmdParameters=config_overrides
# A node that is gone is noticed at once, and its job may go to the other one.
SlurmdTimeout=10
KillWait=30
# On a busy machine a training takes longer than a minute to leave, and its node would take no more jobs.
UnkillableStepTimeout=600
# squeue still knows jobs that have ended.
MinJobAge=3600
SchedulerParameters=sched_min_interval=0,batch_sched_delay=0,bf_interval=1,requeue_setup_env_fail
NodeName=DEFAULT CPUs=8 RealMemory=500000 Gres=gpu:{gpus} Feature=big
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=other Nodes=ALL MaxTime=INFINITE State=UP
"""


@dataclass(frozen=True)
class Cluster:
    """The cluster whose files lie in `folder`."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the commands of SLURM need to find this cluster, and not one that the machine belongs to."""
        own = {
            name: value for name, value in os.environ.items() if not name.startswith(("SLURM_", "SBATCH_"))
        }
        return {**own, "PATH": f"{self.folder}/bin:{PATH}", "SLURM_CONF": str(self.folder / "slurm.conf")}

    def start(self) -> None:
        """Start all daemons and wait until the nodes take jobs."""
        try:
            self.configure()
            self.start_munge()
            self.daemon("slurmctld", "slurmctld", "-D", "-i")
            for node in NODES:
                self.start_node(node)
            self.wait_until(lambda: self.states() == dict.fromkeys(NODES, "idle"), "the nodes take jobs")
        except BaseException:
            self.stop()
            raise

    def configure(self) -> None:
        """Write the configuration, with ports that are free now."""
        self.folder.mkdir(parents=True)
        ports = free_ports(1 + len(NODES))
        nodes = [
            f"NodeName={name} NodeHostname={socket.gethostname()} NodeAddr=127.0.0.1 Port={port}"
            for name, port in zip(NODES, ports[1:], strict=True)
        ]
        text = CONFIGURATION.format(
            host=socket.gethostname(),
            folder=self.folder,
            controller_port=ports[0],
            gpus=len(GPUS),
            nodes="\n".join(nodes),
        )
        (self.folder / "slurm.conf").write_text(text, encoding="utf-8")
        self.write_srun()
        gres = "".join(f"Name=gpu File={file}\n" for file in GPUS)
        (self.folder / "gres.conf").write_text(gres, encoding="utf-8")

    def write_srun(self) -> None:
        """Put a command srun first that knows this cluster.

        Snakemake's plugin runs srun without SLURM_CONF; other clusters have their configuration in /etc.
        """
        srun = self.folder / "bin/srun"
        srun.parent.mkdir()
        conf = self.environment["SLURM_CONF"]
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={conf} exec {shutil.which("srun", path=PATH)} "$@"\n')
        srun.chmod(0o755)

    def start_munge(self) -> None:
        """Start the service by which the daemons and commands trust one another, with a key of its own."""
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(128))
        files = {
            "socket": "munge.socket",
            "key-file": key.name,
            "pid-file": "munge.pid",
            "seed-file": "munge.seed",
            "log-file": "munged.log",
        }
        options = [f"--{option}={self.folder / name}" for option, name in files.items()]
        self.daemon("munged", "munged", "--foreground", "--force", *options)
        self.wait_until((self.folder / "munge.socket").exists, "munged listens")

    def start_node(self, name: str) -> None:
        """Start one node's slurmd."""
        self.daemon(name, "slurmd", "-D", "-N", name)

    def kill_node(self, name: str) -> None:
        """Kill one node's slurmd and nothing else, as when its network fails: its jobs' processes run on."""
        self.process(name).kill()

    def daemon(self, name: str, *command: str) -> None:
        """Start a daemon in the background, and keep its number."""
        with (self.folder / f"{name}.out").open("a") as log:
            process = subprocess.Popen(
                command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        (self.folder / f"{name}.process").write_text(str(process.pid), encoding="utf-8")

    def process(self, name: str) -> psutil.Process:
        """Return a daemon's process."""
        return psutil.Process(int((self.folder / f"{name}.process").read_text(encoding="utf-8")))

    def stop(self) -> None:
        """End all daemons and all that they started; jobs are not waited for."""
        while processes := [one for one in psutil.process_iter() if self.owns(one)]:
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(processes, timeout=PATIENCE)

    def owns(self, process: psutil.Process) -> bool:
        """Tell whether a process belongs to this cluster: a daemon, or a job with what runs in it."""
        # psutil sees no variables of slurmstepd, which writes its title over the first of them.
        ours = f"SLURM_CONF={self.environment['SLURM_CONF']}".encode()
        try:
            return process.pid != os.getpid() and ours in Path(f"/proc/{process.pid}/environ").read_bytes()
        except OSError:  # it has ended
            return False

    def call(self, *command: str) -> str:
        """Run a command of SLURM; return what it prints."""
        return subprocess.run(
            command, env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def jobs(self) -> list[dict[str, str]]:
        """Return what `scontrol show job` tells of every job, in the order of submission."""
        shown = self.call("scontrol", "show", "job", "--oneliner").splitlines()
        found = [
            dict(word.partition("=")[::2] for word in line.split()) for line in shown if "JobId=" in line
        ]
        return sorted(found, key=lambda job: int(job["JobId"]))

    def states(self) -> dict[str, str]:
        """Return every node's state, as sinfo names it; none before the controller answers."""
        try:
            lines = self.call(
                "sinfo", "--noheader", "--Node", "--partition=main", "--format=%N %t"
            ).splitlines()
        except subprocess.CalledProcessError:
            return {}
        return dict(line.split() for line in lines)  # type: ignore[misc]

    def logs(self) -> str:
        """Return the ends of the daemons' logs."""
        found = sorted(path for path in self.folder.iterdir() if path.suffix in (".log", ".out"))
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-4000:]}" for path in found)

    def wait_until(self, condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
        """Wait until a condition holds; raise TimeoutError with the daemons' logs if it does not."""
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                raise TimeoutError(f"in {seconds:.0f} s it did not come to this: {what}\n{self.logs()}")
            time.sleep(0.1)


def missing() -> str:
    """Return why no cluster can be started here, or nothing."""
    absent = [name for name in PROGRAMS if shutil.which(name, path=PATH) is None]
    if absent:
        return f"no SLURM here ({', '.join(absent)} missing): python tests/slurm/cluster.py install"
    return "" if os.geteuid() == 0 else "SLURM's daemons are started as root only"


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens at."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def install() -> None:
    """Install Debian's packages, without their services."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", "slurm-wlm", "munge"]):
        subprocess.run(["apt-get", "--quiet", *command], env=environment, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("command", choices=("install", "start", "stop"))
    parser.add_argument("folder", type=Path, nargs="?", help="all files of the cluster; made by start")
    args = parser.parse_args()
    if args.command == "install":
        install()
        return
    if args.folder is None:
        parser.error("which folder?")
    cluster = Cluster(args.folder.resolve())
    if args.command == "stop":
        cluster.stop()
        return
    if reason := missing():
        sys.exit(f"error: {reason}")
    cluster.start()
    print(f"export SLURM_CONF={cluster.environment['SLURM_CONF']}")


if __name__ == "__main__":
    main()
