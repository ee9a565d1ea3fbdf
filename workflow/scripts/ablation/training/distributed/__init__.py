"""One training in several processes, a GPU for each, that together find what one process would.

torchrun starts the processes. Each holds the whole network, draws the random numbers of the whole batch and
trains on its own slice of it; DistributedDataParallel averages their gradients. One process is a group of
one, in which nothing is exchanged and torch.distributed never starts. May import `ablation.running`.
"""
