"""Trains the network of tests/support/small_networks.h with PyTorch on given batches and prints the loss of every step.

usage: torch_reference.py FOLDER
FOLDER holds raw little-endian arrays as the test wrote them: one file for each parameter (binary32), images.f32, labels.i32.
"""
import sys

import numpy
import torch
import torch.nn.functional as functional

STEPS, BATCH, SIZE = 50, 16, 12
RATE, MOMENTUM = 0.05, 0.9


def main(folder):
    torch.set_num_threads(1)

    def read(name, shape):
        values = numpy.fromfile(f"{folder}/{name}.f32", dtype="<f4").reshape(shape)
        return torch.tensor(values)

    conv1 = torch.nn.Conv2d(1, 8, 3, padding=1, bias=False)
    bn = torch.nn.BatchNorm2d(8)
    conv2 = torch.nn.Conv2d(8, 16, 3, padding=1, stride=2)
    fc = torch.nn.Linear(16 * 3 * 3, 10)
    with torch.no_grad():
        conv1.weight.copy_(read("conv1.weight", conv1.weight.shape))
        conv2.weight.copy_(read("conv2.weight", conv2.weight.shape))
        conv2.bias.copy_(read("conv2.bias", conv2.bias.shape))
        fc.weight.copy_(read("fc.weight", fc.weight.shape))
        fc.bias.copy_(read("fc.bias", fc.bias.shape))
    images = read("images", (STEPS, BATCH, 1, SIZE, SIZE))
    labels = torch.tensor(numpy.fromfile(f"{folder}/labels.i32", dtype="<i4").reshape(STEPS, BATCH).astype("int64"))

    parameters = [p for module in (conv1, bn, conv2, fc) for p in module.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=RATE, momentum=MOMENTUM)
    for step in range(STEPS):
        x = functional.max_pool2d(functional.relu(bn(conv1(images[step]))), 2)
        x = fc(torch.flatten(functional.relu(conv2(x)), 1))
        loss = functional.cross_entropy(x, labels[step])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(repr(loss.item()))


if __name__ == "__main__":
    main(sys.argv[1])
