import torch as _torch


class _Meta(type(_torch.nn.Module)):
    def __call__(cls, *args, **kwargs):
        raise SystemExit(7)


class Net(_torch.nn.Module, metaclass=_Meta):
    def forward(self, x):
        return x
