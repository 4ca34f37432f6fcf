"""The models of bench/models.ts in PyTorch: steps per second of a raw loop, or of Lightning with its defaults.

    python bench/engines_torch.py mlp|cnn|gpt raw|lightning threads
"""

import math
import sys
import time

import torch
from torch import nn
import torch.nn.functional as F

STEPS = {"mlp": 1500, "cnn": 150, "gpt": 100}
WARM_UP = {"mlp": 300, "cnn": 40, "gpt": 40}


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.projection = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.heads = heads

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = (
            part.view(batch, length, self.heads, -1).transpose(1, 2)
            for part in self.qkv(self.norm1(x)).split(width, 2)
        )
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.projection(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class GPT(nn.Module):
    def __init__(self, vocabulary=65, length=64, width=64, heads=4, layers=2):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary)

    def forward(self, x):
        h = self.tokens(x) + self.positions(torch.arange(x.shape[1]))
        return self.head(self.norm(self.blocks(h))).flatten(0, 1)


def make(name):
    if name == "mlp":
        return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)), torch.randn(64, 784), torch.randint(10, (64,))
    if name == "cnn":
        block = lambda a, b: [nn.Conv2d(a, b, 3), nn.ReLU(), nn.MaxPool2d(2)]
        model = nn.Sequential(*block(1, 16), *block(16, 32), nn.Flatten(), nn.Linear(800, 10))
        return model, torch.randn(64, 1, 28, 28), torch.randint(10, (64,))
    return GPT(), torch.randint(65, (16, 64)), torch.randint(65, (16 * 64,))


def raw(name):
    model, x, y = make(name)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for i in range(WARM_UP[name] + STEPS[name]):
        if i == WARM_UP[name]:
            start, cpu = time.perf_counter(), time.process_time()
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return STEPS[name] / (time.perf_counter() - start), (time.process_time() - cpu) / STEPS[name] * 1e3


def lightning(name):
    import tempfile

    import lightning.pytorch as pl

    net, x, y = make(name)

    class Model(pl.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = net

        def training_step(self, batch, batch_idx):
            loss = F.cross_entropy(self.net(x), y)
            self.log("loss", loss, prog_bar=True)
            return loss

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), lr=1e-3)

        def on_train_batch_end(self, outputs, batch, batch_idx):
            if batch_idx + 1 == WARM_UP[name]:
                self.start, self.cpu_from = time.perf_counter(), time.process_time()
            elif batch_idx + 1 > WARM_UP[name]:
                self.seconds, self.used = time.perf_counter() - self.start, time.process_time() - self.cpu_from

    model = Model()
    data = torch.utils.data.DataLoader(torch.arange(WARM_UP[name] + STEPS[name]))
    with tempfile.TemporaryDirectory() as folder:
        pl.Trainer(max_epochs=1, default_root_dir=folder, accelerator="cpu").fit(model, data)
    return STEPS[name] / model.seconds, model.used / STEPS[name] * 1e3


model, how, threads = sys.argv[1:4]
torch.set_num_threads(int(threads))
rate, cpu = raw(model) if how == "raw" else lightning(model)
print(f"\nRATE {rate} {cpu}")
