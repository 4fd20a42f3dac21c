/** The networks as a user of Tatami writes them. */
import { nn, type Tensor } from "../src/index.ts";
import * as F from "../src/nn/functional.ts";
import { isProjected, type Layer, type Network } from "./networks.ts";

/** Two 3 x 3 convolutions around which the input is added again (He et al., 2016). */
class BasicBlock extends nn.Module {
  readonly conv1: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;
  readonly conv2: nn.Conv2d;
  readonly bn2: nn.BatchNorm2d;
  readonly shortcut: nn.Sequential;

  constructor(layer: Layer & { kind: "block" }) {
    super();
    const { inside, out, stride } = layer;
    this.conv1 = new nn.Conv2d(inside, out, 3, { stride, padding: 1, bias: false });
    this.bn1 = new nn.BatchNorm2d(out);
    this.conv2 = new nn.Conv2d(out, out, 3, { padding: 1, bias: false });
    this.bn2 = new nn.BatchNorm2d(out);
    this.shortcut = isProjected(layer)
      ? new nn.Sequential(new nn.Conv2d(inside, out, 1, { stride, bias: false }), new nn.BatchNorm2d(out))
      : new nn.Sequential();
  }

  forward(x: Tensor): Tensor {
    const y = F.relu(this.bn1(this.conv1(x)));
    return F.relu(this.bn2(this.conv2(y)).add(this.shortcut(x)));
  }
}

function moduleOf(layer: Layer): nn.Layer {
  switch (layer.kind) {
    case "conv":
      return new nn.Conv2d(layer.inside, layer.out, layer.size, {
        padding: layer.padding,
        bias: layer.bias,
      });
    case "norm":
      return new nn.BatchNorm2d(layer.channels);
    case "relu":
      return new nn.ReLU();
    case "pool":
      return new nn.MaxPool2d(2);
    case "means":
      return new Means();
    case "flatten":
      return new nn.Flatten();
    case "linear":
      return new nn.Linear(layer.inside, layer.out);
    case "block":
      return new BasicBlock(layer);
  }
}

/** Global average pooling to (N, C). */
class Means extends nn.Module {
  readonly pool: nn.AdaptiveAvgPool2d = new nn.AdaptiveAvgPool2d(1);

  forward(x: Tensor): Tensor {
    return this.pool(x).flatten(1);
  }
}

export function buildModel(network: Network): nn.Sequential {
  return new nn.Sequential(...network.layers.map(moduleOf));
}
