"""What surrounds a process: signals, locks, leases, environment, console, files, errors, its own code.

Nothing of the library comes in or goes out, and no result depends on it: an edit here makes nothing stale.
May import nothing of the library, and of other packages tqdm alone, for the console.
"""
