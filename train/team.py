"""Several processes that train one model: each on its own batches, with the mean of all gradients. On CPUs two processes
of one thread each do more than one process of two threads."""
import signal
import tempfile
import time

import torch
import torch.distributed as distributed


class Team:
    """What one of `count` processes has to know of the others."""

    def __init__(self, rank, count, rendezvous=None):
        self.rank, self.count = rank, count
        if count > 1:
            distributed.init_process_group("gloo", init_method=rendezvous, rank=rank, world_size=count)

    @property
    def first(self):
        return self.rank == 0

    def average(self, tensors):
        """Replaces each of the tensors by its mean over all processes."""
        if self.count == 1:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        distributed.all_reduce(flat)
        flat /= self.count
        parts = flat.split([tensor.numel() for tensor in tensors])
        torch._foreach_copy_(tensors, [part.view_as(tensor) for part, tensor in zip(parts, tensors)])

    def clock(self):
        """Seconds; the same in all processes, so that they stop together."""
        now = torch.tensor([time.time()], dtype=torch.double)
        self.average([now])
        return now.item()

    def close(self):
        if self.count > 1:
            distributed.destroy_process_group()


def _begin(rank, count, rendezvous, function, options):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # sent when the parent dies; may be ignored in the background
    team = Team(rank, count, rendezvous)
    function(options, team)
    team.close()


def start(count, function, options):
    """function(options, team) in `count` processes; in this one if it is the only one."""
    if count == 1:
        function(options, Team(0, 1))
        return
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(_begin, (count, f"file://{folder}/rendezvous", function, options), nprocs=count)
