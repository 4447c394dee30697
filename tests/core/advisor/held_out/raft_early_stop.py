# run: FlowNet --input a=1,3,32,32 --input b=1,3,32,32
# expect: script: refine
import torch
import torch.nn as nn
import torch.nn.functional as F


class Update(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(10, 8, 3, padding=1)
        self.flow = nn.Conv2d(8, 2, 3, padding=1)

    def forward(self, feat, flow):
        h = F.relu(self.conv(torch.cat([feat, flow], 1)))
        return self.flow(h)


class Refinement(nn.Module):
    def __init__(self, max_iters: int = 6, tol: float = 0.05):
        super().__init__()
        self.update = Update()
        self.max_iters = max_iters
        self.tol = tol

    def forward(self, feat, flow):
        for _ in range(self.max_iters):
            delta = self.update(feat, flow) * 0.3
            flow = flow + delta
            if delta.abs().mean() < self.tol:
                break
        return flow


class FlowNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(8, 4, 3, padding=1))
        self.refine = Refinement()

    def forward(self, a, b):
        fa, fb = self.enc(a), self.enc(b)
        feat = torch.cat([fa, fb], 1)
        flow = torch.zeros(a.shape[0], 2, feat.shape[2], feat.shape[3], device=a.device)
        return self.refine(feat, flow)
