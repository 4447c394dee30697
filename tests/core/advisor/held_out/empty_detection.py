# run: Net --input x=1,20,5
# expect: script: post
import torch
from torch import nn


class Post(nn.Module):
    def __init__(self, thr: float = 1.5):
        super().__init__()
        self.thr = thr

    def forward(self, pred):
        keep = pred[0, :, 4] > self.thr
        boxes = pred[0][keep]
        if boxes.shape[0] == 0:
            return torch.zeros(5)
        return boxes.max(dim=0)[0]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(5, 5)
        self.post = Post()

    def forward(self, x):
        return self.post(self.lin(x))
