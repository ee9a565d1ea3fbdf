"""Have Snakemake look at its jobs every second: the plugin waits 10 seconds more from look to look."""

import sys

# Not in the jobs, which have this on their path too.
if "--workflow-profile" in sys.orig_argv:
    from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

    RemoteExecutor.next_seconds_between_status_checks = property(lambda _: 1, lambda *_: None)
