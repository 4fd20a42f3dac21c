import { compare, constant, expand, iota, reshape, where } from "../graph/build.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkCount, checkOptions } from "./arguments.ts";
import { checkPaddingIdx, type EmbeddingOptions, embeddingFor } from "./functional/embedding.ts";
import { assign, normal_ } from "./init/fill.ts";
import { Module } from "./module.ts";
import { emptyParameter, type Parameter } from "./parameter.ts";

/**
 * A table of vectors, one for each word, symbol or category, which are learned: y[..., :] = weight[x[...], :].
 *
 * Shape (*) of int32 from 0 to numEmbeddings - 1 -> (*, embeddingDim). The table starts normal with mean 0 and standard
 * deviation 1, the row of padding with zeros.
 *
 * @example
 * const table = new nn.Embedding(1000, 16, { paddingIdx: 0 });
 * table(tensor([[4, 7, 0], [1, 0, 0]], { dtype: "int32" })).shape; // [2, 3, 16]
 */
export class Embedding extends Module {
  static override readonly pure = true;
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  /** The row that gets no gradient, or null. */
  readonly paddingIdx: number | null;
  /** Shape (numEmbeddings, embeddingDim). */
  weight: Parameter;

  /**
   * @param numEmbeddings rows of the table
   * @param embeddingDim size of each row
   * @param options.paddingIdx a row that starts with zeros and gets no gradient; negative ones count from the end. None
   *   by default
   * @throws ArgumentError unless sizes are integers of 1 or more and the row is one of the table.
   */
  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingOptions = {}) {
    super();
    checkOptions(options, ["paddingIdx"], "Embedding", { nullable: ["paddingIdx"] });
    this.numEmbeddings = checkCount(numEmbeddings, 1, "numEmbeddings", "Embedding");
    this.embeddingDim = checkCount(embeddingDim, 1, "embeddingDim", "Embedding");
    this.paddingIdx = checkPaddingIdx(options.paddingIdx, numEmbeddings, "Embedding");
    this.weight = normal_(emptyParameter([numEmbeddings, embeddingDim]));
    if (this.paddingIdx !== null) clearRow(this.weight, this.paddingIdx);
  }

  /** @throws ArgumentError for a row out of range (where the numbers are known on the host), DTypeError for floats. */
  forward(x: Tensor): Tensor {
    const owner = `Embedding(${this.numEmbeddings}, ${this.embeddingDim})`;
    return embeddingFor(x, this.weight, { paddingIdx: this.paddingIdx }, owner);
  }

  override extraRepr(): string {
    const padding = this.paddingIdx === null ? "" : `, paddingIdx=${this.paddingIdx}`;
    return `${this.numEmbeddings}, ${this.embeddingDim}${padding}`;
  }
}

function clearRow(weight: Parameter, row: number): void {
  const { node, shape, dtype } = weight;
  const rows = shape[0] as number;
  const numbers = expand(reshape(iota(rows), [rows, 1]), shape);
  const cleared = compare("eq", numbers, constant(row, shape, "int32"));
  assign(weight, where(cleared, constant(0, shape, dtype), node));
}
