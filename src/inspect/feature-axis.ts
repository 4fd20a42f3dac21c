/**
 * Along which axis the features of an output lie: the channels of a convolution, the units of a linear layer. The shape
 * does not tell: (N, C, L) and (N, L, D) both have three dimensions.
 */
import {
  BatchNorm1d,
  Conv1d,
  Conv2d,
  ConvTranspose1d,
  ConvTranspose2d,
  Embedding,
  LayerNorm,
  Linear,
  type Module,
} from "../nn/index.ts";

/** How many axes follow that of the features, by the kind of layer. */
function axesBehind(module: Module, rank: number): number | undefined {
  const is = (...kinds: readonly (abstract new (...args: never[]) => Module)[]): boolean =>
    kinds.some((kind) => module instanceof kind);
  if (is(Linear, LayerNorm, Embedding)) return 0;
  if (is(Conv1d, ConvTranspose1d)) return 1;
  if (is(Conv2d, ConvTranspose2d)) return 2;
  return is(BatchNorm1d) ? rank - 2 : undefined;
}

/**
 * Layers that mix features say where these lie. All others (activations, dropout, pools, other norms) keep them where
 * the latest such layer left them in an output of as many dimensions; where there was none, they lie along axis 1 from
 * four dimensions on, (N, C, H, W), and along the last below that, (N, D) and (N, L, D).
 */
export class FeatureAxes {
  readonly #behind = new Map<number, number>();

  /** The axis in what the module has just given. Modules are to be asked in the order of their calls. */
  after(module: Module, rank: number): number {
    const behind = axesBehind(module, rank) ?? this.#behind.get(rank) ?? (rank >= 4 ? rank - 2 : 0);
    this.#behind.set(rank, behind);
    return rank - 1 - behind;
  }

  /** Forgets the layers of the last step. */
  clear(): void {
    this.#behind.clear();
  }
}
